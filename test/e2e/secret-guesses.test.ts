import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { createPluginStateRepository } from '../../src/library/plugin-state-repository.ts'
import { startPluginServer } from '../support/plugin-server.ts'

const PASSWORD = 'only for prometheus'

async function start(t: TestContext) {
  const server = await startPluginServer({ settings: { 'auth.attempts': '3', 'auth.attemptWindow': '1h' } }, t)
  createPluginStateRepository(server.core.db).update('insights', { config: { metricsPassword: PASSWORD } }, 0)
  await server.load(new URL('../../plugins/insights/', import.meta.url))
  const ask = (password?: string, client = 'prometheus') => {
    const login = { authorization: `Basic ${Buffer.from(`any:${password}`).toString('base64')}` }
    return fetch(`${server.url}/metrics`, {
      headers: { 'user-agent': client, ...(password === undefined ? {} : login) },
    })
  }
  return { server, ask }
}

test('guesses at the password of the metrics are slowed down as those at logins are', async (t) => {
  const { server, ask } = await start(t)
  assert.equal((await ask(PASSWORD)).status, 200)
  for (let request = 0; request < 10; request++) assert.equal((await ask(undefined, 'browser')).status, 401)
  for (let guess = 0; guess < 3; guess++) assert.equal((await ask(`guess ${guess}`, 'guesser')).status, 401)
  const refused = await ask(PASSWORD, 'guesser')
  assert.equal(refused.status, 429)
  assert.ok(Number(refused.headers.get('retry-after')) > 60)
  assert.ok(!(await refused.text()).includes('tonearm_'))
  // Where the right password came from before, it still counts.
  assert.equal((await ask(PASSWORD)).status, 200)
  assert.equal(server.host.find('insights')?.state, 'active')
})

test('guesses sent all at once gain nothing', async (t) => {
  const { ask } = await start(t)
  const statuses = await Promise.all(
    Array.from({ length: 30 }, async (_, guess) => (await ask(`guess ${guess}`)).status),
  )
  assert.equal(statuses.filter((status) => status === 401).length, 3)
  assert.equal((await ask(PASSWORD)).status, 429)
})
