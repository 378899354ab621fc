import assert from 'node:assert/strict'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { silentLogger } from '../../src/log/logger.ts'
import { watchDisks } from '../../src/notify/disk-watch.ts'
import type { Note } from '../../src/notify/notify.ts'
import { startPluginRoom } from '../support/plugin-room.ts'

const SONG = { title: 'One', artist: 'A', album: 'B' }

test('administrators hear of missing files, lost libraries, blocked logins and failed plugins', async (t) => {
  const server = await startPluginRoom(t, {
    libraries: { Music: { 'A/B/1.mp3': SONG, 'A/B/2.mp3': { ...SONG, title: 'Two' } } },
    settings: { 'auth.attempts': '2' },
    origin: 'data',
  })
  const notes: Note[] = []
  const { core, musicDir } = server
  core.notify.channel({ name: 'test', durable: true, deliver: async (note) => void notes.push(note) })
  const next = async (topic: string): Promise<Note> => {
    await core.notify.settled(10_000)
    const found = notes.find((note) => note.topic === topic)
    assert.ok(found, `${topic} is not among ${notes.map((note) => note.topic).join(', ')}`)
    assert.equal(found.userId, undefined)
    return found
  }

  await rm(join(musicDir, 'Music/A/B/2.mp3'))
  await core.scanner.scan({ kind: 'quick' })
  assert.equal((await next('files.missing')).data?.missing, 1)
  await rm(join(musicDir, 'Music'), { recursive: true })
  await core.scanner.scan({ kind: 'quick' })
  await core.scanner.scan({ kind: 'quick' })
  const lost = await next('library.lost')
  assert.equal(lost.data?.name, 'Music')
  assert.equal(notes.filter(({ topic }) => topic === 'library.lost').length, 1)
  assert.doesNotMatch(JSON.stringify(notes), new RegExp(musicDir))

  for (let n = 0; n < 3; n++)
    await server.get('/auth/login', { method: 'POST', body: JSON.stringify({ username: 'secret', password: 'x' }) })
  const blocked = await next('login.blocked')
  assert.deepEqual(blocked.data, { address: '127.0.0.1', client: 'node', userId: null })
  assert.doesNotMatch(JSON.stringify(blocked), /secret/)

  const waiting = await server.install('asking', { permissions: ['db', 'admin'] })
  assert.equal(waiting?.state, 'needs-grant')
  assert.deepEqual((await next('plugin.needs-grant')).data, { plugin: 'asking', permissions: ['db', 'admin'] })
  await server.install('broken', { setup: `throw new Error('no way')` })
  const failed = await next('plugin.failed')
  assert.match(String(failed.data?.reason), /no way/)
})

test('plugins follow scans and the states of plugins, and find by a cursor what they missed', async (t) => {
  const server = await startPluginRoom(t, { libraries: { Music: { 'A/B/1.mp3': SONG } } })
  await server.install('watch', {
    apiVersion: '1.1',
    permissions: ['library:read', 'server:read', 'routes', 'routes:public', 'notify'],
    setup: `
      const seen = []
      ctx.hooks.on('scan.progress', (event) => { seen.push(['scan', event.scanning]) })
      ctx.hooks.on('plugin.state', ({ plugin, to }) => { seen.push([plugin, to]) })
      ctx.notify.channel('box', async ({ id, topic, data }) => { seen.push(['note', typeof id, topic, data]) }, { durable: true })
      ctx.routes.post('/send', () => { ctx.notify.send({ topic: 'watch.hello', title: 'Hello', data: { n: 1 } }); return { kind: 'empty' } }, { auth: 'public' })
      ctx.routes.get('/seen', async () => ({ kind: 'json', body: { seen, added: await ctx.library.added({ after: 0 }), last: await ctx.library.lastAdded() } }), { auth: 'public' })`,
  })
  await server.install('other', {})
  await server.core.scanner.scan({ kind: 'full' })
  await server.get('/plugins/watch/send', { method: 'POST' })
  await server.core.hooks.settled(10_000)
  await server.core.notify.settled(10_000)
  const { seen, added, last } = (await (await server.get('/plugins/watch/seen')).json()) as {
    seen: unknown[][]
    added: Record<string, unknown>[]
    last: number
  }
  const has = (...entry: unknown[]) => seen.some((one) => JSON.stringify(one) === JSON.stringify(entry))
  assert.ok(has('scan', true) && has('scan', false), JSON.stringify(seen))
  assert.ok(has('other', 'starting') && has('other', 'active'))
  assert.ok(has('note', 'string', 'watch.hello', { n: 1 }))
  assert.equal(added.length, 1)
  assert.equal(added[0]?.id, last)
  assert.match(String(added[0]?.mediaId), /^s/)
})

test('a disk with little room is told once, until there is room again', async () => {
  const sent: string[] = []
  const looks: (() => void | Promise<void>)[] = []
  const timers = {
    after: (_ms: number, run: () => void | Promise<void>) => {
      looks.push(run)
      return () => {}
    },
  }
  const notify = { send: ({ topic }: { readonly topic: string }) => void sent.push(topic) }
  const paths = { data: '/', cache: '/nowhere-at-all', minFree: Number.MAX_SAFE_INTEGER }
  const stop = watchDisks({ paths, notify, timers, log: silentLogger })
  for (let n = 0; n < 3; n++) {
    while (looks.length === 0) await new Promise((resolve) => setTimeout(resolve, 5))
    await looks.shift()?.()
  }
  stop()
  assert.deepEqual(sent, ['disk.low'])
  const none: string[] = []
  watchDisks({
    paths: { ...paths, minFree: 0 },
    notify: { send: ({ topic }) => void none.push(topic) },
    timers,
    log: silentLogger,
  })()
  assert.deepEqual(none, [])
})
