import { isDeepStrictEqual } from 'node:util'
import { AppError } from '../../base/errors.ts'
import { MASK, withoutLogin } from '../../base/mask.ts'

type Values = Readonly<Record<string, unknown>>

interface SchemaPart {
  readonly secret?: unknown
  readonly format?: unknown
  readonly properties?: Readonly<Record<string, SchemaPart>>
  readonly patternProperties?: Readonly<Record<string, SchemaPart>>
  readonly additionalProperties?: SchemaPart | boolean
  readonly items?: SchemaPart | readonly SchemaPart[]
  readonly anyOf?: readonly SchemaPart[]
  readonly oneOf?: readonly SchemaPart[]
  readonly allOf?: readonly SchemaPart[]
}

/** All that a schema says of one value, alternatives side by side: what is a secret by one of them is one. */
type Schema = readonly SchemaPart[]

/**
 * A plugin's settings for an administrator's eyes: what its schema calls `secret: true` (or `format: 'password'`) is never
 * shown, however deep it lies, nor a login within an address.
 */
export function masked(schema: unknown, config: Values): Values {
  return maskedPart(schemaOf(schema), config) as Values
}

/** What comes back as it was shown is what is stored; all else is new. Throws UNPROCESSABLE, see `withLogin`. */
export function unmasked(schema: unknown, given: Values, stored: Values): Values {
  return unmaskedPart(schemaOf(schema), given, stored) as Values
}

function maskedPart(schema: Schema, value: unknown): unknown {
  if (isSecret(schema)) return value ? MASK : value
  if (typeof value === 'string') return withoutLogin(value)
  if (Array.isArray(value)) return value.map((item, index) => maskedPart(itemOf(schema, index), item))
  if (!isValues(value)) return value
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, maskedPart(memberOf(schema, key), one)]))
}

/** Undefined for a mask with nothing behind it. */
function unmaskedPart(schema: Schema, given: unknown, stored: unknown): unknown {
  if (isSecret(schema)) return given === MASK ? stored : given
  if (typeof given === 'string') return typeof stored === 'string' ? withLogin(given, stored) : given
  if (Array.isArray(given)) {
    const known: readonly unknown[] = Array.isArray(stored) ? stored : []
    const before = counterparts(
      given,
      known.map((item, index) => maskedPart(itemOf(schema, index), item)),
    )
    return given
      .map((item, index) => unmaskedPart(itemOf(schema, index), item, known[before[index] ?? -1]))
      .filter((item) => item !== undefined)
  }
  if (!isValues(given)) return given
  const before = isValues(stored) ? stored : {}
  return Object.fromEntries(
    Object.entries(given)
      .map(([key, one]) => [key, unmaskedPart(memberOf(schema, key), one, before[key])] as const)
      .filter(([, one]) => one !== undefined),
  )
}

/**
 * For each given item of a list the place of the one that it was, each place once: what is as it was shown, at its own
 * place first; and when as many are new as are gone, those were edited and stand for each other in their order.
 */
function counterparts(given: readonly unknown[], shown: readonly unknown[]): readonly (number | undefined)[] {
  const left = new Set(shown.keys())
  const take = (place: number | undefined) => {
    if (place !== undefined) left.delete(place)
    return place
  }
  const isSame = (item: unknown, place: number) => left.has(place) && isDeepStrictEqual(shown[place], item)
  const places = given.map((item, place) => (isSame(item, place) ? take(place) : undefined))
  const found = places.map((place, index) => place ?? take([...left].find((one) => isSame(given[index], one))))
  const edited = found.filter((place) => place === undefined).length === left.size ? [...left] : []
  return found.map((place) => place ?? edited.shift())
}

/**
 * The address with the stored login where its mask stands, when it still leads to the same server. Throws UNPROCESSABLE
 * when it leads elsewhere: the mask is no login, and the stored one is not for others.
 */
function withLogin(given: string, stored: string): string {
  const shown = withoutLogin(stored)
  if (shown === stored || given === shown) return given === shown ? stored : given
  const end = shown.indexOf(`${MASK}@`) + MASK.length + 1
  const scheme = shown.slice(0, end - MASK.length - 1)
  if (!given.startsWith(`${scheme}${MASK}@`)) return given
  const hostOf = (address: string) => address.slice(end).split(/[/?#]/, 1)[0]
  if (hostOf(given) !== hostOf(shown))
    throw new AppError(
      'UNPROCESSABLE',
      `The login in ${shown} is not shown: to change its server, write the address with name and password anew.`,
    )
  return stored.slice(0, stored.length - (shown.length - end)) + given.slice(end)
}

function schemaOf(part: unknown): Schema {
  if (!isValues(part)) return []
  const one: SchemaPart = part
  return [one, ...[one.anyOf, one.oneOf, one.allOf].flatMap((all) => (all ?? []).flatMap(schemaOf))]
}

function isSecret(schema: Schema): boolean {
  return schema.some(({ secret, format }) => secret === true || format === 'password')
}

function memberOf(schema: Schema, key: string): Schema {
  return schema.flatMap(({ properties, patternProperties = {}, additionalProperties }) => {
    if (properties && Object.hasOwn(properties, key)) return schemaOf(properties[key])
    // A pattern is not run, since it may be one that never ends: it stands for every name.
    return [...Object.values(patternProperties), additionalProperties].flatMap(schemaOf)
  })
}

function itemOf(schema: Schema, index: number): Schema {
  return schema.flatMap(({ items }) => schemaOf(Array.isArray(items) ? items[index] : items))
}

function isValues(value: unknown): value is Values {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
