import type { Clock } from '../../src/base/clock.ts'

/** A clock that stands until it is moved. */
export interface TestClock extends Clock {
  advance(ms: number): void
  /** Sets the wall clock on or back; what is measured goes on as before. */
  jump(ms: number): void
}

export function createTestClock(now = Date.UTC(2026, 0, 1)): TestClock {
  let passed = 0
  let jumped = 0
  return {
    now: () => now + passed + jumped,
    monotonic: () => passed,
    advance(ms) {
      passed += ms
    },
    jump(ms) {
      jumped += ms
    },
  }
}
