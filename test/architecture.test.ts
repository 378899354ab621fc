import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, normalize, relative } from 'node:path'
import { test } from 'node:test'

/** Rooms from the top down. A room imports from rooms of lower rows, and from itself. */
const LAYERS: readonly (readonly string[])[] = [
  ['main.ts'],
  ['cli'],
  ['server.ts', 'plugin-kit'],
  ['core.ts'],
  ['room-settings.ts'],
  ['plugin'],
  ['subsonic', 'rest'],
  ['http'],
  ['scanner', 'media', 'playback', 'auth'],
  ['library'],
  ['db', 'hooks', 'scheduler', 'notify'],
  ['config'],
  ['log'],
  ['base'],
]
const LEVEL = new Map(LAYERS.flatMap((rooms, level) => rooms.map((room) => [room, level] as const)))

/** Refused, but for tables of data. */
const MAX_LINES = 500
/** The text of a plugin that `plugin new` writes. */
const TEMPLATE = 'src/plugin-kit/template.ts'
const DATA_TABLES = new Set(['src/db/migrations/0001-initial.ts'])

function sourceFiles(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true })
    .map((name) => join(folder, String(name)))
    .filter((file) => file.endsWith('.ts'))
}

function roomOf(file: string): string {
  return relative('src', file).split('/')[0] as string
}

function imports(file: string): readonly string[] {
  const text = readFileSync(file, 'utf8')
  return [...text.matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g)].map((match) => match[1] as string)
}

test('rooms import downwards only', () => {
  const wrong: string[] = []
  for (const file of sourceFiles('src')) {
    const from = roomOf(file)
    const level = LEVEL.get(from)
    if (level === undefined) {
      wrong.push(`${file} lies in no known room`)
      continue
    }
    for (const target of imports(file).filter((name) => name.startsWith('.'))) {
      // Not an import of the template but of the plugin's test that it writes.
      if (file === TEMPLATE && target === '../src/plugin.ts') continue
      const to = roomOf(normalize(join(dirname(file), target)))
      const other = LEVEL.get(to)
      if (to !== from && (other === undefined || other <= level)) wrong.push(`${file} imports ${target}`)
    }
  }
  assert.deepEqual(wrong, [])
})

test('relative imports name their file with its ending, built-ins their prefix', () => {
  const wrong = sourceFiles('src').flatMap((file) =>
    imports(file)
      .filter((name) => name.startsWith('.') && !/\.(ts|mjs|json)$/.test(name))
      .map((name) => `${file} imports ${name}`),
  )
  assert.deepEqual(wrong, [])
})

test('no file grows past the limit', () => {
  const long = [...sourceFiles('src'), ...sourceFiles('test')]
    .map((file) => ({ file, lines: readFileSync(file, 'utf8').split('\n').length }))
    .filter(({ file, lines }) => lines > MAX_LINES && !DATA_TABLES.has(file))
  assert.deepEqual(long, [])
})

test('SQL stays in the repositories and the database room', () => {
  const wrong = sourceFiles('src')
    .filter((file) => !file.startsWith('src/db/') && !file.startsWith('src/library/'))
    // The text of a plugin that `plugin new` writes: its SQL runs on that plugin's own tables.
    .filter((file) => file !== TEMPLATE)
    .filter((file) =>
      /['"`]\s*(SELECT\s|INSERT\s+(OR\s+\w+\s+)?INTO\s|UPDATE\s+\w+\s+SET\s|DELETE\s+FROM\s)/.test(
        readFileSync(file, 'utf8'),
      ),
    )
  assert.deepEqual(wrong, [])
})
