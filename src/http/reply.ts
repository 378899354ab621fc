import { AppError, ERROR_CODES, isAppError } from '../base/errors.ts'
import type { Headers, HttpReply } from './types.ts'

type BytesReply = Extract<HttpReply, { kind: 'bytes' }>

const NO_HEADERS: Headers = Object.freeze({})

export function json(status: number, value: unknown, headers: Headers = NO_HEADERS): BytesReply {
  return {
    kind: 'bytes',
    status,
    headers: { 'content-type': 'application/json; charset=utf-8', ...headers },
    body: JSON.stringify(value),
  }
}

export function text(status: number, body: string, headers: Headers = NO_HEADERS): BytesReply {
  return { kind: 'bytes', status, headers: { 'content-type': 'text/plain; charset=utf-8', ...headers }, body }
}

/** `location` is ours, or checked by the caller: it is sent as it is. */
export function redirect(location: string, status: 301 | 302 | 303 | 307 | 308 = 302): BytesReply {
  return { kind: 'bytes', status, headers: { location }, body: '' }
}

export function noContent(headers: Headers = NO_HEADERS): BytesReply {
  return { kind: 'bytes', status: 204, headers, body: '' }
}

/** `{"error": text}` with the status of the error table. What is no AppError tells nothing: INTERNAL. */
export function errorReply(error: unknown): BytesReply {
  const known = isAppError(error) ? error : new AppError('INTERNAL', 'The server failed. Its log tells why.')
  return json(
    ERROR_CODES[known.code].http,
    { error: known.message },
    {
      'cache-control': 'no-store',
      ...(known.retryAfter === undefined ? {} : { 'retry-after': String(Math.max(0, Math.ceil(known.retryAfter))) }),
    },
  )
}
