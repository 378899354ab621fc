import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Interest } from '../../src/base/interest.ts'

test('shared work is wanted until the last who waits has gone', () => {
  const [one, two] = [new AbortController(), new AbortController()]
  const interest = new Interest()
  interest.join(one.signal)
  interest.join(two.signal)
  one.abort()
  assert.equal(interest.signal.aborted, false)
  two.abort()
  assert.equal(interest.signal.aborted, true)
})

test('work that somebody wants for good is never abandoned, and nobody who had gone before keeps it', () => {
  const one = new AbortController()
  const kept = new Interest()
  kept.join()
  kept.join(one.signal)
  one.abort()
  assert.equal(kept.signal.aborted, false)
  const left = new Interest()
  left.join(AbortSignal.abort())
  assert.equal(left.signal.aborted, true)
})
