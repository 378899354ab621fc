import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BatchedRebuild } from '../../src/plugin/host/batched-rebuild.ts'

function counting() {
  const counts = { done: 0 }
  const rebuild: BatchedRebuild = new BatchedRebuild(() => {
    counts.done++
    rebuild.done()
  })
  return { rebuild, counts }
}

test('what several starts ask for is done once, when the last of them has ended', async () => {
  const { rebuild, counts } = counting()
  const ends: (() => void)[] = []
  const starts = [1, 2, 3].map(() => rebuild.during(new Promise((resolve) => ends.push(resolve))))
  for (const end of ends.slice(0, 2)) {
    rebuild.ask()
    end()
  }
  await Promise.all(starts.slice(0, 2))
  assert.equal(counts.done, 0)
  ends[2]?.()
  await starts[2]
  assert.equal(counts.done, 1)
})

test('one that takes its time, or fails, holds nobody up', async () => {
  const { rebuild, counts } = counting()
  const failing = rebuild.during(Promise.reject(new Error('it does not start')))
  const hanging = rebuild.during(new Promise(() => {}))
  rebuild.ask()
  await failing
  while (counts.done === 0) await new Promise((resolve) => setTimeout(resolve, 5))
  assert.equal(counts.done, 1)
  void hanging
})

test('a single start, and work that somebody else did, wait for nothing and leave nothing to do', async () => {
  const { rebuild, counts } = counting()
  rebuild.ask()
  assert.equal(counts.done, 1)
  const ends: (() => void)[] = []
  const starts = [1, 2].map(() => rebuild.during(new Promise((resolve) => ends.push(resolve))))
  rebuild.ask()
  rebuild.done()
  for (const end of ends) end()
  await Promise.all(starts)
  assert.equal(counts.done, 1)
})
