import type { TSchema } from 'typebox'
import { objectOf } from './preferences.ts'
import { Refusal } from './refusal.ts'

/** The parts of JSON Schema that targets of channels are made of. */
interface Part {
  readonly type?: string
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  readonly anyOf?: readonly Part[]
  readonly pattern?: string
  readonly minLength?: number
  readonly maxLength?: number
  readonly minimum?: number
  readonly maximum?: number
  readonly default?: unknown
  readonly title?: string
  readonly secret?: boolean
  readonly required?: readonly string[]
  readonly properties?: Readonly<Record<string, Part>>
}

type Fields = Readonly<Record<string, unknown>>

const LONGEST = 2_000

/**
 * What somebody typed as the target of a channel: checked, with defaults. `before`: the stored one; secrets that are left
 * out stay as they were. Rejects with a Refusal that names what is wrong.
 */
export function targetOf(schema: TSchema, input: unknown, before?: Fields): Fields {
  return objectBy(schema as Part, input, { before, name: '' })
}

/** A target as it may be shown: of secrets only whether there is one. */
export function withoutSecrets(schema: TSchema, target: Fields): Fields {
  return Object.fromEntries(
    Object.entries((schema as Part).properties ?? {}).flatMap(([key, part]): [string, unknown][] => {
      const value = target[key]
      if (part.secret) return [[key, value === undefined || value === '' ? '' : '****']]
      if (value === undefined) return []
      return [[key, part.properties ? withoutSecrets(part as TSchema, value as Fields) : value]]
    }),
  )
}

function objectBy(
  schema: Part,
  input: unknown,
  { before, name }: { readonly before: Fields | undefined; readonly name: string },
): Fields {
  const given = objectOf(input, name || 'target')
  const parts = schema.properties ?? {}
  const unknown = Object.keys(given).find((key) => !Object.hasOwn(parts, key))
  if (unknown !== undefined)
    throw new Refusal(400, `There is no '${name}${unknown}': ${Object.keys(parts).join(', ')} are.`)
  const result: Record<string, unknown> = {}
  for (const [key, part] of Object.entries(parts)) {
    const path = `${name}${key}`
    let value = given[key]
    const isKept = part.secret && (value === undefined || value === '****')
    if (isKept) value = before?.[key]
    if (value === undefined || value === null) value = part.default
    if (value === undefined) {
      if (schema.required?.includes(key)) throw new Refusal(400, `${path} is missing${titled(part)}.`)
      continue
    }
    if (part.properties) result[key] = objectBy(part, value, { before: undefined, name: `${path}.` })
    else if (isValid(part, value)) result[key] = value
    else throw new Refusal(400, `${path} is not valid${titled(part)}.`)
  }
  return result
}

function titled({ title }: Part): string {
  return title ? ` (${title})` : ''
}

function isValid(part: Part, value: unknown): boolean {
  if (part.anyOf) return part.anyOf.some((one) => isValid(one, value))
  if (part.const !== undefined) return value === part.const
  if (part.enum && !part.enum.includes(value)) return false
  switch (part.type) {
    case 'string':
      return (
        typeof value === 'string' &&
        value.length <= (part.maxLength ?? LONGEST) &&
        value.length >= (part.minLength ?? 0) &&
        (part.pattern === undefined || new RegExp(part.pattern, 'u').test(value))
      )
    case 'integer':
    case 'number':
      return (
        typeof value === 'number' &&
        (part.type === 'integer' ? Number.isSafeInteger(value) : Number.isFinite(value)) &&
        value >= (part.minimum ?? Number.NEGATIVE_INFINITY) &&
        value <= (part.maximum ?? Number.POSITIVE_INFINITY)
      )
    case 'boolean':
      return typeof value === 'boolean'
    default:
      return part.enum !== undefined
  }
}
