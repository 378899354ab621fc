import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { before, test } from 'node:test'
import { circles, type Imports, readImports, targetsOf } from './support/module-graph.ts'

/** Refused, but for tables of data. */
const MAX_LINES = 500
const DATA_TABLES = new Set(['src/db/migrations/0001-initial.ts'])
const PLAN = 'src/README.md'

const SOURCES = new Map(
  ['src', 'plugins', 'test'].flatMap(sourceFiles).map((file) => [file, readFileSync(file, 'utf8')]),
)
let imports: Imports
before(async () => {
  imports = await readImports(new Map([...SOURCES].filter(([file]) => !file.startsWith('test/'))))
})

function sourceFiles(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true })
    .map((name) => join(folder, String(name)))
    .filter((file) => file.endsWith('.ts'))
}

function under(folder: string): readonly string[] {
  return [...SOURCES.keys()].filter((file) => file.startsWith(`${folder}/`))
}

/** Rooms and their floors, as people read them. */
function floors(plan: string): ReadonlyMap<string, number> {
  const rows = plan.matchAll(/^\| (\d+) \| `([\w.-]+)\/?` \| [^|\s]/gm)
  return new Map([...rows].map(([, floor, room]) => [room as string, Number(floor)]))
}

/** A room imports from rooms of lower floors, and from itself. */
function climbing(imports: Imports, levels: ReadonlyMap<string, number>): readonly string[] {
  const roomOf = (file: string) => file.split('/')[1] as string
  return [...targetsOf(imports)].flatMap(([file, targets]) => {
    if (!file.startsWith('src/')) return []
    const room = roomOf(file)
    const level = levels.get(room)
    if (level === undefined) return [`${file} lies in no room of ${PLAN}`]
    const isBelow = (target: string) => (levels.get(roomOf(target)) ?? level) < level
    const isAllowed = (target: string) => target.startsWith('src/') && (roomOf(target) === room || isBelow(target))
    return targets.filter((target) => !isAllowed(target)).map((target) => `${file} imports ${target}`)
  })
}

/** A plugin has nothing but the public API and its own files, so that it could live anywhere. */
function reaching(imports: Imports): readonly string[] {
  return [...imports].flatMap(([file, names]) => {
    const [, own] = /^(plugins\/[^/]+\/)/.exec(file) ?? []
    if (own === undefined) return []
    const isTest = file.startsWith(`${own}test/`)
    const isAllowed = (name: string) => {
      if (name === 'tonearm/plugin/testing') return isTest
      if (name === 'tonearm' || name.startsWith('tonearm/')) return name === 'tonearm/plugin'
      if (!name.startsWith('.')) return true
      const target = join(dirname(file), name)
      return target.startsWith(own) && (isTest || !target.startsWith(`${own}test/`))
    }
    return names.filter((name) => !isAllowed(name)).map((name) => `${file} imports ${name}`)
  })
}

test('rooms import downwards only', () => {
  const plan = floors(readFileSync(PLAN, 'utf8'))
  assert.deepEqual(climbing(imports, plan), [])
  const rooms = new Set(under('src').map((file) => file.split('/')[1]))
  assert.deepEqual(new Set(plan.keys()), rooms, `${PLAN} names each room of src, and no other`)
})

test('every folder of the sources has its sentence in the plan', () => {
  const plan = readFileSync(PLAN, 'utf8')
  const folders = new Set(under('src').map((file) => dirname(file).slice('src/'.length)))
  for (const folder of folders) {
    if (!folder.includes('/')) continue
    assert.match(plan, new RegExp(`^\\| \`${folder}/\` \\| [^|\\s]`, 'm'), `${PLAN} has no row for ${folder}/`)
  }
  for (const [, folder] of plan.matchAll(/^\| `([\w./-]+)\/` \|/gm))
    assert.ok(existsSync(join('src', folder as string)), `${folder}/ of ${PLAN} is not there`)
})

test('files that the plan names are there', () => {
  const plan = readFileSync(PLAN, 'utf8')
  const named = [...plan.matchAll(/`([\w-]+(?:\/[\w.-]+)+\.\w+)`/g)].map(([, path]) => path as string)
  assert.ok(named.length > 20)
  assert.deepEqual(
    named.filter((path) => !existsSync(path) && !existsSync(join('src', path))),
    [],
  )
})

