import assert from 'node:assert/strict'
import { test } from 'node:test'
import { oneAtATime } from '../../src/base/one-at-a-time.ts'
import { gate } from '../support/hooks.ts'

/** Work whose runs end, or fail, one by one when the test says so. */
function workOf() {
  const ends: ReturnType<typeof gate<void>>[] = []
  let running = 0
  let most = 0
  const ask = oneAtATime(async () => {
    most = Math.max(most, ++running)
    const end = gate<void>()
    ends.push(end)
    await end.promise.finally(() => running--)
  })
  return { ask, ends, most: () => most }
}

test('asked for while it runs, work runs once more for all who asked', async () => {
  const { ask, ends, most } = workOf()
  const first = ask()
  const others = [ask(), ask(), ask()]
  assert.equal(ends.length, 1)
  ends[0]?.open()
  await first
  // Asked in the moment between two runs.
  others.push(ask())
  await new Promise(setImmediate)
  assert.equal(ends.length, 2)
  const last = ask()
  ends[1]?.open()
  await Promise.all(others)
  await new Promise(setImmediate)
  assert.equal(ends.length, 3)
  ends[2]?.open()
  await last
  assert.equal(most(), 1)
  const again = ask()
  assert.equal(ends.length, 4)
  ends[3]?.open()
  await again
})

test('a run that fails is the failure of those who asked for it, and of nobody else', async () => {
  let runs = 0
  const ask = oneAtATime(async () => {
    if (++runs === 1) throw new Error('the first')
  })
  const [first, second] = await Promise.allSettled([ask(), ask()])
  assert.deepEqual([first?.status, second?.status, runs], ['rejected', 'fulfilled', 2])
})
