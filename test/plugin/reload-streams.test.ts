import assert from 'node:assert/strict'
import { get } from 'node:http'
import { test } from 'node:test'
import { encodeId, type SongId } from '../../src/base/ids.ts'
import { startPluginRoom } from '../support/plugin-room.ts'

const STREAMS = 50
const RELOADS = 500
const SONGS = 5
/** Songs of 5 MB, of which each client takes a piece of some 64 KB in so many reloads: more than half is left at the end. */
const SONG_SECONDS = 300
const RELOADS_A_PIECE = 20

const PROBE = {
  permissions: ['routes', 'routes:public', 'access:stream', 'playback:read', 'scheduler'],
  setup: `
    ctx.routes.get('/ping', () => ({ kind: 'json', body: { ok: true } }), { auth: 'public' })
    ctx.routes.get('/later', async () => { await new Promise((r) => setTimeout(r, 3)); return { kind: 'text', body: 'ok' } }, { auth: 'public' })
    ctx.hooks.on('stream.authorize', async () => { await null; return { allow: true } })
    ctx.hooks.on('playback.started', () => {})
    ctx.scheduler.every(1000, () => {})
    ctx.effect(() => () => {})`,
}

test('500 reloads under 50 live streams and steady requests drop nothing', async (t) => {
  const audio = { format: 'mp3' as const, seconds: SONG_SECONDS }
  const songs = Array.from({ length: SONGS }, (_, n) => [`Band/Album/${n}.mp3`, { audio }] as const)
  const server = await startPluginRoom(t, { libraries: { Music: Object.fromEntries(songs) } })
  await server.install('probe', PROBE)
  const known = server.core.db.all<{ id: SongId; size: number }>('SELECT id, size FROM song')
  assert.equal(known.length, SONGS)
  const streams = Array.from({ length: STREAMS }, (_, n) => {
    const { id, size } = known[n % SONGS] as (typeof known)[number]
    const query = `id=${encodeId('song', id)}&u=admin&p=admin-pass&v=1.16.1&c=test&format=raw`
    return slowClient(`${server.url}/rest/stream?${query}`, size)
  })

  let reloading = true
  const requests = { sent: 0, bad: [] as string[] }
  const steady = async (path: string) => {
    while (reloading) {
      const answer = await server.get(path)
      requests.sent++
      if (answer.status !== 200) requests.bad.push(`${path}: ${answer.status} ${await answer.text()}`)
      else await answer.arrayBuffer()
    }
  }
  const clients = [steady('/plugins/probe/ping'), steady('/plugins/probe/later'), steady('/plugins/probe/ping')]
  let gaps = 0
  const watch = setInterval(() => {
    if (!server.core.hooks.has('stream.authorize')) gaps++
  }, 1)
  for (let n = 0; n < RELOADS; n++) {
    await server.host.reload('probe')
    if (!server.core.hooks.has('stream.authorize') || server.host.tables.routes.length !== 2) gaps++
    if (n % RELOADS_A_PIECE === 0) for (const stream of streams) stream.step()
    if (n === RELOADS - 1) assert.equal(streams.filter(({ over }) => over).length, 0)
  }
  reloading = false
  await Promise.all(clients)
  clearInterval(watch)
  await server.host.setEnabled('probe', false)
  const begun = streams.filter(({ received }) => received > 0)
  assert.equal(begun.length, STREAMS)
  assert.equal(gaps, 0)
  assert.deepEqual(requests.bad, [])
  assert.ok(requests.sent >= RELOADS, `${requests.sent} requests`)
  for (const stream of streams) stream.hurry()
  const bodies = await Promise.all(streams.map((stream) => stream.done))
  assert.deepEqual(
    bodies.filter(({ whole }) => !whole),
    [],
  )
})

/** Reads a piece of its body when it is told to, and the rest when it is told to hurry. */
function slowClient(url: string, size: number) {
  let hurried = false
  let step = () => {}
  let received = 0
  let over = false
  const done = new Promise<{ readonly whole: boolean; readonly received: number; readonly status: number }>(
    (resolve) => {
      const request = get(url, { agent: false }, (answer) => {
        answer.on('data', (chunk: Buffer) => {
          received += chunk.length
          if (!hurried) answer.pause()
        })
        step = () => answer.resume()
        answer.on('close', () => {
          const status = answer.statusCode ?? 0
          over = true
          resolve({ whole: answer.complete && received === size && status === 200, received, status })
        })
      })
      request.on('error', () => resolve({ whole: false, received, status: 0 }))
    },
  )
  return {
    done,
    step: () => step(),
    hurry: () => {
      hurried = true
      step()
    },
    get over() {
      return over
    },
    get received() {
      return received
    },
  }
}
