import assert from 'node:assert/strict'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { pause } from '../../src/base/deadline.ts'
import { writeAudio } from '../support/audio.ts'
import { buildOnce } from '../support/build-once.ts'
import { temporaryFolder } from '../support/music-library.ts'
import { ask, PASSWORD, type ServerProcess, scanFinished, startServer } from '../support/server-process.ts'

const ROUNDS = 8
const AT_ONCE = 6
const WAIT_MS = 90_000
const SEED = Number(process.env.SEED ?? Date.now() % 1_000_000)

let folder: Awaited<ReturnType<typeof temporaryFolder>>
let receiver: { readonly server: Server; readonly url: string; readonly ids: Set<string> }

before(async () => {
  buildOnce()
  folder = await temporaryFolder('tonearm-shares-')
  const ids = new Set<string>()
  const server = createServer((request, response) => {
    ids.add(String(request.headers['webhook-id']))
    request.resume().on('end', () => response.writeHead(204).end())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  receiver = { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, ids }
})
after(async () => {
  receiver.server.closeAllConnections()
  receiver.server.close()
  await folder.remove()
})

type Call = (method: string, path: string, body?: unknown) => Promise<unknown>

async function login({ url }: ServerProcess, username: string, password: string): Promise<Call> {
  const reply = await fetch(`${url}/auth/login`, { method: 'POST', body: JSON.stringify({ username, password }) })
  const { token } = (await reply.json()) as { token: string }
  return async (method, path, body) => {
    const answer = await fetch(`${url}${path}`, {
      method,
      headers: { 'x-nd-authorization': `Bearer ${token}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`)
    return answer.status === 204 ? undefined : answer.json()
  }
}

async function until(what: string, look: () => Promise<boolean>): Promise<void> {
  for (const end = performance.now() + WAIT_MS; !(await look()); await pause(50))
    if (performance.now() > end) throw new Error(`waited in vain for ${what} (seed ${SEED})`)
}

/** Mulberry32: the same moments for the same seed. */
function random(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

interface Share {
  readonly id: string
  readonly description: string
}

test('killed at any moment while shares are made, changed, opened and taken back: each is told once, and none is forgotten', {
  timeout: 900_000,
}, async (t) => {
  t.diagnostic(`seed ${SEED}`)
  const next = random(SEED)
  const music = join(folder.path, 'music')
  await writeAudio(join(music, 'Band', 'Album', '01 - Song.mp3'), {
    format: 'mp3',
    tags: { title: 'Song', artist: 'Band', album: 'Album' },
  })
  const start = () =>
    startServer({ data: join(folder.path, 'data'), music: [music], env: { TONEARM_SCANNER_WATCH: 'off' } })
  let server = await start()
  try {
    await scanFinished(server)
    let admin = await login(server, 'admin', PASSWORD)
    await ask(server, 'createUser', { username: 'ben', password: 'of ben', email: 'ben@example.org' })
    const { searchResult3: found } = (await ask(server, 'search3', { query: 'Song' })) as {
      searchResult3: { song: { id: string }[] }
    }
    const [song] = found.song
    const ben = ((await admin('GET', '/api/user')) as { id: string; userName: string }[]).find(
      ({ userName }) => userName === 'ben',
    )
    const { permissions } = (await admin('GET', '/api/plugin/notifications')) as { permissions: { name: string }[] }
    await admin('PUT', '/api/plugin/notifications', {
      granted: [...permissions.map(({ name }) => name), 'net:127.0.0.1'],
      config: { settleSeconds: 0, ratePerMinute: 10_000 },
    })
    await until('the new settings', () =>
      admin('POST', '/api/notifications/targets', {
        channel: 'webhook',
        name: 'here',
        target: { url: receiver.url, secret: 'a secret of enough bytes' },
      }).then(
        () => true,
        () => false,
      ),
    )
    const make = (recipient: object) =>
      admin('POST', '/api/v1/shares', { targets: [{ kind: 'song', id: song?.id }], recipient }) as Promise<Share>
    const old = new Set<string>()

    for (let round = 0; round < ROUNDS; round++) {
      const [known, links] = [new Set<string>(), new Set<string>()]
      receiver.ids.clear()
      const work = async () => {
        for (;;) {
          const { id } = await make({ kind: 'user', id: ben?.id })
          known.add(id)
          const link = await make({ kind: 'link' })
          links.add(link.id)
          await fetch(`${server.url}/share/${link.id}?format=raw`).then((reply) => reply.text())
          await admin('PATCH', `/api/v1/shares/${id}`, { description: 'changed' })
          if (known.size % 2 === 0) await admin('DELETE', `/api/v1/shares/${id}`)
        }
      }
      const workers = Array.from({ length: AT_ONCE }, () => work().catch(() => {}))
      await until('the first share', async () => known.size > 0)
      await pause(next() * 150)
      await server.stop('SIGKILL')
      await Promise.all(workers)

      server = await start()
      admin = await login(server, 'admin', PASSWORD)
      const asBen = await login(server, 'ben', 'of ben')
      const told = async (call: Call) => {
        const list = (await call('GET', '/api/v1/notifications/shares')) as { shareId: string; type: string }[]
        return list.map(({ shareId, type }) => `${type} ${shareId}`).sort()
      }
      const { items } = (await admin('GET', '/api/v1/shares/outgoing?limit=500')) as {
        items: (Share & { recipient: { kind: string }; views: number })[]
      }
      const living = items.filter(({ id }) => !old.has(id))
      for (const { id } of living) old.add(id)
      const toBen: string[] = []
      const toAdmin: string[] = []
      for (const { id, description, recipient, views } of living) {
        if (recipient.kind === 'link' && views > 0) toAdmin.push(`link_first_used ${id}`)
        if (recipient.kind !== 'user') continue
        toBen.push(`share_received ${id}`)
        if (description === 'changed') toBen.push(`share_changed ${id}`)
        known.delete(id)
      }
      for (const id of known) toBen.push(`share_received ${id}`, `share_changed ${id}`, `share_revoked ${id}`)
      const where = `round ${round}, seed ${SEED}`
      await until(`the notes, ${where}`, async () => (await told(asBen)).length >= toBen.length)
      await until(`the owner's, ${where}`, async () => (await told(admin)).length >= toAdmin.length)
      await until(`the messages, ${where}`, async () => receiver.ids.size >= toAdmin.length)
      // Whatever came twice is there by now: what is said after a start is said by a second after it.
      await pause(2_000)
      assert.deepEqual(await told(asBen), toBen.sort(), where)
      assert.deepEqual(await told(admin), toAdmin.sort(), where)
      assert.equal(receiver.ids.size, toAdmin.length, where)
      for (const call of [admin, asBen]) await call('DELETE', '/api/notifications')
    }
  } finally {
    await server.stop('SIGKILL')
  }
})
