import { AppError } from '../base/errors.ts'
import type { BodyBudget } from './body-budget.ts'

interface Settle {
  readonly resolve: (body: Uint8Array) => void
  readonly reject: (error: AppError) => void
  readonly timer: NodeJS.Timeout
}

export interface BodyFlow {
  /** Content-Length, if the client sent one. */
  readonly declared: number | undefined
  readonly deadlineMs: number
  /** No body is longer, whatever a handler allows. */
  readonly maxBytes: number
  /** What all bodies together may hold. */
  readonly budget: BodyBudget
  /** The socket may deliver again. */
  resume(): void
  /** The socket should stop delivering: nobody wants the bytes yet. */
  pause(): void
}

/** Kept before a handler asks. */
const UNASKED_BYTES = 64 * 1024
/** Of a body that is refused so much is still taken in, so that the client reads the refusal, not a broken pipe. */
const COURTESY_BYTES = 1024 * 1024

/** Gathers a request's body as the socket brings it: bounded, with a deadline, nothing kept that nobody reads. */
export class BodyCollector {
  readonly #flow: BodyFlow
  #chunks: Uint8Array[] = []
  #bytes = 0
  #limit = Number.POSITIVE_INFINITY
  #state: 'open' | 'complete' | 'gone' = 'open'
  #paused = false
  /** Taken from the budget. */
  #held = 0
  /** There is no room for it: nothing is kept, and so many bytes are waited for. */
  #refusedAfter: number | undefined
  #reading: Promise<Uint8Array> | undefined
  #settle: Settle | undefined

  constructor(flow: BodyFlow) {
    this.#flow = flow
  }

  /** What is still to come would stand in the way of the next request: the connection ends with the reply. */
  get mustClose(): boolean {
    if (this.#state === 'complete') return false
    return this.#reading !== undefined || (this.#flow.declared ?? Number.POSITIVE_INFINITY) > UNASKED_BYTES
  }

  get asked(): boolean {
    return this.#reading !== undefined
  }

  /** The chunk becomes ours. */
  push(chunk: Uint8Array): void {
    this.#bytes += chunk.length
    if (this.#reading && !this.#settle) return
    if (this.#refusedAfter !== undefined) {
      if (this.#bytes > this.#refusedAfter) this.#fail(crowded())
    } else if (this.#bytes <= Math.min(this.#limit, this.#flow.maxBytes)) {
      if (this.#reading && !this.#reserve()) this.#refuse()
      else this.#chunks.push(chunk)
    } else {
      this.#chunks = []
      if (this.#bytes > Math.min(this.#limit, this.#flow.maxBytes) + COURTESY_BYTES) this.#fail(this.#tooLarge())
    }
    if (this.#reading === undefined && this.#bytes > UNASKED_BYTES && !this.#paused) {
      this.#paused = true
      this.#flow.pause()
    }
  }

  end(): void {
    if (this.#state !== 'open') return
    this.#state = 'complete'
    // What the socket brings from here on is the next request, asked for or not.
    this.#resume()
    if (this.#settle) this.#finish()
  }

  gone(): void {
    if (this.#state === 'open') this.#state = 'gone'
    this.#fail(new AppError('CANCELLED', 'The client went away before its request was complete'))
  }

  read(limit: number): Promise<Uint8Array> {
    this.#reading ??= new Promise((resolve, reject) => {
      this.#limit = Math.min(limit, this.#flow.maxBytes)
      const timer = setTimeout(
        () =>
          this.#fail(new AppError('TIMEOUT', 'The request body did not arrive in time', { details: { late: 'body' } })),
        this.#flow.deadlineMs,
      )
      this.#settle = { resolve, reject, timer }
      if (!this.#reserve()) this.#refuse()
      if (this.#state === 'complete') return this.#finish()
      if (this.#state === 'gone') return this.gone()
      if ((this.#flow.declared ?? 0) > this.#limit + COURTESY_BYTES) return this.#fail(this.#tooLarge())
      this.#resume()
    })
    return this.#reading
  }

  #resume(): void {
    this.#paused = false
    this.#flow.resume()
  }

  /** Small bodies always have room: they are what everybody sends. */
  #reserve(): boolean {
    const more = Math.min(this.#bytes, this.#limit) - UNASKED_BYTES - this.#held
    if (more <= 0) return true
    if (!this.#flow.budget.take(more)) return false
    this.#held += more
    return true
  }

  #refuse(): void {
    this.#chunks = []
    this.#refusedAfter = this.#bytes + COURTESY_BYTES
    this.#flow.budget.give(this.#held)
    this.#held = 0
  }

  #finish(): void {
    const settle = this.#take()
    if (!settle) return
    if (this.#refusedAfter !== undefined) settle.reject(crowded())
    else if (this.#bytes > this.#limit) settle.reject(this.#tooLarge())
    else settle.resolve(this.#chunks.length === 1 ? (this.#chunks[0] as Uint8Array) : Buffer.concat(this.#chunks))
    this.#chunks = []
  }

  #fail(error: AppError): void {
    this.#chunks = []
    this.#take()?.reject(error)
  }

  #take(): Settle | undefined {
    const settle = this.#settle
    this.#settle = undefined
    clearTimeout(settle?.timer)
    this.#flow.budget.give(this.#held)
    this.#held = 0
    return settle
  }

  #tooLarge(): AppError {
    return new AppError('PAYLOAD_TOO_LARGE', `The request body is longer than ${this.#limit} bytes`)
  }
}

function crowded(): AppError {
  return new AppError('UNAVAILABLE', 'Too much is being sent to the server. Try again in a moment.', { retryAfter: 5 })
}

/** The body of a request that has none. */
export function emptyBody(): Promise<Uint8Array> {
  return Promise.resolve(new Uint8Array(0))
}
