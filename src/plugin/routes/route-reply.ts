import { withDeadline } from '../../base/deadline.ts'
import { AppError } from '../../base/errors.ts'
import { checkHeaders } from '../../http/header-check.ts'
import type { HttpReply } from '../../http/types.ts'
import type { Reply } from '../api/reply-api.ts'
import { runMarked } from '../facades/call.ts'
import type { Generation } from '../host/generation.ts'

export type Sourced = Extract<Reply, { kind: 'media' | 'file' | 'zip' }>

/** What a route answered, checked: ready to be sent, or a source that the core opens. */
export type CheckedReply = { readonly ready: HttpReply } | { readonly sourced: Sourced }

export interface ReplyContext {
  readonly generation: Generation
  /** `route GET /share/:id`: for the log. */
  readonly what: string
  /** Aborts when nobody waits for the answer any more. */
  readonly signal: AbortSignal
  /** A body that is made while it is sent has failed. */
  onStreamError(error: unknown): void
  onStreamEnd(): void
}

/** To be called inside the call of the handler, whose fault a wrong answer is. Throws for one that can't be sent. */
export function checkReply(reply: Reply, context: ReplyContext): CheckedReply {
  if (typeof reply !== 'object' || reply === null) throw new TypeError('the route answered nothing')
  if (reply.kind === 'zip' && !isZip(reply)) throw new TypeError('the entries of a zip have a mediaId and a name each')
  if (reply.kind === 'media' || reply.kind === 'file' || reply.kind === 'zip') {
    return { sourced: { ...reply, headers: headersOf(reply) } }
  }
  if (reply.kind === 'stream') return { ready: streamReply(reply, context) }
  return { ready: bytesOf(reply) }
}

function isZip({ entries }: Extract<Reply, { kind: 'zip' }>): boolean {
  return (
    Array.isArray(entries) &&
    entries.every(({ mediaId, name }) => typeof mediaId === 'string' && typeof name === 'string' && name !== '')
  )
}

function bytesOf(reply: Exclude<Reply, { kind: Sourced['kind'] | 'stream' }>): HttpReply {
  const headers = headersOf(reply)
  switch (reply.kind) {
    case 'json':
      return bytes(statusOf(reply, 200), typed(headers, 'application/json; charset=utf-8'), toJson(reply.body))
    case 'text':
      return bytes(statusOf(reply, 200), typed(headers, reply.type ?? 'text/plain; charset=utf-8'), String(reply.body))
    case 'bytes':
      if (!(reply.body instanceof Uint8Array)) throw new TypeError('the body of a bytes reply is no Uint8Array')
      return bytes(statusOf(reply, 200), typed(headers, reply.type), reply.body)
    case 'empty':
      return bytes(statusOf(reply, 204), headers, '')
    case 'redirect': {
      const location = checked({ location: String(reply.to) })
      return bytes(statusOf(reply, 302), { ...headers, ...location }, '')
    }
    default:
      throw new TypeError(`there is no reply of the kind ${String((reply as { kind?: unknown }).kind)}`)
  }
}

function bytes(status: number, headers: Readonly<Record<string, string>>, body: string | Uint8Array): HttpReply {
  return { kind: 'bytes', status, headers, body }
}

function toJson(body: unknown): string {
  return JSON.stringify(body) ?? 'null'
}

function statusOf(reply: { readonly status?: number }, usual: number): number {
  const { status = usual } = reply
  if (!Number.isInteger(status) || status < 200 || status > 599)
    throw new TypeError(`${status} is no status of a reply`)
  return status
}

function typed(headers: Readonly<Record<string, string>>, type: string): Readonly<Record<string, string>> {
  return { ...checked({ 'content-type': String(type) }), ...headers }
}

function headersOf({ headers = {} }: { readonly headers?: Readonly<Record<string, string>> }) {
  return checked(
    Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), String(value)])),
  )
}

function checked(headers: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  try {
    checkHeaders(headers)
  } catch (cause) {
    throw new TypeError('the route answered a header that can not be sent', { cause })
  }
  return headers
}

function streamReply(reply: Extract<Reply, { kind: 'stream' }>, context: ReplyContext): HttpReply {
  if (typeof reply.body?.[Symbol.asyncIterator] !== 'function')
    throw new TypeError('the body of a stream reply is no async iterable')
  const head = { status: statusOf(reply, 200), headers: typed(headersOf(reply), reply.type) }
  if (context.signal.aborted) throw new AppError('CANCELLED', 'nobody waits for the stream')
  return { kind: 'events', ...head, events: leased(reply.body, context) }
}

/** How long a body may take to let go of what it holds when its client leaves. */
const LET_GO_MS = 2_000

/**
 * The body with a lease from now on, so that its generation stays until it has ended, whatever is reloaded meanwhile. The
 * lease ends with the body, with the client, or when the body fails; whichever is first.
 */
function leased(
  body: AsyncIterable<Uint8Array | string>,
  { generation, onStreamError, onStreamEnd }: ReplyContext,
): AsyncIterable<Uint8Array | string> {
  const release = generation.enterStream()
  let iterator: AsyncIterator<Uint8Array | string> | undefined
  let over = false
  const end = () => {
    if (over) return
    over = true
    onStreamEnd()
    release()
  }
  const begun = () => (iterator ??= body[Symbol.asyncIterator]())
  const stream: AsyncIterableIterator<Uint8Array | string> = {
    [Symbol.asyncIterator]: () => stream,
    async next() {
      if (over) return { done: true, value: undefined }
      try {
        const step = await runMarked(generation, () => begun().next())
        if (step.done === true) {
          end()
          return { done: true, value: undefined }
        }
        if (typeof step.value !== 'string' && !(step.value instanceof Uint8Array))
          throw new TypeError('a stream is made of texts and Uint8Arrays')
        return step
      } catch (error) {
        // A body that is cut short by its client may well fail; that is nobody's fault.
        if (!over) onStreamError(error)
        end()
        throw error
      }
    },
    async return() {
      // The body lets go first, as long as its generation and its timers are there; one that hangs is not waited for.
      try {
        const done = runMarked(generation, () => begun().return?.())
        if (done && !over) await withDeadline(Promise.resolve(done), LET_GO_MS, 'the end of a stream')
      } catch (error) {
        if (!over && !(error instanceof AppError && error.code === 'TIMEOUT')) onStreamError(error)
      }
      end()
      return { done: true, value: undefined }
    },
  }
  return stream
}
