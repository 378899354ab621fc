import assert from 'node:assert/strict'
import { mkdirSync, utimesSync, writeFileSync } from 'node:fs'
import { describe, type TestContext, test } from 'node:test'
import { createBreadcrumb } from '../../src/plugin/containment/breadcrumb.ts'
import { markRun } from '../../src/plugin/containment/run-marker.ts'
import { tempFolder } from '../support/temp-database.ts'

const MINUTE = 60_000

/** Starts one process after the other on a folder; each is killed with this plugin on the stack, entered at `enteredMs`. */
function killed(t: TestContext) {
  const folder = tempFolder(t, 'tonearm-marker-')
  return (times: Parameters<typeof markRun>[1], at?: { readonly plugin: string; readonly enteredMs: number }) => {
    mkdirSync(folder, { recursive: true })
    const marker = markRun(folder, times)
    assert.ok(marker)
    const breadcrumb = createBreadcrumb(marker.breadcrumbPath)
    t.after(() => breadcrumb.close())
    if (at) {
      breadcrumb.enter(at.plugin)
      utimesSync(marker.breadcrumbPath, at.enteredMs / 1000, at.enteredMs / 1000)
    }
    return marker
  }
}

describe('how the last process ended', () => {
  test('the first one, and one after an orderly end, blame nobody', (t) => {
    const start = killed(t)
    const first = start({ wallMs: 0, uptimeMs: 0 })
    assert.deepEqual(first.lastRun, { killed: false, culprit: undefined, safeMode: false })
    first.end()
    assert.equal(start({ wallMs: MINUTE, uptimeMs: MINUTE }).lastRun.killed, false)
  })

  test('a plugin that ran for as long as a watchdog waits is named, one that just ran is not', (t) => {
    for (const [watchdogMs, ranMs, culprit] of [
      [30_000, 20_000, 'slow'],
      [30_000, 14_000, undefined],
      [0, 15_000, 'slow'],
      [0, 5_000, undefined],
      // The clock was set back meanwhile: rather named than run again.
      [30_000, -MINUTE, 'slow'],
    ] as const) {
      const start = killed(t)
      start({ wallMs: 0, uptimeMs: 0, watchdogMs }, { plugin: 'slow', enteredMs: MINUTE })
      const { lastRun } = start({ wallMs: MINUTE + ranMs, uptimeMs: MINUTE, watchdogMs })
      assert.equal(lastRun.culprit, culprit, `${ranMs} of ${watchdogMs}`)
      assert.equal(lastRun.killed, true)
    }
  })

  test('two kills without a culprit in ten minutes are safe mode, whatever the clock on the wall says', (t) => {
    const start = killed(t)
    start({ wallMs: 100 * MINUTE, uptimeMs: 0 })
    assert.equal(start({ wallMs: 50 * MINUTE, uptimeMs: MINUTE }).lastRun.safeMode, false)
    assert.equal(start({ wallMs: 10 * MINUTE, uptimeMs: 2 * MINUTE }).lastRun.safeMode, true)
    assert.equal(start({ wallMs: 10 * MINUTE, uptimeMs: 30 * MINUTE }).lastRun.safeMode, false)
  })

  test('a process that was asked to stop and did not live to do so blames nobody', (t) => {
    const folder = tempFolder(t, 'tonearm-marker-')
    markRun(folder, { wallMs: 0, uptimeMs: 0 })
    writeFileSync(`${folder}/plugin`, 'busy')
    for (const [verdict, culprit] of [
      ['-\n', undefined],
      ['hangs\n', 'hangs'],
    ] as const) {
      writeFileSync(`${folder}/hung`, verdict)
      const { lastRun } = markRun(folder, { wallMs: Date.now() + MINUTE, uptimeMs: MINUTE }) ?? {}
      assert.deepEqual(lastRun, { killed: culprit !== undefined, culprit, safeMode: false })
    }
  })

  test('kills are remembered for longer where hanging takes long', (t) => {
    for (const [limitMs, safeMode] of [
      [MINUTE, false],
      [5 * MINUTE, true],
    ] as const) {
      const start = killed(t)
      start({ wallMs: 0, uptimeMs: 0, limitMs })
      start({ wallMs: MINUTE, uptimeMs: MINUTE, limitMs })
      const { lastRun } = start({ wallMs: 20 * MINUTE, uptimeMs: 20 * MINUTE, limitMs })
      assert.equal(lastRun.safeMode, safeMode)
    }
  })

  test('rubbish in the marker is no reason not to start', (t) => {
    const folder = tempFolder(t, 'tonearm-marker-')
    for (const text of ['', '{', 'null', '{"running":1,"kills":[null,"x"]}']) {
      writeFileSync(`${folder}/run.json`, text)
      assert.deepEqual(markRun(folder, { wallMs: 0, uptimeMs: 0 })?.lastRun, {
        killed: false,
        culprit: undefined,
        safeMode: false,
      })
    }
  })
})
