import assert from 'node:assert/strict'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { systemClock } from '../../src/base/clock.ts'
import { silentLogger } from '../../src/log/logger.ts'
import { TagReader } from '../../src/scanner/tag-reader.ts'
import { writeAudio } from '../support/audio.ts'
import { childEntry } from '../support/scanned-library.ts'
import { tempFolder } from '../support/temp-database.ts'

function readerOf(t: Pick<TestContext, 'after'>, module?: string, timeoutMs = 700, children = 1): TagReader {
  const entry = childEntry(module)
  const reader = new TagReader({ entry, children, timeoutMs, log: silentLogger, clock: systemClock })
  t.after(() => reader.close())
  return reader
}

test('files that crash or hang their reader are told, all others are read', async (t) => {
  const reader = readerOf(t, '../fixtures/moody-reader.ts')
  const names = ['a', 'crash', 'b', 'block', 'c', 'silent', 'd', 'e', 'crash again', 'f']
  const outcomes = await Promise.all(names.map((name) => reader.read(`/music/${name}`)))
  const failed = names.filter((_, index) => !outcomes[index]?.ok)
  assert.deepEqual(failed, ['crash', 'block', 'silent', 'crash again'])
  for (const outcome of outcomes) if (!outcome.ok) assert.match(outcome.reason, /took longer|ended its reading process/)
})

test('two processes share the files and a bad one costs the others nothing', async (t) => {
  const reader = readerOf(t, '../fixtures/moody-reader.ts', 700, 2)
  const names = Array.from({ length: 60 }, (_, index) => (index % 20 === 7 ? `block ${index}` : `song ${index}`))
  const outcomes = await Promise.all(names.map((name) => reader.read(name)))
  assert.equal(outcomes.filter(({ ok }) => ok).length, 57)
})

test('a reader that can not start is an error, not an outcome of the files', async (t) => {
  const reader = readerOf(t, '../fixtures/stillborn-reader.ts')
  const [first, second] = await Promise.allSettled([reader.read('/music/a'), reader.read('/music/b')])
  const third = await reader.read('/music/c').catch((error: unknown) => error)
  reader.close()
  const later = await reader.read('/music/d').catch((error: unknown) => error)
  for (const failure of [
    first.status === 'rejected' && first.reason,
    second.status === 'rejected' && second.reason,
    third,
    later,
  ])
    assert.match(String(failure), /no file can be read: the reading process ends at its start \(3\)/)
})

test('closing ends what waits', async (t) => {
  const reader = readerOf(t, '../fixtures/moody-reader.ts', 60_000)
  const waiting = reader.read('silent')
  reader.close()
  await assert.rejects(waiting, /closed/)
  await assert.rejects(reader.read('more'), /closed/)
})

test('the real process reads real files and tells reasons without paths', async (t) => {
  const folder = tempFolder(t)
  await writeAudio(join(folder, 'a.mp3'), { tags: { title: 'Real' } })
  const reader = readerOf(t, undefined, 20_000)
  const [good, bad] = await Promise.all([reader.read(join(folder, 'a.mp3')), reader.read(join(folder, 'none.mp3'))])
  assert.deepEqual(good.ok && good.file.tags.title, ['Real'])
  assert.ok(!bad.ok && bad.reason.includes('ENOENT') && !bad.reason.includes(folder))
})
