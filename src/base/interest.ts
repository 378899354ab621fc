/** Who waits for work that is done once for several: its signal aborts when all of them have gone. */
export class Interest {
  readonly #abort = new AbortController()
  #waiting = 0

  get signal(): AbortSignal {
    return this.#abort.signal
  }

  /** One more who waits, until its own signal aborts; without one, for good. */
  join(signal?: AbortSignal): void {
    this.#waiting++
    const leave = () => {
      this.#waiting--
      if (this.#waiting === 0) this.#abort.abort()
    }
    if (signal?.aborted) leave()
    else signal?.addEventListener('abort', leave, { once: true })
  }
}
