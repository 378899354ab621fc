import { once } from 'node:events'
import { connect } from 'node:net'
import { createPluginStateRepository } from '../../src/library/plugin-state-repository.ts'
import type { Artwork } from '../../src/media/artwork.ts'
import { definePlugin } from '../../src/plugin/api/define.ts'
import { packageOf } from '../../src/plugin-kit/testing/plugin-source.ts'
import { onBothAdapters } from '../support/adapters.ts'
import { createBareHost } from '../support/bare-host.ts'
import { startTestServer } from '../support/test-server.ts'

const covers = definePlugin({
  name: 'covers',
  apiVersion: '1.0',
  permissions: ['routes', 'routes:public'],
  setup(ctx) {
    ctx.routes.get(
      '/cover/:user/:id',
      ({ params: { user = '', id = '' } }) => ({ kind: 'media', as: 'cover', mediaId: id, actAs: user, size: 100 }),
      { auth: 'public' },
    )
  },
})

onBothAdapters("a client that leaves while a plugin's cover is made needs it no longer", async (t, adapter) => {
  const running = await startTestServer({ adapter, libraries: { Music: { 'Ann/1.mp3': { title: 'One' } } } })
  let started = () => {}
  let left = () => {}
  const begun = new Promise<void>((resolve) => (started = resolve))
  const given = new Promise<void>((resolve) => (left = resolve))
  const artwork: Artwork = {
    ...running.core.artwork,
    cover: (_viewer, _id, _size, request) =>
      new Promise((_resolve, reject) => {
        request?.signal?.addEventListener('abort', () => {
          left()
          reject(new Error('nobody waits'))
        })
        started()
      }),
  }
  const host = createBareHost({ core: { ...running.core, artwork }, server: running.server })
  t.after(async () => {
    await host.stop()
    await running.stop()
  })
  const { db, clock } = running.core
  createPluginStateRepository(db).update('covers', { granted: ['routes', 'routes:public'] }, clock.now())
  await host.sync([await packageOf(covers, undefined)])
  const { id = 0 } = running.core.db.get<{ id: number }>('SELECT id FROM song') ?? {}
  const admin = running.core.accounts.find('admin')?.id ?? 0
  const socket = connect(Number(new URL(running.url).port), '127.0.0.1')
  await once(socket, 'connect')
  socket.write(`GET /plugins/covers/cover/u${admin.toString(36)}/s${id.toString(36)} HTTP/1.1\r\nHost: x\r\n\r\n`)
  await begun
  socket.destroy()
  await given
})
