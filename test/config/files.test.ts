import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { defaultFile } from '../../src/config/default-file.ts'
import { loadConfig } from '../../src/config/load.ts'
import { environmentName, listSettings } from '../../src/config/schema.ts'
import { editDistance, suggest } from '../../src/config/suggest.ts'

const load = async (file?: string) =>
  (await loadConfig({ flags: [], env: {}, cwd: process.cwd(), home: '/home/x', file })).config

test('config/default.yaml is what the schema generates (else run: npm run config:default)', () => {
  assert.equal(readFileSync('config/default.yaml', 'utf8'), defaultFile())
})

test('loading config/default.yaml changes nothing', async () => {
  assert.deepEqual(await load('config/default.yaml'), await load())
})

test('the presets are valid and change something', async () => {
  for (const preset of ['config/pi.yaml', 'config/nas.yaml']) {
    assert.notDeepEqual(await load(preset), await load())
  }
})

test('every setting is explained, and its names belong to it alone', () => {
  const settings = listSettings()
  const names = settings.map(({ name }) => environmentName(name).replaceAll('_', ''))
  assert.equal(new Set(names).size, names.length)
  const aliases = settings.flatMap(({ setting }) =>
    setting.navidrome.map((alias) => (typeof alias === 'string' ? alias : alias.name)),
  )
  assert.equal(new Set(aliases).size, aliases.length)
  for (const { name, setting } of settings) assert.match(setting.help, /\.$/, name)
})

test('the page of settings lists every Navidrome name that is honoured', () => {
  const readme = readFileSync('config/README.md', 'utf8')
  for (const { name, setting } of listSettings()) {
    for (const alias of setting.navidrome) {
      const variable = `ND_${typeof alias === 'string' ? alias : alias.name}`
      assert.ok(readme.includes(`\`${variable}\``), `${variable} (${name}) is missing in config/README.md`)
    }
  }
})

test('what was probably meant is found by the fewest changes', () => {
  assert.equal(suggest('prot', ['port', 'host', 'path']), 'port')
  assert.equal(suggest('base_url', ['baseUrl', 'host']), 'baseUrl')
  assert.equal(suggest('something', ['port', 'host']), undefined)
  assert.equal(editDistance('abcd', 'acbd', 9), 1)
  assert.equal(editDistance('kitten', 'sitting', 9), 3)
  assert.equal(editDistance('a', 'abcdefghij', 3), 3)
})
