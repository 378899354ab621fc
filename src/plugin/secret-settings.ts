import { isDeepStrictEqual } from 'node:util'
import { MASK, withoutLogin } from '../base/mask.ts'

type Values = Readonly<Record<string, unknown>>

interface SchemaPart {
  readonly secret?: unknown
  readonly format?: unknown
  readonly properties?: Readonly<Record<string, SchemaPart>>
  readonly items?: SchemaPart
}

/**
 * A plugin's settings for an administrator's eyes: what its schema calls `secret: true` (or `format: 'password'`) is never
 * shown, however deep it lies, nor a login within an address.
 */
export function masked(schema: unknown, config: Values): Values {
  return maskedPart(schema as SchemaPart | undefined, config) as Values
}

/** What comes back as it was shown is what is stored; all else is new. */
export function unmasked(schema: unknown, given: Values, stored: Values): Values {
  return unmaskedPart(schema as SchemaPart | undefined, given, stored) as Values
}

function maskedPart(schema: SchemaPart | undefined, value: unknown): unknown {
  if (isSecret(schema)) return value ? MASK : value
  if (typeof value === 'string') return withoutLogin(value)
  if (Array.isArray(value)) return value.map((item) => maskedPart(schema?.items, item))
  if (!isValues(value)) return value
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, maskedPart(memberOf(schema, key), one)]))
}

/** Undefined for a mask with nothing behind it. */
function unmaskedPart(schema: SchemaPart | undefined, given: unknown, stored: unknown): unknown {
  if (isSecret(schema)) return given === MASK ? stored : given
  if (typeof given === 'string') return typeof stored === 'string' && given === withoutLogin(stored) ? stored : given
  if (Array.isArray(given)) {
    const known: readonly unknown[] = Array.isArray(stored) ? stored : []
    const shown = known.map((item) => maskedPart(schema?.items, item))
    const counterpart = (item: unknown) => known[shown.findIndex((one) => isDeepStrictEqual(one, item))]
    return given.map((item) => unmaskedPart(schema?.items, item, counterpart(item)))
  }
  if (!isValues(given)) return given
  const before = isValues(stored) ? stored : {}
  return Object.fromEntries(
    Object.entries(given)
      .map(([key, one]) => [key, unmaskedPart(memberOf(schema, key), one, before[key])] as const)
      .filter(([, one]) => one !== undefined),
  )
}

function isSecret(schema: SchemaPart | undefined): boolean {
  return schema?.secret === true || schema?.format === 'password'
}

function memberOf(schema: SchemaPart | undefined, key: string): SchemaPart | undefined {
  const { properties } = schema ?? {}
  return properties && Object.hasOwn(properties, key) ? properties[key] : undefined
}

function isValues(value: unknown): value is Values {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
