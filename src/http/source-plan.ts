import type { ByteRange, ByteSource } from '../base/byte-source.ts'
import { attachment } from './content-disposition.ts'
import { checkPreconditions, ifRangeHolds } from './preconditions.ts'
import { readRange } from './range.ts'
import type { Headers, HttpRequest } from './types.ts'

/** How a source is answered; nothing is open yet. */
export interface SourcePlan {
  readonly status: 200 | 206 | 304 | 412 | 416
  readonly headers: Headers
  /** What Content-Length says; absent: chunked, or a status without a body. */
  readonly length?: number
  readonly range?: ByteRange
  /** False: the head alone answers, the source stays closed. */
  readonly body: boolean
  /** The length is a promise: cut or pad with zeros to keep it. */
  readonly padded: boolean
}

/** Answers ranges, conditions and HEAD from the fields of a source. Ranges count for GET and for POSTed forms. */
export function planSource(
  request: Pick<HttpRequest, 'method' | 'headers'>,
  source: ByteSource,
  extra: Headers,
): SourcePlan {
  const { method, headers } = request
  const ranged = source.length !== undefined
  const own: Record<string, string> = {
    ...extra,
    ...source.headers,
    'accept-ranges': ranged ? 'bytes' : 'none',
  }
  if (source.etag !== undefined) own.etag = source.etag
  if (source.lastModified !== undefined) own['last-modified'] = source.lastModified.toUTCString()
  if (source.cacheControl !== undefined) own['cache-control'] = source.cacheControl

  const validators = { etag: source.etag, lastModified: source.lastModified }
  if (method === 'GET' || method === 'HEAD') {
    const verdict = checkPreconditions(headers, validators)
    if (verdict === 'not-modified') return { status: 304, headers: own, body: false, padded: false }
    if (verdict === 'failed') return { status: 412, headers: own, length: 0, body: false, padded: false }
  }
  own['content-type'] = source.contentType
  if (source.downloadName !== undefined) own['content-disposition'] = attachment(source.downloadName)

  const body = method !== 'HEAD'
  if (source.length === undefined) {
    const promised = source.estimatedLength
    return promised === undefined
      ? { status: 200, headers: own, body, padded: false }
      : { status: 200, headers: own, length: promised, body: body && promised > 0, padded: true }
  }
  const size = source.length
  const range =
    (method === 'GET' || method === 'POST') && ifRangeHolds(headers['if-range'], validators)
      ? readRange(headers.range, size)
      : 'whole'
  if (range === 'unsatisfiable') {
    const { 'content-type': _type, 'content-disposition': _name, ...rest } = own
    return {
      status: 416,
      headers: { ...rest, 'content-range': `bytes */${size}` },
      length: 0,
      body: false,
      padded: false,
    }
  }
  if (range === 'whole') return { status: 200, headers: own, length: size, body: body && size > 0, padded: false }
  own['content-range'] = `bytes ${range.start}-${range.end}/${size}`
  return { status: 206, headers: own, length: range.end - range.start + 1, range, body: true, padded: false }
}
