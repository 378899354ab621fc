import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { startPluginServer } from '../support/plugin-server.ts'
import { ADMIN } from '../support/test-server.ts'

async function start(t: TestContext, settings: Readonly<Record<string, string>>) {
  const server = await startPluginServer({ settings, users: [{ name: 'ann', password: 'ann-pass' }] }, t)
  await server.load(new URL('../../plugins/library-acl/', import.meta.url))
  return async (path: string, login = `${ADMIN.name}:${ADMIN.password}`) => {
    const authorization = `Basic ${Buffer.from(login).toString('base64')}`
    const answer = await fetch(server.url + path, { headers: login === '' ? {} : { authorization } })
    return { status: answer.status, text: await answer.text(), cache: answer.headers.get('cache-control') }
  }
}

test('administrators see the settings, without a login in any address, and numbers as they are', async (t) => {
  const ask = await start(t, {
    'sharing.passwordAttempts': '7',
    'server.allowedOrigins': '["https://me:hidden@player.example.org"]',
  })
  for (const path of ['/api/config', '/api/config/config']) {
    const { status, text, cache } = await ask(path)
    assert.deepEqual([status, cache], [200, 'no-store'])
    const { id, config } = JSON.parse(text)
    assert.deepEqual([id, config.sharing.passwordAttempts], ['config', 7])
    assert.deepEqual(config.server.allowedOrigins, ['https://****@player.example.org'])
    assert.equal((await ask(path, 'ann:ann-pass')).status, 403)
    assert.equal((await ask(path, '')).status, 401)
  }
})

test('what is switched off is not there, also for administrators, and others are told no more than before', async (t) => {
  const ask = await start(t, { 'dev.showConfig': 'false', 'inspect.enabled': 'false' })
  for (const path of ['/api/config/config', '/api/inspect?id=s1']) {
    assert.equal((await ask(path)).status, 404, path)
    assert.equal((await ask(path, 'ann:ann-pass')).status, 403, path)
    assert.equal((await ask(path, '')).status, 401, path)
  }
})
