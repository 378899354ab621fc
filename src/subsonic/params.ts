import { isUtf8 } from 'node:buffer'
import { unescape as decodePercents } from 'node:querystring'
import { AppError } from '../base/errors.ts'
import { decodeId, decodeIdOf, type IdKind, type PublicId } from '../base/ids.ts'

type KeyOf<K extends IdKind> = NonNullable<ReturnType<typeof decodeIdOf<K>>>

/** More would only be sent to keep the server busy; a queue of 100,000 songs still fits. */
const MAX_PARAMETERS = 200_000
/**
 * Characters of one value: more than any name, comment or token has. A body may be 10 MiB, and a text of that size would
 * hold up everybody where it is searched for, and would go out with every list where it is stored.
 */
const MAX_VALUE = 16_384

/**
 * The parameters of a request. Repeated ones keep their order; of one that should stand once the first counts. A value
 * that is empty counts as not sent. Getters reject with MISSING_PARAMETER, INVALID_PARAMETER or (ids) NOT_FOUND and name
 * the parameter. Numbers that need not be sent never fail: a fraction is rounded (`size=300.0`), and what is no number
 * counts as not sent.
 */
export class Params {
  /** One value, or all of a repeated parameter. */
  readonly #values: ReadonlyMap<string, string | readonly string[]>

  private constructor(values: ReadonlyMap<string, string | readonly string[]>) {
    this.#values = values
  }

  /** From a URL's query and, if one was sent, a form; the query's values come first. */
  static parse(query: string, form = ''): Params {
    const sent = query && form ? `${query}&${form}` : query || form
    // SQLite would end the text there: `admin%00x` would be `admin` to it and another name to everybody else.
    return new Params(parse(/%00|\0/.test(sent) ? sent.replaceAll('%00', '').replaceAll('\0', '') : sent))
  }

  /** True also for an empty value. */
  has(name: string): boolean {
    return this.#values.has(name)
  }

  /** As sent, '' included. */
  raw(name: string): string | undefined {
    const value = this.#values.get(name)
    return typeof value === 'object' ? value[0] : value
  }

  optional(name: string): string | undefined {
    return this.raw(name) || undefined
  }

  string(name: string): string {
    return this.optional(name) ?? missing(name)
  }

  all(name: string): readonly string[] {
    const value = this.#values.get(name)
    if (value === undefined) return []
    return typeof value === 'string' ? (value ? [value] : []) : value.filter((text) => text !== '')
  }

  integer(name: string): number
  integer<F extends number | undefined>(name: string, fallback: F): number | F
  integer(name: string, ...fallback: (number | undefined)[]): number | undefined {
    const text = this.optional(name)
    if (fallback.length > 0) return text === undefined ? fallback[0] : (roundedInteger(text) ?? fallback[0])
    return text === undefined ? missing(name) : (wholeInteger(text) ?? invalid(name, 'a whole number'))
  }

  /** Of a repeated parameter, as sent in order; undefined in the place of what is no number. */
  integers(name: string): readonly (number | undefined)[] {
    return this.all(name).map(roundedInteger)
  }

  /** A number with or without a fraction. */
  decimal<F extends number | undefined>(name: string, fallback: F): number | F {
    const text = this.optional(name)
    return text === undefined ? fallback : (anyNumber(text) ?? fallback)
  }

  boolean(name: string): boolean
  boolean<F extends boolean | undefined>(name: string, fallback: F): boolean | F
  boolean(name: string, ...fallback: (boolean | undefined)[]): boolean | undefined {
    const text = this.optional(name)?.toLowerCase()
    if (text === undefined) return fallback.length > 0 ? fallback[0] : missing(name)
    if (['true', '1', 'yes', 'on'].includes(text)) return true
    if (['false', '0', 'no', 'off'].includes(text)) return false
    return invalid(name, 'true or false')
  }

  /** A password: clear, or `enc:` and its UTF-8 bytes in hex. Hex that is none is taken for the password itself. */
  password(name: string): string | undefined {
    const text = this.optional(name)
    return text === undefined ? undefined : decodePassword(text)
  }

  id(name: string): PublicId {
    return decodeId(this.string(name)) ?? unknownId(name)
  }

  idOf<K extends IdKind>(kind: K, name: string): KeyOf<K> {
    return decodeIdOf(kind, this.string(name)) ?? unknownId(name)
  }

  /** Those that are ids of this kind; the others are left out, as unknown ones are. */
  idsOf<K extends IdKind>(kind: K, name: string): readonly KeyOf<K>[] {
    return this.all(name)
      .map((text) => decodeIdOf(kind, text))
      .filter((key) => key !== undefined)
  }
}

/**
 * As `querystring.parse` of Node.js, into a map: an object whose members come from outside makes V8 learn a shape for each
 * request.
 */
function parse(text: string): Map<string, string | string[]> {
  const values = new Map<string, string | string[]>()
  let count = 0
  for (let from = 0; from <= text.length; ) {
    if (++count > MAX_PARAMETERS) throw new AppError('BAD_REQUEST', `A request may have ${MAX_PARAMETERS} parameters.`)
    const ampersand = text.indexOf('&', from)
    const end = ampersand < 0 ? text.length : ampersand
    if (end > from) {
      // Looked for in the pair alone: in the whole text, a form of names without values would take minutes.
      const pair = text.slice(from, end)
      const equals = pair.indexOf('=')
      const name = decode(equals < 0 ? pair : pair.slice(0, equals))
      const value = equals < 0 ? '' : decode(pair.slice(equals + 1))
      if (name.length > MAX_VALUE || value.length > MAX_VALUE)
        throw new AppError('BAD_REQUEST', `A parameter may have ${MAX_VALUE} characters.`)
      const known = values.get(name)
      if (known === undefined) values.set(name, value)
      else if (typeof known === 'string') values.set(name, [known, value])
      else known.push(value)
    }
    from = end + 1
  }
  return values
}

function decode(text: string): string {
  const spaced = text.includes('+') ? text.replaceAll('+', ' ') : text
  return /%[0-9A-Fa-f]{2}/.test(spaced) ? decodePercents(spaced) : spaced
}

export function decodePassword(text: string): string {
  if (!text.startsWith('enc:')) return text
  const hex = text.slice(4)
  if (hex.length % 2 !== 0 || !/^[0-9a-fA-F]+$/.test(hex)) return text
  const bytes = Buffer.from(hex, 'hex')
  // py-sonic sends one byte a character.
  return bytes.toString(isUtf8(bytes) ? 'utf8' : 'latin1')
}

function wholeInteger(text: string): number | undefined {
  // A plus sign that was not encoded comes as a space.
  const value = /^ ?[+-]?\d{1,16}$/.test(text) ? Number(text) : Number.NaN
  return Number.isSafeInteger(value) ? value : undefined
}

export function roundedInteger(text: string): number | undefined {
  const value = wholeInteger(text) ?? Math.round(anyNumber(text) ?? Number.NaN)
  return Number.isSafeInteger(value) ? value : undefined
}

function anyNumber(text: string): number | undefined {
  return /^ ?[+-]?(\d{1,16}(\.\d{0,32})?|\.\d{1,32})(e[+-]?\d{1,2})?$/i.test(text) ? Number(text) : undefined
}

function missing(name: string): never {
  throw new AppError('MISSING_PARAMETER', `Required parameter '${name}' is missing.`)
}

export function invalid(name: string, expected: string): never {
  throw new AppError('INVALID_PARAMETER', `Parameter '${name}' must be ${expected}.`)
}

export function unknownId(name: string): never {
  throw new AppError('NOT_FOUND', `Nothing is known by the '${name}' that was sent.`)
}
