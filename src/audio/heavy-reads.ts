/** From here on a read counts: pictures, and what claims to be one. */
export const HEAVY_BYTES = 512 * 1024
/** Of one file, all its big reads together. Its parser keeps what it read, some of it twice. */
const PER_FILE = 64 * 1024 * 1024

/** One file's big reads while it is parsed. */
export interface HeavyReads {
  /** Waits until no other file of this process has big parts in memory. Rejects beyond the bound of one file. */
  take(bytes: number): Promise<void>
  /** Before the file is read once more from its beginning. */
  again(): void
  /** When the file's parts are no longer needed. */
  release(): void
}

/** Settles when the last who asked is through. */
let queue: Promise<void> = Promise.resolve()

/** Several files are read at a time, but only one of them with big pictures: so a process has a bound. */
export function heavyReads(): HeavyReads {
  let turn: Promise<void> | undefined
  let done = () => {}
  let total = 0
  return {
    take(bytes) {
      if (bytes < HEAVY_BYTES) return Promise.resolve()
      total += bytes
      if (total > PER_FILE) return Promise.reject(new Error('pictures that are too large'))
      if (turn) return turn
      turn = queue
      queue = new Promise((resolve) => {
        done = resolve
      })
      const mine = queue
      queue = turn.then(() => mine)
      return turn
    },
    again() {
      total = 0
    },
    release() {
      total = 0
      done()
      turn = undefined
    },
  }
}
