/** Waiting, as something that a test can own. */
export interface Timers {
  /** Runs `run` once, `ms` from now, without keeping the process alive. @returns what calls it off. */
  after(ms: number, run: () => void | Promise<void>): () => void
}

export const systemTimers: Timers = {
  after(ms, run) {
    const timer = setTimeout(() => void run(), ms)
    timer.unref()
    return () => clearTimeout(timer)
  },
}
