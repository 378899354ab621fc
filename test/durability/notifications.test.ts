import assert from 'node:assert/strict'
import { mkdir } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { pause } from '../../src/base/deadline.ts'
import { writeAudio } from '../support/audio.ts'
import { buildOnce } from '../support/build-once.ts'
import { temporaryFolder } from '../support/music-library.ts'
import { addTarget, loginTo, openNotifications, waitFor } from '../support/native-client.ts'
import { ask, PASSWORD, scanFinished, startServer } from '../support/server-process.ts'

/** Long enough for a second message of the same to come, if there were one. */
const QUIET_MS = 4_000

let folder: Awaited<ReturnType<typeof temporaryFolder>>

before(async () => {
  buildOnce()
  folder = await temporaryFolder('tonearm-notify-')
})
after(() => folder.remove())

interface Receiver {
  readonly server: Server
  readonly url: string
  /** `webhook-id` of each request, in the order in which they came. */
  readonly asked: string[]
  readonly taken: { readonly id: string; readonly title: string }[]
  mode: 'take' | 'refuse' | 'hold'
}

async function startReceiver(): Promise<Receiver> {
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const id = String(request.headers['webhook-id'])
    receiver.asked.push(id)
    if (receiver.mode === 'hold') return
    if (receiver.mode === 'refuse') return void response.writeHead(503).end()
    const title = /"title":"([^"]*)"/.exec(Buffer.concat(chunks).toString())?.[1] ?? ''
    receiver.taken.push({ id, title })
    response.writeHead(204).end()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  const receiver: Receiver = { server, url, asked: [], taken: [], mode: 'take' }
  return receiver
}

async function addAlbum(music: string, name: string): Promise<void> {
  const path = join(music, 'Band', name, '01 - Song.mp3')
  await mkdir(join(path, '..'), { recursive: true })
  await writeAudio(path, { format: 'mp3', tags: { title: `Song of ${name}`, artist: 'Band', album: name } })
}

test('killed between the cause and the delivery, and in the middle of one: delivered once after the restart', {
  timeout: 600_000,
}, async (t) => {
  const receiver = await startReceiver()
  t.after(() => {
    receiver.server.closeAllConnections()
    receiver.server.close()
  })
  const music = join(folder.path, 'music')
  const data = join(folder.path, 'data')
  await addAlbum(music, 'Old')
  const start = () => startServer({ data, music: [music], env: { TONEARM_SCANNER_WATCH: 'off' } })
  let server = await start()
  try {
    await scanFinished(server)
    const call = await loginTo(server, 'admin', PASSWORD)
    await openNotifications(call)
    await addTarget(call, 'webhook', { url: receiver.url, secret: 'a secret of enough bytes' })
    for (const mode of ['refuse', 'hold'] as const) {
      receiver.mode = mode
      const album = `Album ${mode}`
      await addAlbum(music, album)
      const asked = receiver.asked.length
      await ask(server, 'startScan')
      await waitFor('the first attempt', () => receiver.asked.length > asked)
      await server.stop('SIGKILL')
      receiver.server.closeAllConnections()
      receiver.mode = 'take'
      server = await start()
      await waitFor('the delivery', () => receiver.taken.some(({ title }) => title.includes(album)))
      await pause(QUIET_MS)
      const taken = receiver.taken.filter(({ title }) => title.includes(album))
      assert.equal(taken.length, 1)
      // The receiver knows it as the one that it was asked to take before.
      assert.equal(receiver.asked[asked], taken[0]?.id)
      const list = (await (
        await loginTo(server, 'admin', PASSWORD)
      )('GET', '/api/notifications')) as { title: string }[]
      assert.equal(list.filter(({ title }) => title.includes(album)).length, 1)
    }
  } finally {
    await server.stop('SIGKILL')
  }
})

/** A second message takes the place of the first at ntfy, by its sequence_id; Gotify has nothing of the kind. */
const PLAIN = {
  ntfy: { target: (url: string) => ({ server: url, topic: 'music' }) },
  gotify: { target: (url: string) => ({ server: url, token: 'token' }) },
} as const

test('killed while ntfy and Gotify are being asked: asked again after the restart, and nothing lies with the dead letters', {
  timeout: 600_000,
}, async (t) => {
  type Body = { readonly title: string; readonly sequence_id?: string }
  const asked = { ntfy: [] as Body[], gotify: [] as Body[] }
  let isHeld = true
  const receivers = await Promise.all(
    (['ntfy', 'gotify'] as const).map(async (channel) => {
      const server = createServer(async (request, response) => {
        const chunks: Buffer[] = []
        for await (const chunk of request) chunks.push(chunk as Buffer)
        asked[channel].push(JSON.parse(Buffer.concat(chunks).toString()) as Body)
        if (!isHeld) response.writeHead(200, { 'content-type': 'application/json' }).end('{}')
      })
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
      t.after(() => {
        server.closeAllConnections()
        server.close()
      })
      return { channel, server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }
    }),
  )
  const music = join(folder.path, 'plain')
  await addAlbum(music, 'Old')
  const start = () =>
    startServer({ data: join(folder.path, 'plain-data'), music: [music], env: { TONEARM_SCANNER_WATCH: 'off' } })
  let server = await start()
  try {
    await scanFinished(server)
    const call = await loginTo(server, 'admin', PASSWORD)
    await openNotifications(call)
    for (const { channel, url } of receivers) await addTarget(call, channel, PLAIN[channel].target(url))
    for (let round = 0; round < 2; round++) {
      const album = `Album ${round}`
      const of = (channel: 'ntfy' | 'gotify') => asked[channel].filter(({ title }) => title.includes(album))
      isHeld = true
      await addAlbum(music, album)
      await ask(server, 'startScan')
      await waitFor('the first attempts', () => of('ntfy').length === 1 && of('gotify').length === 1)
      await server.stop('SIGKILL')
      for (const receiver of receivers) receiver.server.closeAllConnections()
      isHeld = false
      server = await start()
      await waitFor('the second', () => of('ntfy').length === 2 && of('gotify').length === 2)
      await pause(QUIET_MS)
      const [first, second, ...more] = of('ntfy')
      assert.ok(first?.sequence_id)
      assert.deepEqual([second?.sequence_id, more], [first.sequence_id, []])
      assert.equal(of('gotify').length, 2)
      const again = await loginTo(server, 'admin', PASSWORD)
      assert.deepEqual(await again('GET', '/api/notifications/dead'), [])
      const targets = (await again('GET', '/api/notifications/targets')) as { sent: number; problem: string }[]
      assert.deepEqual(
        targets.map(({ sent, problem }) => [sent, problem]),
        [
          [round + 1, ''],
          [round + 1, ''],
        ],
      )
    }
  } finally {
    await server.stop('SIGKILL')
  }
})
