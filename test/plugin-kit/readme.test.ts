import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { transform } from 'esbuild'
import { definePlugin, Type } from 'tonearm/plugin'
import { createTestHost } from 'tonearm/plugin/testing'

const ROOT = join(import.meta.dirname, '..', '..')
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8')
const README = read('plugins/README.md')

test('every hook is described', () => {
  const undescribed = [...README.matchAll(/^\| `([a-z.]+)` \| \w+ \| `.*` \| .*? \| {2}\|$/gm)].map(([, name]) => name)
  assert.deepEqual(undescribed, [])
})

test('every member of the context is described, with its permission', () => {
  const api = read('src/plugin/api/plugin-api.ts')
  const base = /export interface BaseContext[^{]*\{([\s\S]*?)\n\}/.exec(api)?.[1] ?? ''
  const free = [...base.matchAll(/^ {2}(?:readonly )?(\w+)[:(]/gm)].map(([, name]) => [name, ''] as const)
  const granted = [...api.matchAll(/Granted<G, ([^{]+), \{([^\n]*)\}>/g)].flatMap(
    ([, permissions = '', members = '']) => {
      const permission = /['`]([a-z:]+)/.exec(permissions)?.[1] ?? ''
      return [...members.matchAll(/(?:readonly |^ )(\w+)[:(]/g)].map(([, name]) => [name, permission] as const)
    },
  )
  assert.ok(free.length >= 8 && granted.length >= 14, 'the text of the context was not understood')
  const rows = new Map(
    [...README.matchAll(/^\| `ctx\.(\w+)(?:\(\))?` \|([^|]*)\|/gm)].map(([, name, needs]) => [name, needs]),
  )
  for (const [name, permission] of [...free, ...granted]) {
    assert.ok(rows.has(name), `ctx.${name} is not described`)
    assert.ok(rows.get(name)?.includes(permission), `ctx.${name} needs ${permission}`)
  }
})

test('every member of what the context gives is listed and described', () => {
  const reference = README.slice(README.indexOf('### Every member of `ctx`'), README.indexOf('### Every type'))
  const listed = (part: string) => reference.split(`#### \`${part}\``).slice(1).join().split('####')[0] ?? ''
  for (const [part, members] of Object.entries({
    ctx: ['config', 'effect', 'connect', 'fetch'],
    'ctx.library': [
      'track',
      'tracks',
      'songIds',
      'added',
      'lastAdded',
      'libraries',
      'playlist',
      'album',
      'artist',
      'counts',
    ],
    'ctx.users': ['get', 'list', 'scopeOf', 'invalidateScope'],
    'ctx.db': ['all', 'get', 'run', 'batch'],
    'ctx.storage': ['dir'],
    'ctx.admin.users': ['list', 'get', 'create', 'update', 'remove', 'checkPassword'],
    'ctx.routes': ['get', 'post', 'put', 'patch', 'delete', 'socket', 'events', 'endMedia', 'runningMedia'],
  })) {
    const text = part === 'ctx' ? reference : listed(part)
    for (const member of members) assert.match(text, new RegExp(`^\\| \`${member}[:(<]`, 'm'), `${part}.${member}`)
  }
  assert.deepEqual(reference.match(/^\| `.*` \| {2}\|$/gm), null)
})

test('every function of the module is listed and described', async () => {
  const [, table = ''] = README.split('### Every function of `tonearm/plugin`')
  const module = await import('tonearm/plugin')
  const functions = Object.entries(module).flatMap(([name, value]) => (typeof value === 'function' ? [name] : []))
  assert.ok(functions.length >= 10)
  for (const name of functions) assert.match(table, new RegExp(`^\\| \`${name}[(<].*\` \\| \\w`, 'm'), name)
})

test('every permission is described', () => {
  const union = /export type Permission =([\s\S]*?)\n$/.exec(read('src/plugin/api/permission-api.ts'))?.[1] ?? ''
  const names = [...union.matchAll(/['`]([a-z:]+)/g)].map(([, name]) => name as string)
  assert.ok(names.length >= 20)
  for (const name of names) assert.match(README, new RegExp(`^\\| \`${name}(<\\w+>)?\` \\| \\w`, 'm'), name)
})

test('every member of the test host is described', () => {
  const source = read('src/plugin-kit/testing/test-host.ts')
  const body = /export interface TestHost extends AsyncDisposable \{([\s\S]*?)\n\}/.exec(source)?.[1] ?? ''
  const members = new Set([...body.matchAll(/^ {2}(?:readonly )?(\w+)[<:(]/gm)].map(([, name]) => name as string))
  assert.ok(members.size >= 14)
  members.delete('dispose')
  const section = README.slice(README.indexOf('## Testing'), README.indexOf('## Publishing'))
  for (const name of members) assert.match(section, new RegExp(`\`${name}\\b`), name)
})

test('the stand-in for a service on the page works as it stands there', async (t) => {
  const [, block = ''] = /```ts\n(import \{ once \}[\s\S]*?)```/.exec(README) ?? []
  const dynamic = block
    .replace(/^import type .*$/gm, '')
    .replace(/^import (\{.*\}) from ('.*')$/gm, 'const $1 = await import($2)')
  const { code } = await transform(`async function run(host, plugin) {${dynamic}; return { service, asked } }`, {
    loader: 'ts',
  })
  const run = new Function(`${code}; return run`)()
  const plugin = definePlugin({
    name: 'caller',
    apiVersion: '1.0',
    permissions: ['net:api.example.org', 'routes'],
    config: Type.Object({ url: Type.String({ default: 'https://api.example.org' }) }),
    setup({ routes, fetch, config }) {
      routes.get('/', async () => ({ kind: 'json', body: await (await fetch(`${config.url}/mood`)).json() }))
    },
  })
  await using host = await createTestHost()
  const { service, asked } = await run(host, plugin)
  t.after(() => service.close())
  const reply = await host.inject({ url: '/plugins/caller', user: 'alice' })
  assert.deepEqual([reply.json(), asked], [{ mood: 'calm' }, ['/mood']])
})

test('the plugin on the page works as it stands there', async (t) => {
  const code = /```ts\n(import \{ definePlugin[\s\S]*?)```/.exec(README)?.[1] ?? ''
  assert.match(code, /quiet-hours/)
  const folder = mkdtempSync(join(tmpdir(), 'tonearm-readme-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  mkdirSync(join(folder, 'src'))
  writeFileSync(join(folder, 'src/plugin.ts'), code)
  const at = (hour: number) => new Date(2026, 0, 1, hour).getTime()
  await using host = await createTestHost({ now: at(22) })
  await host.load(folder)
  const listen = { userId: host.user('alice'), mediaId: host.track('One'), purpose: 'stream', client: 'c' } as const
  assert.deepEqual(await host.fire('stream.authorize', listen), { allow: true })
  await host.clock.advance(at(23) - at(22))
  assert.deepEqual(await host.fire('stream.authorize', listen), { allow: false, reason: 'quiet hours', status: 403 })
})
