import { AppError } from '../../base/errors.ts'

export interface SlotLimits {
  /** Jobs at once. */
  readonly maxJobs: number
  /** Of one owner; 0 = no limit of its own. */
  readonly maxJobsPerOwner: number
  readonly maxWaiting: number
  readonly waitMs: number
}

/** Gives the slot back; safe to call twice. */
export type ReleaseSlot = () => void

interface Waiter {
  readonly owner: number
  readonly grant: (release: ReleaseSlot) => void
}

const RETRY_AFTER_S = 5

/** Places for jobs, in order of asking; one owner at its limit doesn't hold up the others. */
export class JobSlots {
  readonly #limits: SlotLimits
  readonly #running = new Map<number, number>()
  #waiting: Waiter[] = []
  #used = 0

  constructor(limits: SlotLimits) {
    this.#limits = limits
  }

  get waiting(): number {
    return this.#waiting.length
  }

  /** Whose place has to become free for a further job: one of the owner's own, or anybody's; undefined = there is room. */
  needs(owner: number): 'own' | 'any' | undefined {
    const { maxJobs, maxJobsPerOwner } = this.#limits
    if (maxJobsPerOwner > 0 && (this.#running.get(owner) ?? 0) >= maxJobsPerOwner) return 'own'
    return this.#used >= maxJobs ? 'any' : undefined
  }

  /** Whether somebody waits whom a place of this owner would help. */
  isWanted(owner: number): boolean {
    return this.#waiting.some((waiter) => waiter.owner === owner || this.needs(waiter.owner) === 'any')
  }

  /** Rejects with BUSY when too many wait or it took too long, CANCELLED when the signal aborts. */
  acquire(owner: number, signal: AbortSignal): Promise<ReleaseSlot> {
    if (signal.aborted) return Promise.reject(cancelled())
    if (this.#isFree(owner)) return Promise.resolve(this.#take(owner))
    if (this.#waiting.length >= this.#limits.maxWaiting) return Promise.reject(busy())
    return new Promise((resolve, reject) => {
      const leave = (error: AppError) => {
        this.#waiting = this.#waiting.filter((other) => other !== waiter)
        settle()
        reject(error)
      }
      const onAbort = () => leave(cancelled())
      const timer = setTimeout(() => leave(busy()), this.#limits.waitMs)
      const settle = () => {
        clearTimeout(timer)
        signal.removeEventListener('abort', onAbort)
      }
      const waiter: Waiter = {
        owner,
        grant: (release) => {
          settle()
          resolve(release)
        },
      }
      signal.addEventListener('abort', onAbort, { once: true })
      this.#waiting.push(waiter)
    })
  }

  #isFree(owner: number): boolean {
    return this.needs(owner) === undefined
  }

  #take(owner: number): ReleaseSlot {
    this.#used++
    this.#running.set(owner, (this.#running.get(owner) ?? 0) + 1)
    let released = false
    return () => {
      if (released) return
      released = true
      this.#used--
      const left = (this.#running.get(owner) ?? 1) - 1
      if (left > 0) this.#running.set(owner, left)
      else this.#running.delete(owner)
      this.#next()
    }
  }

  #next(): void {
    for (const waiter of this.#waiting) {
      if (!this.#isFree(waiter.owner)) continue
      this.#waiting = this.#waiting.filter((other) => other !== waiter)
      waiter.grant(this.#take(waiter.owner))
    }
  }
}

function busy(): AppError {
  return new AppError('BUSY', 'Too many songs are being converted at the moment. Try again in a few seconds.', {
    retryAfter: RETRY_AFTER_S,
  })
}

export function cancelled(): AppError {
  return new AppError('CANCELLED', 'Nobody waits for this song any more.')
}
