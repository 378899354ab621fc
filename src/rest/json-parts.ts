import type { Headers, HttpReply } from '../http/types.ts'

const JSON_TYPE = { 'content-type': 'application/json; charset=utf-8' }

/** A list that is written while it is sent, so that the longest answer needs little memory. */
export function listReply(rows: Iterable<unknown>, headers: Headers = {}): HttpReply {
  return { kind: 'parts', status: 200, headers: { ...JSON_TYPE, ...headers }, parts: listParts(rows) }
}

/** An object with such a list as its last member. */
export function objectWithList(fields: object, name: string, rows: Iterable<unknown>): HttpReply {
  return { kind: 'parts', status: 200, headers: JSON_TYPE, parts: objectParts(fields, name, rows) }
}

function* objectParts(fields: object, name: string, rows: Iterable<unknown>): IterableIterator<string> {
  const head = JSON.stringify(fields).slice(0, -1)
  yield `${head}${head === '{' ? '' : ','}${JSON.stringify(name)}:`
  yield* listParts(rows)
  yield '}'
}

function* listParts(rows: Iterable<unknown>): IterableIterator<string> {
  let before = '['
  for (const row of rows) {
    yield before + JSON.stringify(row)
    before = ','
  }
  yield before === '[' ? '[]' : ']'
}
