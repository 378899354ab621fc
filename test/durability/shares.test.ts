import assert from 'node:assert/strict'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { pause } from '../../src/base/deadline.ts'
import { writeAudio } from '../support/audio.ts'
import { buildOnce } from '../support/build-once.ts'
import { temporaryFolder } from '../support/music-library.ts'
import { addTarget, loginTo, type NativeCall, openNotifications, waitFor } from '../support/native-client.ts'
import { createRandom } from '../support/random.ts'
import { ask, PASSWORD, scanFinished, startServer } from '../support/server-process.ts'

const ROUNDS = 8
const AT_ONCE = 6

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

interface Share {
  readonly id: string
  readonly description: string
}

test('killed at any moment while shares are made, changed, opened and taken back: each is told once, and none is forgotten', {
  timeout: 900_000,
}, async (t) => {
  const random = createRandom()
  t.diagnostic(`seed ${random.seed}`)
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
    let admin = await loginTo(server, 'admin', PASSWORD)
    await ask(server, 'createUser', { username: 'ben', password: 'word of ben', email: 'ben@example.org' })
    const { searchResult3: found } = (await ask(server, 'search3', { query: 'Song' })) as {
      searchResult3: { song: { id: string }[] }
    }
    const [song] = found.song
    const ben = ((await admin('GET', '/api/user')) as { id: string; userName: string }[]).find(
      ({ userName }) => userName === 'ben',
    )
    await openNotifications(admin, { ratePerMinute: 10_000 })
    await addTarget(admin, 'webhook', { url: receiver.url, secret: 'a secret of enough bytes' })
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
      await waitFor('the first share', async () => known.size > 0)
      await pause(random.next() * 150)
      await server.stop('SIGKILL')
      await Promise.all(workers)

      server = await start()
      admin = await loginTo(server, 'admin', PASSWORD)
      const asBen = await loginTo(server, 'ben', 'word of ben')
      const told = async (call: NativeCall) => {
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
      const where = `round ${round}, seed ${random.seed}`
      await waitFor(`the notes, ${where}`, async () => (await told(asBen)).length >= toBen.length)
      await waitFor(`the owner's, ${where}`, async () => (await told(admin)).length >= toAdmin.length)
      await waitFor(`the messages, ${where}`, async () => receiver.ids.size >= toAdmin.length)
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