test('plugins stand on their public API alone', () => {
  assert.deepEqual(reaching(imports), [])
})

test('no files import each other in a circle, for types neither', () => {
  assert.deepEqual(
    circles(imports).map((way) => way.join(' -> ')),
    [],
  )
})

test('relative imports name their file with its ending', () => {
  const wrong = [...imports].flatMap(([file, names]) =>
    names
      .filter((name) => name.startsWith('.') && !/\.(ts|mjs|json)$/.test(name))
      .map((name) => `${file} imports ${name}`),
  )
  assert.deepEqual(wrong, [])
})

test('no file grows past the limit', () => {
  const long = [...SOURCES]
    .map(([file, text]) => ({ file, lines: text.split('\n').length }))
    .filter(({ file, lines }) => lines > MAX_LINES && !DATA_TABLES.has(file))
  assert.deepEqual(long, [])
})

test('SQL stays in the repositories and the database room', () => {
  const wrong = under('src')
    .filter((file) => !file.startsWith('src/db/') && !file.startsWith('src/library/'))
    .filter((file) => hasSql(SOURCES.get(file) as string))
  assert.deepEqual(wrong, [])
})

/** A quote behind a backslash is part of a text: of the plugin that `plugin new` writes. */
function hasSql(text: string): boolean {
  return /(?<!\\)['"`]\s*(SELECT\s|INSERT\s+(OR\s+\w+\s+)?INTO\s|UPDATE\s+\w+\s+SET\s|DELETE\s+FROM\s)/.test(text)
}

test('what these rules refuse they find', async () => {
  const given = await readImports(
    new Map([
      [
        'src/top/a.ts',
        "import type { B } from './b.ts'\nexport type { D } from '../low/d.ts'\nconst text = `\nimport x from './x.ts'\n`\n",
      ],
      ['src/top/b.ts', "export { type A, one } from './c.ts'\n"],
      ['src/top/c.ts', "export type Late = typeof import('./a.ts')\n"],
      ['src/low/d.ts', "import {\n  type A,\n} from '../top/a.ts'\nawait import('./e.ts')\n"],
      ['src/low/e.ts', "import './e.ts'\n"],
      ['src/attic/f.ts', ''],
      [
        'plugins/one/plugin.ts',
        "import 'tonearm/plugin'\nimport './own.ts'\nimport '../two/plugin.ts'\nimport 'tonearm/plugin/testing'\n",
      ],
      ['plugins/one/own.ts', "import '../../src/low/d.ts'\nimport 'nodemailer'\nimport './test/own.test.ts'\n"],
      ['plugins/one/test/own.test.ts', "import 'tonearm/plugin/testing'\nimport '../own.ts'\n"],
    ]),
  )
  const ways = circles(given).map((way) => way.join(' -> '))
  assert.deepEqual(ways.sort(), [
    'plugins/one/own.ts -> plugins/one/test/own.test.ts -> plugins/one/own.ts',
    'src/low/d.ts -> src/top/a.ts -> src/low/d.ts',
    'src/low/e.ts -> src/low/e.ts',
  ])
  assert.deepEqual(circles(new Map([...given].filter(([file]) => file.startsWith('src/top/')))), [
    ['src/top/a.ts', 'src/top/b.ts', 'src/top/c.ts', 'src/top/a.ts'],
  ])
  assert.deepEqual(climbing(given, floors('| 2 | `top/` | x |\n| 1 | `low/` | y |\n| 1 | `attic/` | |\n')), [
    'src/low/d.ts imports src/top/a.ts',
    'src/attic/f.ts lies in no room of src/README.md',
  ])
  assert.deepEqual(reaching(given), [
    'plugins/one/plugin.ts imports ../two/plugin.ts',
    'plugins/one/plugin.ts imports tonearm/plugin/testing',
    'plugins/one/own.ts imports ../../src/low/d.ts',
    'plugins/one/own.ts imports ./test/own.test.ts',
  ])
  assert.ok(hasSql("db.run('DELETE FROM song')") && !hasSql('`db.run(\\`DELETE FROM own_table\\`)`'))
})
