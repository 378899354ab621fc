import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type PluginTestServer, startPluginRoom } from '../support/plugin-room.ts'

const PUBLIC = ['routes', 'routes:public'] as const
const route = (path: string, body: string) => `ctx.routes.get('${path}', async () => { ${body} }, { auth: 'public' })\n`

/** Runs the code in a route, each attempt alone. @returns the codes of the errors, 'reached' for those that got through. */
async function attempts(
  server: PluginTestServer,
  work: Readonly<Record<string, string>>,
  permissions: readonly string[] = [],
): Promise<Readonly<Record<string, string>>> {
  const each = Object.entries(work).map(
    ([name, code]) =>
      `try { await (async () => { ${code} })(); results[${JSON.stringify(name)}] = 'reached' }
       catch (error) { results[${JSON.stringify(name)}] = String(error.code ?? error.message) }`,
  )
  const info = await server.install('hostile', {
    version: `1.0.${++versions}`,
    apiVersion: '1.1',
    permissions: [...PUBLIC, ...permissions],
    ...(permissions.includes('db') ? { migrations: [{ up: ['CREATE TABLE hostile_t (a)'] }] } : {}),
    setup: route('/run', `const results = {}; ${each.join('\n')} return { kind: 'json', body: results }`),
  })
  assert.equal(info?.state, 'active', info?.lastError)
  return (await (await server.get('/plugins/hostile/run')).json()) as Readonly<Record<string, string>>
}
let versions = 0

function allAre(found: Readonly<Record<string, string>>, expected: RegExp): void {
  for (const [what, outcome] of Object.entries(found)) assert.match(outcome, expected, what)
}

test('built-in modules and the process are out of reach without a permission', async (t) => {
  const server = await startPluginRoom(t)
  const modules = 'fs node:fs fs/promises child_process net worker_threads vm module process sys node:sqlite'.split(' ')
  const required = Object.fromEntries(modules.map((name) => [`require ${name}`, `require('${name}')`]))
  const denied = {
    ...required,
    'a file': "require('/etc/passwd')",
    'process.binding': "process.binding('fs')",
    'process.getBuiltinModule': "process.getBuiltinModule('fs')",
    'process.exit': 'process.exit(1)',
    'globalThis.process': 'globalThis.process.exit(1)',
    'global.process': "global.process.binding('fs')",
    fetch: "await fetch('http://127.0.0.1:1/')",
    'globalThis.fetch': "await globalThis.fetch('http://127.0.0.1:1/')",
  }
  allAre(await attempts(server, denied), /^PERMISSION_DENIED$/)
  const imported = await attempts(server, {
    'import()': "await import('node:fs')",
    'import() of an address': "await import('data:text/javascript,export default 1')",
    'import() by Function': `await Function("return import('node:fs')")()`,
  })
  allAre(imported, /^ERR_VM_DYNAMIC_IMPORT_CALLBACK_MISSING$/)
  assert.deepEqual(
    await attempts(server, { env: "if (Object.keys(process.env).length > 0) throw new Error('some')" }),
    {
      env: 'reached',
    },
  )
})

test('no spelling of a private address is reached by a grant for all hosts', async (t) => {
  const server = await startPluginRoom(t)
  const hosts =
    '127.0.0.1 2130706433 0x7f.1 0177.0.0.1 127.1 0 0.0.0.0 169.254.169.254 localhost [::1] [::ffff:127.0.0.1] [::ffff:7f00:1] [64:ff9b::7f00:1] [2002:7f00:1::] [fe80::1] 127.0.0.1. ①②⑦.0.0.1'
  const fetched = Object.fromEntries(hosts.split(' ').map((host) => [host, `await ctx.fetch('http://${host}:1/')`]))
  const connected = Object.fromEntries(
    '127.0.0.1 2130706433 127.1 ::1 ::ffff:127.0.0.1 localhost 0'
      .split(' ')
      .map((host) => [`connect ${host}`, `(await ctx.connect({ host: '${host}', port: 1 })).destroy()`]),
  )
  const others = { file: "await ctx.fetch('file:///etc/passwd')", data: "await ctx.fetch('data:text/plain,x')" }
  allAre(await attempts(server, { ...fetched, ...connected, ...others }, ['net:*']), /^PERMISSION_DENIED$/)
})

