import { CLOSE, GOODBYE_MS, type Line, type LineListener } from './line.ts'
import type { ReplySink } from './reply-sink.ts'

export interface EventLineOptions {
  readonly sink: ReplySink
  readonly listener: LineListener
  /** The network has taken so many bytes. */
  sent(bytes: number): void
  /** The reply is over: ended as it should be, or to be cut. */
  over(complete: boolean): void
}

/**
 * A reply whose bytes come when something happens. What waits for a slow client has a bound; one listener costs no timer
 * and, while nothing waits, no promise.
 */
export class EventLine implements Line {
  readonly #options: EventLineOptions
  #waiting: string[] = []
  #waitingBytes = 0
  /** Given to the sink, which has not taken them. */
  #inFlight = 0
  #state: 'open' | 'closing' | 'over' = 'open'

  constructor(options: EventLineOptions) {
    this.#options = options
  }

  get open(): boolean {
    return this.#state === 'open'
  }

  get bufferedAmount(): number {
    return this.#waitingBytes + this.#inFlight
  }

  send(text: string): boolean {
    if (!this.open) return false
    if (this.#inFlight === 0) {
      this.#write(text)
      return this.open
    }
    const bytes = Buffer.byteLength(text)
    if (this.bufferedAmount + bytes > this.#options.listener.maxBuffered) {
      this.#drop()
      this.#leave(CLOSE.TRY_LATER)
      this.#end(false)
      return false
    }
    this.#waiting.push(text)
    this.#waitingBytes += bytes
    return true
  }

  close(code: number): void {
    if (!this.open) return
    this.#leave(code)
    if (this.#inFlight === 0) return void this.#finish()
    // What waits may still go; a client that does not read is not waited for.
    const timer = setTimeout(() => this.#end(false), GOODBYE_MS)
    timer.unref()
  }

  /** The client has gone. */
  gone(): void {
    this.#drop()
    if (this.open) this.#leave(CLOSE.LOST)
    this.#state = 'over'
  }

  #leave(code: number): void {
    this.#state = 'closing'
    this.#options.listener.closed(code)
  }

  #write(text: string): void {
    const chunk = Buffer.from(text)
    const taken = this.#options.sink.write(chunk)
    if (typeof taken === 'boolean') {
      this.#settle(taken, chunk.length)
      return
    }
    this.#inFlight = chunk.length
    void taken.then((later) => {
      this.#inFlight = 0
      this.#settle(later, chunk.length)
    })
  }

  #settle(taken: boolean, bytes: number): void {
    if (this.#state === 'over') return
    if (!taken) {
      this.gone()
      this.#options.over(false)
      return
    }
    this.#options.sent(bytes)
    if (this.#waiting.length > 0) {
      const text = this.#waiting.join('')
      this.#drop()
      this.#write(text)
    } else if (this.#state === 'closing') void this.#finish()
  }

  async #finish(): Promise<void> {
    this.#end(await this.#options.sink.end())
  }

  #end(complete: boolean): void {
    if (this.#state === 'over') return
    this.#state = 'over'
    this.#options.over(complete)
  }

  #drop(): void {
    this.#waiting = []
    this.#waitingBytes = 0
  }
}
