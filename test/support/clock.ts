import type { Clock } from '../../src/base/clock.ts'

/** A clock that stands until it is moved. */
export interface TestClock extends Clock {
  advance(ms: number): void
}

export function createTestClock(now = Date.UTC(2026, 0, 1)): TestClock {
  let passed = 0
  return {
    now: () => now + passed,
    monotonic: () => passed,
    advance(ms) {
      passed += ms
    },
  }
}
