import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { collectAtRest } from '../../src/cli/collect-at-rest.ts'

/** Looks at the heap as often as told; nothing else runs between two of them. */
function clockwork(t: TestContext): (looks: number) => void {
  t.mock.timers.enable({ apis: ['setInterval'] })
  return (looks) => {
    for (let look = 0; look < looks; look++) t.mock.timers.tick(4000)
  }
}

/** Numbers on the heap itself, for as long as they are held. */
const fill = (bytes: number): number[][] =>
  Array.from({ length: Math.ceil(bytes / 65_536) }, () => new Array<number>(8192).fill(0.5))

test('a server at rest collects twice, then not again until there is something to collect', (t) => {
  let collections = 0
  const pass = clockwork(t)
  t.after(collectAtRest(() => void collections++))
  pass(1)
  assert.equal(collections, 0, 'one look does not tell rest')
  pass(10)
  assert.equal(collections, 2)
  const held = fill(4 << 20)
  pass(1)
  assert.equal(collections, 2, 'while memory grows it is not at rest')
  pass(10)
  assert.equal(collections, 4)
  assert.ok(held.length > 0)
})

test('a server at work is left alone', (t) => {
  let collections = 0
  const pass = clockwork(t)
  t.after(collectAtRest(() => void collections++))
  const held: number[][][] = []
  for (let look = 0; look < 6; look++) {
    held.push(fill(8 << 20))
    pass(1)
  }
  assert.equal(collections, 0)
  assert.equal(held.length, 6)
})

test('what ends it ends it', (t) => {
  let collections = 0
  const pass = clockwork(t)
  const end = collectAtRest(() => void collections++)
  pass(1)
  end()
  pass(10)
  assert.equal(collections, 0)
})

test('the collector is taken out of the reach of plugins; without one nothing happens', (t) => {
  let collections = 0
  const before = globalThis.gc
  t.after(() => {
    if (before) globalThis.gc = before
  })
  globalThis.gc = (() => void collections++) as typeof globalThis.gc
  const pass = clockwork(t)
  t.after(collectAtRest())
  assert.equal(globalThis.gc, undefined)
  pass(5)
  assert.equal(collections, 2)
  collectAtRest()()
  pass(5)
  assert.equal(collections, 2)
})
