import assert from 'node:assert/strict'
import { Agent, request } from 'node:http'
import type { TestContext } from 'node:test'
import axios from 'axios'
import nodeFetch from 'node-fetch'
import { type AdapterName, onBothAdapters as onBoth } from '../support/adapters.ts'
import { login, queryString } from '../support/subsonic-request.ts'
import { ADMIN, startTestServer } from '../support/test-server.ts'
import { idsOf, LIBRARIES, USERS } from './world.ts'

async function start(t: TestContext, adapter: AdapterName) {
  const server = await startTestServer({ libraries: LIBRARIES, users: USERS, adapter }, t)
  const ids = idsOf(server.core.repositories)
  const url = (endpoint: string, params: Record<string, string> = {}) =>
    `${server.url}/rest/${endpoint}?${queryString({ ...login(ADMIN.name, ADMIN.password), f: 'json', ...params })}`
  const asked = [
    url('ping'),
    url('getAlbumList2', { type: 'newest' }),
    url('stream', { id: ids.song('One') }),
    url('getCoverArt', { id: ids.album('First') }),
    url('getAlbum', { id: 'nothing' }),
  ]
  return { asked: [...asked, ...asked], url }
}

onBoth('node-fetch 2, which pools its connections, gets each answer', async (t, adapter) => {
  const { asked } = await start(t, adapter)
  for (const headers of [{}, { connection: 'close' }]) {
    for (const url of asked) {
      const reply = await nodeFetch(url, { headers })
      assert.equal(reply.status, 200)
      assert.ok((await reply.arrayBuffer()).byteLength > 0)
    }
  }
})

onBoth('node-fetch 2 with a pool of its own gets each answer', async (t, adapter) => {
  const { asked } = await start(t, adapter)
  const agent = new Agent({ keepAlive: true, maxSockets: 2 })
  t.after(() => agent.destroy())
  for (const headers of [{}, { connection: 'close' }]) {
    const get = async (url: string) => (await (await nodeFetch(url, { headers, agent })).arrayBuffer()).byteLength
    for (const url of asked) assert.ok((await get(url)) > 0)
    assert.ok((await Promise.all(asked.map(get))).every((bytes) => bytes > 0))
  }
})

onBoth('axios with a pool of connections gets each answer, whatever it says of the connection', async (t, adapter) => {
  const { asked } = await start(t, adapter)
  const httpAgent = new Agent({ keepAlive: true, maxSockets: 2 })
  t.after(() => httpAgent.destroy())
  for (const headers of [{}, { Connection: 'close' }, { connection: 'keep-alive' }]) {
    const client = axios.create({ httpAgent, headers, responseType: 'arraybuffer', proxy: false })
    const get = async (url: string) => {
      const { status, data } = await client.get<Buffer>(url)
      assert.equal(status, 200)
      assert.ok(data.byteLength > 0)
    }
    for (const url of asked) await get(url)
    await Promise.all(asked.map(get))
  }
})

/** As got asks: `node:http` with a pool, and the header that their users set. */
function ask(agent: Agent, url: string, connection: string): Promise<number> {
  return new Promise((resolve, reject) => {
    request(url, { agent, headers: { connection } }, (response) => {
      let bytes = 0
      response.on('data', (chunk: Buffer) => {
        bytes += chunk.length
      })
      response.on('end', () => resolve(bytes)).on('error', reject)
    })
      .on('error', reject)
      .end()
  })
}

for (const connection of ['close', 'Close', 'keep-alive', 'TE, close']) {
  onBoth(`a pool of connections with 'Connection: ${connection}' gets each answer`, async (t, adapter) => {
    const { asked } = await start(t, adapter)
    const agent = new Agent({ keepAlive: true, maxSockets: 2 })
    t.after(() => agent.destroy())
    for (const url of asked) assert.ok((await ask(agent, url, connection)) > 0)
    const together = await Promise.all(asked.map((url) => ask(agent, url, connection)))
    assert.ok(together.every((bytes) => bytes > 0))
  })
}
