import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ByteSource } from '../../src/base/byte-source.ts'
import { MediaLeases } from '../../src/plugin/routes/media-leases.ts'
import { createTestClock } from '../support/clock.ts'

const endless: ByteSource = {
  contentType: 'audio/flac',
  open: async () => ({ read: async () => new Uint8Array(1), close: () => {} }),
}
const over = { code: 'NOT_FOUND' }

test('a lease that is ended before its first byte is over', async () => {
  const leases = new MediaLeases(createTestClock())
  const give = (key: string, plugin = 'sharing') => leases.revocable(endless, { plugin, key }, leases.ends)
  const [ended, other, foreign] = [give('a'), give('b'), give('a', 'another')]
  assert.equal(leases.end('sharing', 'a'), 0)
  await assert.rejects((await ended.open()).read(), over)
  for (const source of [other, foreign]) assert.equal((await (await source.open()).read())?.length, 1)
  // Given anew, it counts.
  assert.equal((await (await give('a').open()).read())?.length, 1)
})

test('a plugin that is switched off ends also what has not begun, and nothing of others', async () => {
  const leases = new MediaLeases(createTestClock())
  const give = (plugin: string) => leases.revocable(endless, { plugin, key: 'a' }, leases.ends)
  const [mine, foreign] = [give('sharing'), give('another')]
  leases.endAll('sharing')
  await assert.rejects((await mine.open()).read(), over)
  assert.equal((await (await foreign.open()).read())?.length, 1)
})

test('what nobody remembers is over', async () => {
  const leases = new MediaLeases(createTestClock())
  const early = leases.revocable(endless, { plugin: 'sharing', key: 'early' }, leases.ends)
  for (let count = 0; count < 5000; count++) leases.end('sharing', `k${count}`)
  await assert.rejects((await early.open()).read(), over)
})
