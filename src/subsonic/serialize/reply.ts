import type { Headers, HttpReply } from '../../http/types.ts'
import type { Envelope, Format } from '../protocol.ts'
import type { Tree } from '../tree.ts'
import { jsonParts, jsonpParts } from './json.ts'
import { xmlParts } from './xml.ts'

/** Answers up to this many characters are sent in one piece with their length; longer ones are made while they go out. */
const WHOLE = 64 * 1024

const headersOf = (type: string): Headers => Object.freeze({ 'content-type': type, 'cache-control': 'no-store' })

/** `text/xml`: the only type by which DSub tells an error from music. */
const HEADERS: Readonly<Record<Format['kind'], Headers>> = {
  xml: headersOf('text/xml; charset=utf-8'),
  json: headersOf('application/json; charset=utf-8'),
  jsonp: headersOf('application/javascript; charset=utf-8'),
}

export interface ReplyOptions {
  readonly status?: number
  readonly headers?: Headers
}

/** A tree as the reply to a request. Fails like the tree's lists do, as far as they are read before the first byte. */
export function treeReply(format: Format, envelope: Envelope, payload: Tree, options: ReplyOptions = {}): HttpReply {
  const parts = partsOf(format, envelope, payload)
  const status = options.status ?? 200
  const own = HEADERS[format.kind]
  const headers = options.headers ? { ...own, ...options.headers } : own
  let body = ''
  while (body.length < WHOLE) {
    const next = parts.next()
    if (next.done) return { kind: 'bytes', status, headers, body }
    body += next.value
  }
  return { kind: 'parts', status, headers, parts: continued(body, parts) }
}

function partsOf(format: Format, envelope: Envelope, payload: Tree): Generator<string, void> {
  switch (format.kind) {
    case 'xml':
      return xmlParts(envelope, payload)
    case 'json':
      return jsonParts(envelope, payload)
    case 'jsonp':
      return jsonpParts(format.callback, envelope, payload)
  }
}

function* continued(first: string, rest: Generator<string, void>): Generator<string, void> {
  yield first
  yield* rest
}
