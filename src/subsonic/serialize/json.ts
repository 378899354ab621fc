import type { Envelope } from '../protocol.ts'
import { API_VERSION, SERVER_TYPE } from '../protocol.ts'
import { Kept, LazyList, type List, type ListItem, type Scalar, type Tree, type Value } from '../tree.ts'
import { LISTS_OF_LISTS, PART_LENGTH } from './shape.ts'

/** The JSON answer in parts of some KiB. */
export function* jsonParts(envelope: Envelope, payload: Tree): Generator<string, void> {
  let out = headOf(envelope)
  for (const key in payload) {
    const value = payload[key]
    if (value === undefined || value === null) continue
    out += `,${JSON.stringify(key)}:`
    if (typeof value !== 'object') out += text(value) ?? '0'
    else if (isList(value)) out = yield* list(out, value, false)
    else out = yield* members(out, value)
  }
  yield `${out}}}`
}

/** Of frozen envelopes, which stand on many answers. */
const heads = new WeakMap<Envelope, string>()

function headOf(envelope: Envelope): string {
  const known = heads.get(envelope)
  if (known !== undefined) return known
  const root = JSON.stringify({
    status: envelope.status,
    version: API_VERSION,
    type: SERVER_TYPE,
    serverVersion: envelope.serverVersion,
    openSubsonic: true,
  })
  const head = `{"subsonic-response":${root.slice(0, -1)}`
  if (Object.isFrozen(envelope)) heads.set(envelope, head)
  return head
}

/** `jsonParts` as a call of `callback`. */
export function* jsonpParts(callback: string, envelope: Envelope, payload: Tree): Generator<string, void> {
  yield `${callback}(`
  // Both end a line in older JavaScript, where a string may not hold them.
  for (const part of jsonParts(envelope, payload)) {
    yield part.replace(/\u2028/g, '\\u2028').replace(/\u2029/g, '\\u2029')
  }
  yield ');'
}

export function isList(value: Tree | List): value is List {
  return Array.isArray(value) || value instanceof LazyList
}

function* members(before: string, tree: Tree): Generator<string, string> {
  let out = `${before}{`
  let separator = ''
  for (const key in tree) {
    const value = tree[key]
    if (value === undefined || value === null) continue
    if (typeof value === 'object' && isList(value)) {
      out += `${separator}${JSON.stringify(key)}:`
      out = yield* list(out, value, LISTS_OF_LISTS.has(key))
    } else {
      const written = text(value)
      if (written === undefined) continue
      out += `${separator}${JSON.stringify(key)}:${written}`
    }
    separator = ','
  }
  return `${out}}`
}

function* list(before: string, values: List, nested: boolean): Generator<string, string> {
  let out = `${before}[`
  let separator = ''
  for (const value of values) {
    if (nested && typeof value === 'object' && !(value instanceof Kept)) {
      out = yield* members(out + separator, value)
    } else {
      const written = item(value)
      if (written === undefined) continue
      out += separator + written
    }
    separator = ','
    if (out.length >= PART_LENGTH) {
      yield out
      out = ''
    }
  }
  return `${out}]`
}

function item(value: ListItem): string | undefined {
  if (!(value instanceof Kept)) return text(value)
  value.json ??= text(value.tree)
  return value.json
}

/**
 * A value in one piece. JSON.stringify is as fast as anything written by hand (50 albums: 90 µs against 90 to 115 µs),
 * but writes NaN and null as `null`: those rare texts are written again without them.
 */
function text(value: Scalar | Tree | List): string | undefined {
  const written = JSON.stringify(value)
  return written.includes('null') ? JSON.stringify(withoutNulls(value)) : written
}

function withoutNulls(value: Value | Kept | null): Value {
  if (value instanceof Kept) return withoutNulls(value.tree)
  if (value === null) return undefined
  if (typeof value === 'number') return Number.isFinite(value) ? value : undefined
  if (typeof value !== 'object') return value
  if (isList(value)) {
    return [...value].map(withoutNulls).filter((item) => item !== undefined) as readonly (Scalar | Tree)[]
  }
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, withoutNulls(member)]))
}
