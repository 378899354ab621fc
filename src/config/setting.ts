import { join, resolve } from 'node:path'
import { Array as arrayOf, Boolean as booleanType, Integer, String as stringType, type TSchema } from 'typebox'
import { Check } from 'typebox/schema'
import { parseDuration, parseSize } from './units.ts'

/** Where relative paths of a value start, and what `~` means. */
export interface ReadContext {
  readonly folder: string
  readonly home: string
}

/** One setting as data. `T` is what the program gets; `initial` and the file hold the form that people write. */
export interface Setting<T> {
  readonly schema: TSchema
  readonly initial: unknown
  readonly help: string
  /** What the program counts it in, where it is a measure. */
  readonly unit?: 'ms'
  /** Ends the sentence "expected ...". */
  readonly expected: string
  /** Names of Navidrome's environment with the same meaning, without `ND_`. */
  readonly navidrome: readonly NavidromeName[]
  /** Text of the environment or the command line in the file's form; what it can't read comes back as it was. */
  fromText(text: string): unknown
  /** Checks and converts; undefined = not acceptable. */
  read(value: unknown, context: ReadContext): T | undefined
  /** What exactly is wrong with a value of several parts that `read` refused; empty: `expected` says it all. */
  faults(value: unknown, context: ReadContext): readonly Fault[]
}

/** `part` names the entry (`entry 2`, `Kids`), `what` is a clause about it (`has no path; expected ...`). */
export interface Fault {
  readonly part: string
  readonly what: string
}

/** A name, or a name with a translation of its values. */
export type NavidromeName = string | { readonly name: string; translate(text: string): string }

export interface Details {
  readonly help: string
  readonly navidrome?: readonly NavidromeName[]
}

interface Shape<T> {
  readonly schema: TSchema
  readonly initial: unknown
  readonly expected: string
  readonly unit?: 'ms'
  readonly fromText?: (text: string) => unknown
  readonly convert: (value: never, context: ReadContext) => T | undefined
  readonly faults?: (value: unknown, context: ReadContext) => readonly Fault[]
}

export function setting<T>(shape: Shape<T>, details: Details): Setting<T> {
  const { schema, initial, expected, unit, fromText, convert, faults } = shape
  return {
    schema,
    initial,
    expected,
    help: details.help,
    ...(unit ? { unit } : {}),
    navidrome: details.navidrome ?? [],
    fromText: fromText ?? ((text) => text),
    read: (value, context) => (Check(schema, value) ? convert(value as never, context) : undefined),
    faults: faults ?? (() => []),
  }
}

export function text(
  initial: string,
  details: Details & { readonly expected?: string; readonly pattern?: string },
): Setting<string> {
  const schema = stringType(details.pattern === undefined ? {} : { pattern: details.pattern })
  return setting(
    { schema, initial, expected: details.expected ?? 'a text', convert: (value: string) => value },
    details,
  )
}

export function choice<const W extends string>(words: readonly W[], initial: NoInfer<W>, details: Details): Setting<W> {
  return setting(
    {
      schema: stringType({ pattern: `^(${words.join('|')})$` }),
      initial,
      expected: `one of ${words.join(', ')}`,
      fromText: (value) => value.toLowerCase(),
      convert: (value: W) => value,
    },
    details,
  )
}

export function whole(
  initial: number,
  range: { readonly min: number; readonly max: number },
  details: Details,
): Setting<number> {
  return setting(
    {
      schema: Integer({ minimum: range.min, maximum: range.max }),
      initial,
      expected: `a whole number from ${range.min} to ${range.max}`,
      fromText: (value) => (/^-?\d+$/.test(value.trim()) ? Number(value) : value),
      convert: (value: number) => value,
    },
    details,
  )
}

const YES = new Set(['true', 'yes', 'on', '1'])
const NO = new Set(['false', 'no', 'off', '0'])

export function toggle(initial: boolean, details: Details): Setting<boolean> {
  return setting(
    {
      schema: booleanType(),
      initial,
      expected: 'true or false',
      fromText: (value) => {
        const word = value.trim().toLowerCase()
        return YES.has(word) ? true : NO.has(word) ? false : value
      },
      convert: (value: boolean) => value,
    },
    details,
  )
}

