import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { closeSync, constants, mkdirSync, openSync, readFileSync, readSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { before, test } from 'node:test'
import { buildOnce } from '../support/build-once.ts'
import { scratch } from '../support/program.ts'
import { type ServerProcess, startServer } from '../support/server-process.ts'

before(buildOnce)

/** The server with all it does logged there. */
async function serve(home: string, stdout: number, format: string): Promise<ServerProcess> {
  const music = join(home, 'music')
  mkdirSync(music)
  return startServer({
    data: join(home, 'data'),
    music: [music],
    stdout,
    env: { TONEARM_LOG_LEVEL: 'debug', TONEARM_LOG_FORMAT: format },
  })
}

/** Enough requests for more than what may wait of the log. */
async function ask(server: ServerProcess, count: number): Promise<void> {
  const path = `/nothing/${'x'.repeat(1500)}`
  for (let done = 0; done < count; done += 10)
    await Promise.all(
      Array.from({ length: 10 }, async () => {
        const answer = await fetch(server.url + path)
        assert.equal(answer.status, 404)
        await answer.arrayBuffer()
      }),
    )
}

/** It stops by itself: the first signal is enough, and nobody has to kill it (20 s later). */
async function stops(server: ServerProcess): Promise<void> {
  const started = performance.now()
  await server.stop()
  assert.ok(performance.now() - started < 15_000, 'the stop came to its end')
}

for (const format of ['json', 'text']) {
  test(`a full disk behind standard output ends nothing (${format})`, async (t) => {
    const home = scratch((cleanup) => t.after(cleanup))
    const full = openSync('/dev/full', 'w')
    t.after(() => closeSync(full))
    const server = await serve(home, full, format)
    await ask(server, 50)
    await stops(server)
  })

  test(`a reader of standard output that stalls ends nothing; what was lost is counted when it reads on (${format})`, async (t) => {
    const home = scratch((cleanup) => t.after(cleanup))
    const path = join(home, 'pipe')
    execFileSync('mkfifo', [path])
    const pipe = openSync(path, constants.O_RDWR | constants.O_NONBLOCK)
    t.after(() => closeSync(pipe))
    const output = openSync(path, constants.O_WRONLY)
    t.after(() => closeSync(output))
    const server = await serve(home, output, format)
    await ask(server, 1000)
    const all = await readUntil(pipe, /were lost.{0,60}\n/)
    assert.ok(Number(/lines(?:=|":)(\d+)/.exec(all)?.[1]) > 0)
    await ask(server, 100)
    await stops(server)
  })
}

async function readUntil(fd: number, pattern: RegExp): Promise<string> {
  const buffer = Buffer.alloc(65_536)
  let text = ''
  for (const until = performance.now() + 60_000; performance.now() < until; ) {
    try {
      text += buffer.toString('utf8', 0, readSync(fd, buffer))
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    if (pattern.test(text)) return text
  }
  throw new Error(`nothing like ${pattern} in ${text.length} characters that end in ${text.slice(-500)}`)
}

test('a disk that was full has the lines again when there is room', async (t) => {
  const home = scratch((cleanup) => {
    t.after(() => {
      spawnSync('umount', ['-l', join(home, 'disk')])
      cleanup()
    })
  })
  const disk = join(home, 'disk')
  mkdirSync(disk)
  if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=512k', 'tmpfs', disk]).status !== 0)
    return t.skip('only root can mount')
  const ballast = join(disk, 'ballast')
  writeFileSync(ballast, Buffer.alloc(400 << 10))
  const file = join(disk, 'log')
  const output = openSync(file, 'a')
  t.after(() => closeSync(output))
  const server = await serve(home, output, 'json')
  await ask(server, 100)
  rmSync(ballast)
  const goal = performance.now() + 60_000
  const paths = () => readFileSync(file, 'utf8').split('/nothing/').length - 1
  while (paths() < 100 && performance.now() < goal) await new Promise((resolve) => setTimeout(resolve, 50))
  assert.equal(paths(), 100)
  for (const line of readFileSync(file, 'utf8').trim().split('\n')) JSON.parse(line)
  await stops(server)
})
