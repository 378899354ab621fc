import assert from 'node:assert/strict'
import { test } from 'node:test'
import { believablePlayTime } from '../../src/playback/play-time.ts'

const NOW = Date.UTC(2026, 10, 21)

test('a play of the past keeps its time, however long ago', () => {
  for (const at of [NOW, NOW - 1, Date.UTC(2005, 5, 1), Date.UTC(1980, 0, 1)]) {
    assert.equal(believablePlayTime(at, NOW), at)
  }
})

test('the future and nonsense become now', () => {
  for (const at of [NOW + 1, 1e18, Number.POSITIVE_INFINITY, Number.NaN, 0, -5, 12_345]) {
    assert.equal(believablePlayTime(at, NOW), NOW, String(at))
  }
})

test('seconds are understood', () => {
  assert.equal(believablePlayTime(1_700_000_000, NOW), 1_700_000_000_000)
  assert.equal(believablePlayTime(90_000_000_000, NOW), NOW)
})
