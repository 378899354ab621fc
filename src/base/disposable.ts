import { withDeadline } from './deadline.ts'

/** Undoes one acquisition. Must be safe to call twice. */
export type Cleanup = () => void | Promise<void>

export interface DisposeFailure {
  readonly label: string
  readonly error: unknown
}

/**
 * Collects what was acquired and gives it back, last first. Works after a half-failed start. What is added to a scope
 * that has ended is cleaned up at once, which closes the commonest race of asynchronous starts.
 */
export class Scope {
  #entries: { label: string; cleanup: Cleanup }[] = []
  #ended = false

  /** Registers a cleanup; returns a function that runs it early. */
  add(label: string, cleanup: Cleanup): Cleanup {
    if (this.#ended) {
      void Promise.resolve()
        .then(cleanup)
        .catch(() => {})
      return () => {}
    }
    const entry = { label, cleanup }
    this.#entries.push(entry)
    return () => {
      const index = this.#entries.indexOf(entry)
      if (index < 0) return
      this.#entries.splice(index, 1)
      return cleanup()
    }
  }

  labels(): readonly string[] {
    return this.#entries.map((entry) => entry.label)
  }

  /** Cleans up, last registered first; each cleanup has `deadlineMs`. Never throws: failures are returned. */
  async dispose(deadlineMs = 2000): Promise<readonly DisposeFailure[]> {
    this.#ended = true
    const failures: DisposeFailure[] = []
    for (let entry = this.#entries.pop(); entry; entry = this.#entries.pop()) {
      const { label, cleanup } = entry
      try {
        await withDeadline(Promise.resolve().then(cleanup), deadlineMs, `clean-up of ${label}`)
      } catch (error) {
        failures.push({ label, error })
      }
    }
    return failures
  }
}
