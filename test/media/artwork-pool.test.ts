import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { pause } from '../../src/base/deadline.ts'
import { silentLogger } from '../../src/log/logger.ts'
import { createImagePool, type ImagePool, type ImagePoolOptions } from '../../src/media/artwork/image-pool.ts'
import type { ImageLimits, ImageTask } from '../../src/media/artwork/image-tasks.ts'

const CHILD = fileURLToPath(new URL('../fixtures/unruly-image-child.ts', import.meta.url))
const LIMITS: ImageLimits = { maxBytes: 1, maxDecodedBytes: 1 << 27, maxPixels: 1, quality: 1, maxUnresizedBytes: 1 }

function poolOf(t: { after(fn: () => Promise<void>): void }, options: Partial<ImagePoolOptions> = {}): ImagePool {
  const entry = { path: CHILD, execArgv: ['--import', 'tsx'] }
  const pool = createImagePool({ entry, limits: LIMITS, log: silentLogger, workers: 1, ...options })
  t.after(() => pool.stop())
  return pool
}

const task = (path: string): ImageTask => ({ kind: 'master', source: { kind: 'file', path }, edge: 1, folder: '' })

async function contentOf(pool: ImagePool, path: string, background = false): Promise<string> {
  const result = await pool.run(task(path), { background })
  assert.ok(result.ok)
  return result.content
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

async function gone(pids: readonly number[]): Promise<void> {
  for (let turn = 0; turn < 500 && pids.some(isAlive); turn++) await pause(10)
  assert.deepEqual(pids.filter(isAlive), [])
}

test('a task that hangs costs its process its life, and the next one gets a fresh process', async (t) => {
  const pool = poolOf(t, { taskMs: 300 })
  await contentOf(pool, 'warm')
  for (const bad of ['hang', 'spin']) {
    const before = pool.processes()
    const [result, after] = await Promise.all([pool.run(task(bad)), contentOf(pool, 'next')])
    assert.deepEqual(result, { ok: false, reason: 'timeout' })
    assert.match(after, /next$/)
    await gone(before)
  }
})

test('a task that kills its process fails alone', async (t) => {
  const pool = poolOf(t)
  const [crashed, other] = await Promise.all([pool.run(task('crash')), contentOf(pool, 'other')])
  assert.deepEqual(crashed, { ok: false, reason: 'crashed' })
  assert.match(other, /other$/)
})

test('processes end when there is no work, and when the pool stops', async (t) => {
  const idle = poolOf(t, { idleMs: 50, workers: 2 })
  await Promise.all([contentOf(idle, 'a'), contentOf(idle, 'b')])
  const pids = idle.processes()
  assert.ok(pids.length >= 1)
  await gone(pids)
  assert.deepEqual(idle.processes(), [])

  const stopped = poolOf(t)
  const hanging = stopped.run(task('hang'))
  const waiting = stopped.run(task('never'))
  const refused = [assert.rejects(hanging, { code: 'UNAVAILABLE' }), assert.rejects(waiting, { code: 'UNAVAILABLE' })]
  const running = stopped.processes()
  await stopped.stop()
  await Promise.all(refused)
  await gone(running)
  await assert.rejects(stopped.run(task('late')), { code: 'UNAVAILABLE' })
})

test('requests go before background work, and the queue of requests has an end', async (t) => {
  const pool = poolOf(t, { maxQueued: 3 })
  const order: string[] = []
  const note = (name: string, background: boolean) =>
    contentOf(pool, name, background).then(() => {
      order.push(name)
    })
  const work = [note('b1', true), note('b2', true), note('r1', false), note('r2', false), note('r3', false)]
  await assert.rejects(pool.run(task('r4')), { code: 'BUSY' })
  await Promise.all(work)
  assert.deepEqual(order, ['r1', 'r2', 'r3', 'b1', 'b2'])
})

test('a request that waits too long is told to come back', async (t) => {
  const pool = poolOf(t, { waitMs: 3_000, taskMs: 20_000 })
  await contentOf(pool, 'warm')
  const hanging = assert.rejects(pool.run(task('hang')), { code: 'UNAVAILABLE' })
  await assert.rejects(pool.run(task('second')), { code: 'BUSY' })
  await pool.stop()
  await hanging
})

test('a process that never comes up makes requests fail instead of wait', async (t) => {
  const pool = poolOf(t, { limits: { fail: true } as unknown as ImageLimits })
  await assert.rejects(pool.run(task('a')), { code: 'UNAVAILABLE' })
})

test('the image process does not inherit the secrets of the server', async (t) => {
  process.env.TONEARM_ADMIN_PASSWORD = 'hunter2'
  t.after(() => {
    delete process.env.TONEARM_ADMIN_PASSWORD
  })
  assert.match(await contentOf(poolOf(t), 'x'), /^no secret/)
})

test('what nobody waits for any more leaves the queue at once, and what comes next is served', async (t) => {
  const pool = poolOf(t, { taskMs: 500, maxQueued: 5 })
  await contentOf(pool, 'warm')
  const hanging = pool.run(task('hang'))
  // Covers that scroll by: many more than may wait.
  for (let n = 0; n < 50; n++) {
    const gone = new AbortController()
    const scrolled = pool.run(task(`scrolled ${n}`), { signal: gone.signal })
    gone.abort()
    await assert.rejects(scrolled, { code: 'CANCELLED' })
  }
  await assert.rejects(pool.run(task('late'), { signal: AbortSignal.abort() }), { code: 'CANCELLED' })
  assert.match(await contentOf(pool, 'wanted'), /wanted$/)
  await hanging
})
