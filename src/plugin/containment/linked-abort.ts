/**
 * A signal that aborts with the first of several, made when it is first read. `AbortSignal.any` would leave something at a
 * long-lived signal for each request (Node 20), so this one lets go by `dispose`.
 */
export class LinkedAbort {
  readonly #sources: (() => AbortSignal)[]
  #controller: AbortController | undefined
  #linked: AbortSignal[] = []
  #disposed = false
  readonly #abort = () => {
    this.dispose()
    this.#controller?.abort()
  }

  constructor(...sources: readonly (() => AbortSignal)[]) {
    this.#sources = [...sources]
  }

  /** One more, for a signal that nobody has read yet. */
  follow(source: AbortSignal): void {
    if (!this.#controller) this.#sources.push(() => source)
  }

  get signal(): AbortSignal {
    if (this.#controller) return this.#controller.signal
    this.#controller = new AbortController()
    if (this.#disposed) return this.#controller.signal
    this.#linked = this.#sources.map((source) => source())
    if (this.#linked.some(({ aborted }) => aborted)) this.#abort()
    else for (const source of this.#linked) source.addEventListener('abort', this.#abort, { once: true })
    return this.#controller.signal
  }

  /** Follows no source any more. */
  dispose(): void {
    this.#disposed = true
    for (const source of this.#linked) source.removeEventListener('abort', this.#abort)
    this.#linked = []
  }
}
