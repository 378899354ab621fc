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

/** The request as handlers see it. Own properties throughout, so that a copy by spread keeps them. */
export function createSnapshot(fields: SnapshotFields): HttpRequest {
  const { abort, body } = fields
  return {
    id: fields.id,
    method: fields.method,
    path: fields.path,
    query: fields.query,
    headers: fields.headers,
    address: fields.address,
    origin: fields.origin,
    get signal() {
      return abort.signal
    },
    ...(fields.wantsSocket ? { wantsSocket: true } : {}),
    body,
  }
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

/** Adds one header line; repeated ones are joined, cookies as cookies are. */
export function addHeader(headers: Record<string, string>, name: string, value: string): void {
  const before = headers[name]
  headers[name] = before === undefined ? value : `${before}${name === 'cookie' ? '; ' : ', '}${value}`
}
