import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { describe, type TestContext, test } from 'node:test'
import { definePlugin } from 'tonearm/plugin'
import { createTestHost } from 'tonearm/plugin/testing'
import { type GrantedConnectOptions, grantedConnect } from '../../src/plugin/containment/granted-connect.ts'

const options = (hosts: readonly string[], rest: Partial<GrantedConnectOptions> = {}): GrantedConnectOptions => ({
  plugin: 'tester',
  hosts,
  signal: new AbortController().signal,
  ...rest,
})
const DENIED = { code: 'PERMISSION_DENIED' }

/** Says back what it is told. */
async function echo(t: TestContext): Promise<{ readonly port: number; readonly sockets: Socket[] }> {
  const sockets: Socket[] = []
  const server = createServer((socket) => {
    sockets.push(socket)
    socket.on('error', () => {})
    socket.pipe(socket)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return { port: (server.address() as AddressInfo).port, sockets }
}

/** With an error or without. */
const closed = (socket: Socket) => new Promise<void>((resolve) => socket.once('close', () => resolve()))

describe('a connection of a plugin', () => {
  test('carries bytes both ways', async (t) => {
    const { port } = await echo(t)
    const socket = await grantedConnect(options(['127.0.0.1']), { host: '127.0.0.1', port })
    socket.write('hello')
    const [answer] = (await once(socket, 'data')) as [Buffer]
    assert.equal(answer.toString(), 'hello')
    socket.destroy()
  })

  test('reaches no host that was not granted, and private addresses by their own grant only', async (t) => {
    const { port, sockets } = await echo(t)
    const refused: readonly (readonly [grants: string[], host: string])[] = [
      [[], '127.0.0.1'],
      [['*'], '127.0.0.1'],
      [['*'], '::1'],
      [['*'], '[::1]'],
      [['*'], '0.0.0.0'],
      [['*'], '::ffff:127.0.0.1'],
      // By its name: the address is looked up, and is private.
      [['*'], 'localhost'],
      // What the resolver takes for an address, too.
      [['*'], '2130706433'],
      [['*'], '0x7f.1'],
      [['mail.example.org'], '127.0.0.1'],
    ]
    for (const [grants, host] of refused) {
      await assert.rejects(grantedConnect(options(grants), { host, port }), DENIED, `${grants} opened ${host}`)
    }
    assert.equal(sockets.length, 0)
    const socket = await grantedConnect(options(['localhost']), { host: 'localhost', port })
    socket.destroy()
  })

  test('ends with the plugin, and when the caller says so', async (t) => {
    const { port } = await echo(t)
    const life = new AbortController()
    const call = new AbortController()
    const options_ = options(['127.0.0.1'], { signal: life.signal })
    const first = await grantedConnect(options_, { host: '127.0.0.1', port, signal: call.signal })
    const second = await grantedConnect(options_, { host: '127.0.0.1', port })
    call.abort()
    await closed(first)
    assert.equal(second.destroyed, false)
    life.abort()
    await closed(second)
    await assert.rejects(grantedConnect(options_, { host: '127.0.0.1', port }), { code: 'CANCELLED' })
  })

  test('is told apart: refused, late, nonsense', async (t) => {
    const { port } = await echo(t)
    const gone = createServer().listen(0, '127.0.0.1')
    await once(gone, 'listening')
    const free = (gone.address() as AddressInfo).port
    gone.close()
    await once(gone, 'close')
    const any = options(['127.0.0.1', 'no-such-host.invalid'])
    await assert.rejects(grantedConnect(any, { host: '127.0.0.1', port: free }), { code: 'UNAVAILABLE' })
    await assert.rejects(grantedConnect(any, { host: 'no-such-host.invalid', port }), { code: 'UNAVAILABLE' })
    await assert.rejects(grantedConnect(any, { host: '127.0.0.1', port, timeoutMs: 0, signal: AbortSignal.abort() }), {
      code: 'CANCELLED',
    })
    for (const wrong of [0, -1, 65_536, 1.5, Number.NaN])
      await assert.rejects(grantedConnect(any, { host: '127.0.0.1', port: wrong }), { code: 'BAD_REQUEST' })
    await assert.rejects(grantedConnect(any, { host: '', port }), { code: 'BAD_REQUEST' })
  })

  test('is a member of the context, and gone after unloading', async (t) => {
    const { port, sockets } = await echo(t)
    const host = await createTestHost()
    t.after(() => host.dispose())
    let open: Socket | undefined
    const plugin = definePlugin({
      name: 'caller',
      apiVersion: '1.0',
      permissions: ['net:127.0.0.1'],
      async setup({ connect }) {
        open = await connect({ host: '127.0.0.1', port })
      },
    })
    await host.load(plugin)
    assert.equal(open?.destroyed, false)
    await host.assertNoLeaks('caller')
    assert.equal(open?.destroyed, true)
    await Promise.all(sockets.filter(({ closed }) => !closed).map((socket) => once(socket, 'close')))
  })
})
