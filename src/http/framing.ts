const LENGTH = /^\d{1,15}$/

/**
 * Collects the headers of one request and tells whether they say plainly where it ends and for which host it is. Where two
 * programs in a row could read that differently, one of them runs what the other took for a body (RFC 9112, 3.2, 6.1, 6.3,
 * 11.2): such a request is refused, its connection closed, and nothing behind it is run.
 */
export class Framing {
  readonly headers = { __proto__: null } as unknown as Record<string, string>
  #hosts = 0
  #lengths = 0

  /** `name` in lower case. */
  add(name: string, value: string): void {
    if (name === 'host') this.#hosts++
    else if (name === 'content-length') this.#lengths++
    addHeader(this.headers, name, value)
  }

  /** `needsHost`: HTTP/1.1. */
  isPlain(needsHost: boolean): boolean {
    const { 'content-length': length, 'transfer-encoding': encoding } = this.headers
    if (this.#hosts > 1 || this.#lengths > 1 || (needsHost && this.#hosts === 0)) return false
    if (length !== undefined && (encoding !== undefined || !LENGTH.test(length))) return false
    return encoding === undefined || encoding.trim().toLowerCase() === 'chunked'
  }
}

/** Adds one header line; repeated ones are joined, cookies as cookies are. */
function addHeader(headers: Record<string, string>, name: string, value: string): void {
  const before = headers[name]
  headers[name] = before === undefined ? value : `${before}${name === 'cookie' ? '; ' : ', '}${value}`
}
