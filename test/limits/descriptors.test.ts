import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readdirSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { before, test } from 'node:test'
import { descriptorLimit, readLimit } from '../../src/base/descriptors.ts'
import { connectionsWithin } from '../../src/http/connection-limit.ts'
import { buildOnce } from '../support/build-once.ts'
import { scratch } from '../support/program.ts'
import { ask, startServer } from '../support/server-process.ts'

before(buildOnce)

for (const adapter of ['uws', 'node'])
  for (const limit of [320, 1024, 4096])
    test(`more idle connections than ${limit} descriptors end nothing, and those who ask are answered (${adapter})`, {
      // Those who connect need as many, and more.
      skip: (descriptorLimit() ?? Number.POSITIVE_INFINITY) < 2 * limit && 'this machine allows too few descriptors',
    }, async (t) => {
      let stop = async () => {}
      const home = scratch((cleanup) =>
        t.after(async () => {
          await stop()
          cleanup()
        }),
      )
      const music = join(home, 'music')
      mkdirSync(music)
      const server = await startServer({
        data: join(home, 'data'),
        music: [music],
        shell: `ulimit -n ${limit}`,
        env: { TONEARM_SERVER_ADAPTER: adapter },
      })
      const sockets: Socket[] = []
      stop = async () => {
        for (const socket of sockets) socket.destroy()
        await server.stop()
      }
      for (let round = 0; round < 4; round++) {
        await Promise.all(
          Array.from({ length: Math.ceil(limit / 3) }, async () => {
            const socket = connect(server.port, '127.0.0.1')
            socket.on('error', () => {})
            sockets.push(socket)
            await Promise.race([once(socket, 'connect'), once(socket, 'close')])
          }),
        )
        const open = readdirSync(`/proc/${server.pid}/fd`).length
        assert.ok(open < limit - 50, `${open} open`)
      }
      // Those that say nothing come to the end of their time; a login is what plugins are called for.
      const goal = performance.now() + 60_000
      // The first goes by a connection that is open since the start, and ends it; the second by a new one.
      let answered = 0
      while (answered < 2 && performance.now() < goal)
        answered += await ask(server, 'ping').then(
          () => 1,
          () => new Promise<0>((resolve) => setTimeout(() => resolve(0), 100)),
        )
      assert.equal(answered, 2)
    })

test('a call with a time limit answers where Node can have no descriptors for the limit', () => {
  for (const keep of [0, 1, 2, 3, 5, 8, 40]) {
    const { stdout, stderr, signal } = spawnSync(
      'sh',
      [
        '-c',
        `ulimit -n 128; exec "$0" --conditions=tonearm-source --import tsx test/fixtures/watched-without-descriptors.ts ${keep}`,
        process.execPath,
      ],
      { encoding: 'utf8', timeout: 60_000 },
    )
    assert.equal(signal, null, `${keep} left: ${stderr}`)
    assert.deepEqual(JSON.parse(stdout), { answer: 42, stopped: keep === 40 }, `${keep} left`)
  }
})

test('connections are bounded by the limit in force', () => {
  assert.equal(readLimit('Max open files            1024                 524288               files     \n'), 1024)
  assert.equal(readLimit('Max open files            unlimited            unlimited            files     \n'), Infinity)
  assert.equal(readLimit('Max processes             1                    2                    processes \n'), undefined)
  const table: readonly (readonly [number | undefined, number])[] = [
    [64, 16],
    [256, 32],
    [1024, 416],
    [4096, 1952],
    [524_288, 4096],
    [Infinity, 4096],
    [undefined, 4096],
  ]
  for (const [limit, connections] of table) assert.equal(connectionsWithin(limit), connections, String(limit))
})