test('statements reach nothing but own tables', async (t) => {
  const server = await startPluginRoom(t)
  const statements = [
    'SELECT * FROM user',
    'SELECT (SELECT count(*) FROM user) FROM hostile_t',
    'INSERT INTO hostile_t SELECT length(name) FROM user',
    'SELECT * FROM sqlite_master',
    "SELECT * FROM pragma_table_info('user')",
    'PRAGMA database_list',
    "ATTACH '/tmp/hostile.db' AS x",
    'DROP TABLE user',
    'CREATE TABLE hostile_x AS SELECT * FROM user',
    'CREATE TEMP TABLE q (a)',
    'SELECT 1; DELETE FROM user',
    'VACUUM',
    'BEGIN',
  ]
  const work = Object.fromEntries(statements.map((sql) => [sql, `await ctx.db.all(${JSON.stringify(sql)})`]))
  allAre(await attempts(server, work, ['db']), /^PERMISSION_DENIED$/)
})

const THROWN: Readonly<Record<string, string>> = {
  null: 'throw null',
  undefined: 'throw undefined',
  text: "throw 'text'",
  symbol: "throw Symbol('s')",
  'a proxy that throws':
    "throw new Proxy({}, { get() { throw new Error('trap') }, has() { throw new Error('trap') }, getPrototypeOf() { throw new Error('trap') } })",
  'a revoked proxy': 'const made = Proxy.revocable({}, {}); made.revoke(); throw made.proxy',
  'an error whose message throws':
    "throw Object.defineProperty(new Error('x'), 'message', { get() { throw new Error('trap') } })",
  'an error whose stack throws':
    "throw Object.defineProperty(new Error('x'), 'stack', { get() { throw new Error('trap') } })",
  'a body that throws': "return { kind: 'json', get body() { throw new Error('trap') } }",
  'a kind that throws': "return { get kind() { throw new Error('trap') } }",
  'an answer that throws': 'return new Proxy({}, { get() { throw null } })',
  'a body that can not be written': "return { kind: 'json', body: { toJSON() { throw null } } }",
  'a circle': "const body = {}; body.body = body; return { kind: 'json', body }",
  'a header with a line break': "return { kind: 'text', body: 'x', headers: { 'x-a': 'b\\r\\nSet-Cookie: a=b' } }",
  'a status that there is not': "return { kind: 'text', body: 'x', status: 99999 }",
}

for (const [what, body] of Object.entries(THROWN))
  test(`${what}: the plugin failed, and is charged with it`, async (t) => {
    const server = await startPluginRoom(t)
    await server.install('hostile', { apiVersion: '1.1', permissions: PUBLIC, setup: route('/run', body) })
    const reply = await server.get('/plugins/hostile/run')
    assert.deepEqual([reply.status, await reply.json()], [502, { error: 'the plugin hostile failed' }])
    assert.equal(reply.headers.get('set-cookie'), null)
    assert.ok(server.host.find('hostile')?.lastError)
  })

for (const [what, code] of [
  ['routes', "ctx.routes.get('/r' + i, () => ({ kind: 'empty' }))"],
  ['hooks', "ctx.hooks.on('server.ready', () => {})"],
  ['timers', 'setTimeout(() => {}, 100_000)'],
] as const)
  test(`${what} without end are refused, and nothing of them stays`, async (t) => {
    const server = await startPluginRoom(t)
    const setup = `for (let i = 0; i < 100_000; i++) ${code}`
    const info = await server.install('hostile', { apiVersion: '1.1', permissions: PUBLIC, setup })
    assert.equal(info?.state, 'failed')
    assert.match(info?.lastError ?? '', /at most 1000 of a kind|10000 timers/)
    assert.equal((await server.get('/ping')).status, 200)
  })
