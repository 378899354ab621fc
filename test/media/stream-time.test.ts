import assert from 'node:assert/strict'
import { test } from 'node:test'
import { offsetOf } from '../../src/media/stream-time.ts'

const DAY_MS = 86_400_000

for (const [durationMs, seconds, offsetMs] of [
  [240_000, undefined, 0],
  [240_000, Number.NaN, 0],
  [240_000, -5, 0],
  [240_000, 1.2345, 1235],
  [240_000, 1e99, 239_000],
  [240_000, Number.POSITIVE_INFINITY, 239_000],
  [500, 3, 0],
  [2 * DAY_MS, 100_000, 100_000_000],
  [0, 10, 10_000],
  [0, 1e99, DAY_MS],
  [0, Number.POSITIVE_INFINITY, DAY_MS],
] as const)
  test(`${seconds} s into ${durationMs} ms are ${offsetMs} ms`, () => {
    assert.equal(offsetOf({ durationMs }, seconds), offsetMs)
  })