/** Milliseconds. */
export function duration(initial: string, details: Details): Setting<number> {
  return setting(
    {
      schema: DURATION_OR_SIZE,
      initial,
      expected: 'a duration such as 500ms, 5s, 1h30m, 7d or 0',
      unit: 'ms',
      convert: (value: string | number) => parseDuration(String(value)),
    },
    details,
  )
}

/** Bytes. */
export function size(initial: string, details: Details): Setting<number> {
  return setting(
    {
      schema: DURATION_OR_SIZE,
      initial,
      expected: 'a size such as 100MB, 1.5GB, 512KiB or 0',
      convert: (value: string | number) => parseSize(String(value)),
    },
    details,
  )
}

/** YAML reads a bare `0` as a number. */
const DURATION_OR_SIZE: TSchema = { anyOf: [{ type: 'string' }, { const: 0 }] } as TSchema

/** An absolute path; '' stays ''. */
export function path(initial: string, details: Details): Setting<string> {
  return setting(
    {
      schema: stringType(),
      initial,
      expected: 'a path',
      convert: (value: string, context) => resolvePath(value, context),
    },
    details,
  )
}

/** A program's name, or its absolute path. */
export function program(initial: string, details: Details): Setting<string> {
  return setting(
    {
      schema: stringType({ minLength: 1 }),
      initial,
      expected: "a program's name or path",
      convert: (value: string, context) => (value.includes('/') ? resolvePath(value, context) : value),
    },
    details,
  )
}

/** From text: a JSON array, or parts between commas. In the file one text stands for a list of it. */
export function list(
  initial: readonly string[],
  details: Details & { readonly expected?: string; readonly item?: RegExp },
): Setting<readonly string[]> {
  const { item } = details
  return setting(
    {
      schema: ONE_OR_MORE,
      initial,
      expected: details.expected ?? 'a list of texts',
      fromText: (value) => splitList(value, ','),
      convert: (given: string | readonly string[]) => {
        const values = listOf(given)
        return item === undefined || values?.every((value) => item.test(value)) ? values : undefined
      },
    },
    details,
  )
}

/**
 * Absolute paths. From text: a JSON array, or parts between the system's separators (`:`). In the file one path stands for
 * a list of it.
 */
export function paths(initial: readonly string[], details: Details): Setting<readonly string[]> {
  return setting(
    {
      schema: ONE_OR_MORE,
      initial,
      expected: 'a path or a list of paths',
      fromText: (value) => splitList(value, ':'),
      convert: (given: string | readonly string[], context) =>
        listOf(given)?.map((value) => resolvePath(value, context)),
    },
    details,
  )
}

const STRINGS = arrayOf(stringType({ minLength: 1 }))
export const ONE_OR_MORE = { anyOf: [stringType({ minLength: 1 }), STRINGS] } as unknown as TSchema

/** Undefined: a list as text that is no JSON. */
export function listOf(given: string | readonly string[]): readonly string[] | undefined {
  if (typeof given !== 'string') return given
  return given.startsWith('[') ? undefined : [given]
}

export function splitList(value: string, separator: string): unknown {
  const trimmed = value.trim()
  if (trimmed.startsWith('[')) return parseJson(trimmed)
  return trimmed
    .split(separator)
    .map((part) => part.trim())
    .filter((part) => part !== '')
}

/** The value, or the text itself when it is no JSON: the check then names what was expected. */
export function parseJson(value: string): unknown {
  try {
    return JSON.parse(value)
  } catch {
    return value
  }
}

export function resolvePath(value: string, context: ReadContext): string {
  if (value === '') return ''
  if (value === '~') return context.home
  return resolve(context.folder, value.startsWith('~/') ? join(context.home, value.slice(2)) : value)
}

/** A value as a person would recognise it in a message. */
export function show(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value)
  return text.length > 60 ? `${text.slice(0, 57)}...` : text
}
