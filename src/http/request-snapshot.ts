import type { HttpRequest } from './types.ts'

export interface SnapshotFields {
  readonly id: string
  readonly method: string
  readonly path: string
  readonly query: string
  readonly headers: Readonly<Record<string, string>>
  readonly address: string
  readonly origin: string
  readonly abort: LazyAbort
  readonly wantsSocket?: boolean
  readonly body: (limit: number) => Promise<Uint8Array>
}

/**
 * The request as handlers see it. A class, since V8 gives each object literal with a getter a shape of its own, which makes
 * all that reads it slow. A copy by spread has no signal.
 */
class Snapshot implements HttpRequest {
  readonly id: string
  readonly method: string
  readonly path: string
  readonly query: string
  readonly headers: Readonly<Record<string, string>>
  readonly address: string
  readonly origin: string
  readonly wantsSocket?: true
  readonly body: (limit: number) => Promise<Uint8Array>
  readonly #abort: LazyAbort

  constructor(fields: SnapshotFields) {
    this.id = fields.id
    this.method = fields.method
    this.path = fields.path
    this.query = fields.query
    this.headers = fields.headers
    this.address = fields.address
    this.origin = fields.origin
    this.body = fields.body
    if (fields.wantsSocket) this.wantsSocket = true
    this.#abort = fields.abort
  }

  get signal(): AbortSignal {
    return this.#abort.signal
  }
}

export function createSnapshot(fields: SnapshotFields): HttpRequest {
  return new Snapshot(fields)
}

/** An AbortController that is made only for those who ask: most requests end before anybody does. */
export class LazyAbort {
  #controller: AbortController | undefined
  #aborted = false

  get signal(): AbortSignal {
    if (!this.#controller) {
      this.#controller = new AbortController()
      if (this.#aborted) this.#controller.abort()
    }
    return this.#controller.signal
  }

  abort(): void {
    this.#aborted = true
    this.#controller?.abort()
  }
}
