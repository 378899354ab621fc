import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { test } from 'node:test'
import { publicSources, withPluginDocs } from '../src/plugin-kit/plugin-docs.ts'

const FOLDERS = ['armbuild', 'config', 'plugins', 'src', 'systemd', 'test']
const PAGES = ['README.md', 'CHANGELOG.md', ...FOLDERS.flatMap(pagesIn)].map((path) => ({
  path,
  text: readFileSync(path, 'utf8'),
}))

function pagesIn(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true })
    .map((name) => join(folder, String(name)))
    .filter((path) => path.endsWith('.md') && !path.includes('node_modules'))
}

/** As GitHub names the headings of a page. */
function anchors(text: string): ReadonlySet<string> {
  const headings = text.replace(/^```[\s\S]*?^```/gm, '').matchAll(/^#+ (.*)$/gm)
  return new Set([...headings].map(([, title = '']) => slug(title)))
}

function slug(title: string): string {
  return title
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-')
}

/** Links and pictures that lead nowhere, but for other sites. */
function deadLinks(path: string, text: string, anchorsOf: (page: string) => ReadonlySet<string>): readonly string[] {
  return [...text.matchAll(/\]\(([^)\s]+)\)/g)].flatMap(([, target = '']) => {
    if (/^[a-z]+:/.test(target)) return []
    const [file = '', anchor] = target.split('#')
    const page = file === '' ? path : normalize(join(dirname(path), file))
    const isThere = existsSync(page) && (anchor === undefined || anchorsOf(page).has(anchor))
    return isThere ? [] : [`${path}: ${target}`]
  })
}

test('links between pages lead to files and headings that are there', () => {
  assert.ok(PAGES.length >= 9)
  const anchorsOf = (page: string) => anchors(readFileSync(page, 'utf8'))
  assert.deepEqual(
    PAGES.flatMap(({ path, text }) => deadLinks(path, text, anchorsOf)),
    [],
  )
})

test('a link that leads nowhere is found', () => {
  const text =
    '# Two `words`\n```sh\n# No heading\n```\n[a](#two-words) [b](#no-heading) [c](src/gone.ts) [d](https://example.org) [e](src)'
  assert.deepEqual(
    deadLinks('README.md', text, () => anchors(text)),
    ['README.md: #no-heading', 'README.md: src/gone.ts'],
  )
})

test('scripts that pages name are those of package.json', () => {
  const { scripts } = JSON.parse(readFileSync('package.json', 'utf8'))
  for (const { path, text } of PAGES)
    for (const [, name = ''] of text.matchAll(/npm run ([\w:]+)/g))
      assert.ok(name in scripts, `${path}: npm run ${name}`)
})

test('the release that pages name is that of package.json', () => {
  const { version } = JSON.parse(readFileSync('package.json', 'utf8'))
  const named = PAGES.flatMap(({ path, text }) =>
    [...text.matchAll(/\btonearm[ _-](\d+\.\d+\.\d+)/gi)].map(([, release]) => ({ path, release })),
  )
  assert.ok(named.length >= 3)
  assert.deepEqual(
    named.filter(({ release }) => release !== version),
    [],
  )
  const newest = /^## (\d+\.\d+\.\d+)$/m.exec(readFileSync('CHANGELOG.md', 'utf8'))
  assert.equal(newest?.[1], version, 'CHANGELOG.md begins with another release')
})

test('the reference for authors of plugins is that of the code', () => {
  const page = readFileSync('plugins/README.md', 'utf8')
  assert.equal(page, withPluginDocs(page, publicSources('.')), 'run `npm run plugin:docs`')
})
