import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import type { MemoryFigures } from '../fixtures/plugin-memory.ts'
import { PRODUCTION_FLAGS } from '../support/server-process.ts'

const MIB = 1024 * 1024

test('after 300 reloads of each plugin nearly all generations are collected, and the heap is what it was', async (t) => {
  const script = join(import.meta.dirname, '..', 'fixtures', 'plugin-memory.ts')
  const flags = [...PRODUCTION_FLAGS, '--expose-gc', '--conditions=tonearm-source', '--import', 'tsx']
  const { stdout } = await promisify(execFile)(process.execPath, [...flags, script, '30', '300'], { timeout: 300_000 })
  const figures = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as MemoryFigures)
  assert.ok(figures.length >= 2)
  for (const { plugin, collected, heapGrowth, rssGrowth, msPerReload } of figures) {
    t.diagnostic(
      `${plugin}: ${(collected * 100).toFixed(1)} % collected, heap ${(heapGrowth / MIB).toFixed(2)} MiB, RSS ${(rssGrowth / MIB).toFixed(1)} MiB, ${msPerReload.toFixed(2)} ms a reload`,
    )
    assert.ok(collected >= 0.99, `${plugin}: ${collected} collected`)
    assert.ok(heapGrowth <= MIB, `${plugin}: heap grew by ${heapGrowth} bytes`)
    assert.ok(rssGrowth <= 16 * MIB, `${plugin}: RSS grew by ${rssGrowth} bytes`)
  }
})
