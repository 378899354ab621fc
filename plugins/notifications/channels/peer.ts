import { ChannelError, type ChannelTools } from '../channel.ts'
import { clip, lineOf } from './text.ts'

/** Of an answer nobody needs more: a sentence about what is wrong. */
const MAX_ANSWER = 16 * 1024
/** The status is what counts; how long its text may take. */
const ANSWER_MS = 2_000
const MAX_WAIT_MS = 24 * 3_600_000

export interface Post {
  readonly url: URL
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | Uint8Array<ArrayBuffer>
}

export interface Answer {
  readonly status: number
  /** Its beginning. */
  readonly text: string
  /** ms from now, when the answer says when to come back. */
  readonly retryAfterMs: number | undefined
}

/**
 * One request by the guarded fetch. Redirects are not followed: what is signed or carries a token is for this address alone.
 * Rejects with a ChannelError when there is no answer.
 */
export async function post(tools: ChannelTools, { url, headers, body }: Post): Promise<Answer> {
  const own = new AbortController()
  const stop = () => own.abort()
  if (tools.signal.aborted) stop()
  tools.signal.addEventListener('abort', stop, { once: true })
  try {
    const response = await tools.fetch(url, { method: 'POST', headers, body, redirect: 'manual', signal: own.signal })
    const late = setTimeout(stop, ANSWER_MS)
    const text = await beginningOf(response).finally(() => clearTimeout(late))
    return {
      status: response.status,
      text,
      retryAfterMs: retryAfterMs(response.headers.get('retry-after'), tools.now()),
    }
  } catch (error) {
    throw unreachable(error, url.host)
  } finally {
    tools.signal.removeEventListener('abort', stop)
    // Lets go of a connection that still sends.
    stop()
  }
}

/** As far as it came: an answer that breaks off, or never ends, has its status all the same. */
async function beginningOf(response: Response): Promise<string> {
  const chunks: Uint8Array[] = []
  let length = 0
  try {
    for await (const chunk of response.body ?? []) {
      chunks.push(chunk)
      length += chunk.byteLength
      if (length >= MAX_ANSWER) break
    }
  } catch {}
  return Buffer.concat(chunks).subarray(0, MAX_ANSWER).toString('utf8')
}

/** RFC 9110: seconds, or a date. At most a day: a queue has an end of its own. */
export function retryAfterMs(value: string | null, now: number): number | undefined {
  if (value === null) return undefined
  const text = value.trim()
  // `Date.parse` would take a number for a year.
  const date = /^[A-Z][a-z]{2}/.test(text) ? Date.parse(text) : Number.NaN
  const ms = /^\d{1,10}$/.test(text) ? Number(text) * 1000 : date - now
  return Number.isNaN(ms) ? undefined : Math.min(Math.max(ms, 0), MAX_WAIT_MS)
}

/**
 * What an answer other than 2xx means. `said`: what the other side calls the trouble, if it can be told.
 * Worth another try: 408, 425, 429 and what is the server's own trouble.
 */
export function refusal(answer: Answer, who: string, said = ''): ChannelError {
  const { status, retryAfterMs: wait } = answer
  const retry = status === 408 || status === 425 || status === 429 || (status >= 500 && status !== 501)
  const why = said === '' ? '' : `: ${clip(lineOf(said), 200)}`
  const message = isRedirect(status)
    ? `${who} sends on to another address (${status}); redirects are not followed: enter the address that it ends at`
    : `${who} answers ${status}${why}`
  return new ChannelError(message, { retry, ...(retry && wait !== undefined ? { retryAfterMs: wait } : {}) })
}

export function isDone({ status }: Answer): boolean {
  return status >= 200 && status < 300
}

function isRedirect(status: number): boolean {
  return [301, 302, 303, 307, 308].includes(status)
}

/** Text of a field of a JSON answer; '' when there is none. */
export function fieldOf(answer: Answer, name: string): string {
  try {
    const value = (JSON.parse(answer.text) as Record<string, unknown> | null)?.[name]
    return typeof value === 'string' ? value : ''
  } catch {
    return ''
  }
}

/** The guarded fetch and connection reject with a code, and with what Node said as the cause. */
export function unreachable(error: unknown, host: string): ChannelError {
  if (error instanceof ChannelError) return error
  const { code, message, cause } = error as { code?: unknown; message?: unknown; cause?: { code?: unknown } }
  const told = (text: string, retry: boolean) => new ChannelError(text, { retry }, { cause: error })
  switch (code) {
    case 'PERMISSION_DENIED':
      // It says which grant is missing: an administrator knows what to do.
      return told(String(message), false)
    case 'TIMEOUT':
    case 'CANCELLED':
      return told(`${host} did not answer in time`, true)
    default:
      return told(`${host} can't be reached${reasonOf(String(cause?.code ?? ''))}`, true)
  }
}

/** In words, for codes that the owner of a target can do something about. */
export function reasonOf(code: string): string {
  if (code === 'ENOTFOUND') return ': there is no such name'
  if (code === 'ECONNREFUSED') return ': nothing listens there'
  if (/CERT|SELF_SIGNED|UNABLE_TO_|ERR_TLS/.test(code)) return `: its certificate is not valid (${code})`
  if (/^ERR_SSL|EPROTO/.test(code)) return ': it does not speak TLS there'
  return ''
}
