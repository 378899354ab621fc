import type { Envelope } from '../protocol.ts'
import { API_VERSION, NAMESPACE, SERVER_TYPE } from '../protocol.ts'
import { Kept, type List, type ListItem, type Scalar, type Tree } from '../tree.ts'
import { isList } from './json.ts'
import { LISTS_OF_LISTS, NAMES_OF_MEMBERS, PART_LENGTH, SCALARS_ARE_ELEMENTS, TEXT_IS_VALUE } from './shape.ts'

/** The XML answer in parts of some KiB. */
export function* xmlParts(envelope: Envelope, payload: Tree): Generator<string, void> {
  let out = `<?xml version="1.0" encoding="UTF-8"?>\n<subsonic-response xmlns="${NAMESPACE}" status="${envelope.status}" version="${API_VERSION}" type="${SERVER_TYPE}" serverVersion="${attribute(envelope.serverVersion)}" openSubsonic="true">`
  for (const key in payload) {
    const value = payload[key]
    if (value === undefined || value === null) continue
    if (typeof value !== 'object') out += scalarElement(key, value)
    else if (isList(value)) out = yield* listParts(out, key, value)
    else out = yield* elementParts(out, key, value)
  }
  yield `${out}</subsonic-response>`
}

function* elementParts(before: string, name: string, tree: Tree): Generator<string, string> {
  if (!isName(name)) return before
  const start = `${before}<${name}${attributes(name, tree)}`
  const opened = `${start}>`
  let out = opened + ownText(name, tree)
  for (const key in tree) {
    const value = tree[key]
    if (value === undefined || value === null) continue
    if (typeof value === 'object' && isList(value)) out = yield* listParts(out, key, value)
    else out += childOf(name, key, value)
  }
  return out === opened ? `${start}/>` : `${out}</${name}>`
}

function* listParts(before: string, name: string, values: List): Generator<string, string> {
  let out = before
  const nested = LISTS_OF_LISTS.has(name)
  for (const value of values) {
    if (nested && typeof value === 'object' && !(value instanceof Kept)) out = yield* elementParts(out, name, value)
    else out += item(name, value)
    if (out.length >= PART_LENGTH) {
      yield out
      out = ''
    }
  }
  return out
}

function element(name: string, tree: Tree): string {
  if (!isName(name)) return ''
  let content = ownText(name, tree)
  for (const key in tree) {
    const value = tree[key]
    if (value === undefined || value === null) continue
    if (typeof value === 'object' && isList(value)) {
      const member = NAMES_OF_MEMBERS.get(key) ?? key
      for (const one of value) content += item(member, one)
    } else content += childOf(name, key, value)
  }
  const start = `<${name}${attributes(name, tree)}`
  return content === '' ? `${start}/>` : `${start}>${content}</${name}>`
}

function item(name: string, value: ListItem): string {
  if (typeof value !== 'object') return scalarElement(name, value)
  if (!(value instanceof Kept)) return element(name, value)
  // Of one kind of list, hence by one name, in all but a few answers.
  const start = `<${name} `
  if (!value.xml?.startsWith(start)) value.xml = element(name, value.tree)
  return value.xml
}

/** What a member that is no list adds to the content: nothing when it is an attribute, or an object with nothing in it. */
function childOf(parent: string, key: string, value: Scalar | Tree): string {
  if (typeof value !== 'object') return SCALARS_ARE_ELEMENTS.has(parent) ? scalarElement(key, value) : ''
  const written = element(key, value)
  return written === `<${key}/>` ? '' : written
}

function attributes(name: string, tree: Tree): string {
  if (SCALARS_ARE_ELEMENTS.has(name)) return ''
  const valueIsText = TEXT_IS_VALUE.has(name)
  let out = ''
  for (const key in tree) {
    const value = tree[key]
    switch (typeof value) {
      case 'string':
        if ((valueIsText && key === 'value') || !isName(key)) break
        out += ` ${key}="${attribute(value)}"`
        break
      case 'number':
        if (Number.isFinite(value) && isName(key)) out += ` ${key}="${value}"`
        break
      case 'boolean':
        if (isName(key)) out += ` ${key}="${value}"`
    }
  }
  return out
}

function ownText(name: string, tree: Tree): string {
  const value = tree.value
  return TEXT_IS_VALUE.has(name) && typeof value === 'string' ? content(value) : ''
}

function scalarElement(name: string, value: Scalar): string {
  if (!isName(name) || (typeof value === 'number' && !Number.isFinite(value))) return ''
  return `<${name}>${typeof value === 'string' ? content(value) : value}</${name}>`
}

/** Keys are our own, but plugins may answer anything; one bad name would make the document unreadable. */
function isName(key: string): boolean {
  return /^[A-Za-z_][A-Za-z0-9_.-]*$/.test(key)
}

const SPECIAL = /[&<>"\u0000-\u001f\ufffe\uffff\ud800-\udfff]/
/** What XML 1.0 forbids even as references. With the flag `u`, surrogates match only where they stand alone. */
const FORBIDDEN = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff\p{Surrogate}]/gu

function attribute(value: string): string {
  if (!SPECIAL.test(value)) return value
  return content(value).replace(/"/g, '&quot;').replace(/\t/g, '&#9;').replace(/\n/g, '&#10;')
}

function content(value: string): string {
  if (!SPECIAL.test(value)) return value
  return value
    .replace(FORBIDDEN, '')
    .replace(/&/g, '&amp;')
    .replace(/</g, '&lt;')
    .replace(/>/g, '&gt;')
    .replace(/\r/g, '&#13;')
}
