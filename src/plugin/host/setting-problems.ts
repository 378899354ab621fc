import type { TSchema } from 'typebox'
import { Value } from 'typebox/value'
import { show } from '../../config/setting.ts'
import { suggest } from '../../config/suggest.ts'
import { masked } from './secret-settings.ts'
import { expectedOf, type SchemaPart } from './setting-words.ts'

/** What is wrong with one setting, in the words of the server's own. */
export interface SettingProblem {
  /** `deep.count`, `list.2.name` (the second entry of a list); '' for the settings as a whole. */
  readonly path: string
  /** A clause: `is 10; expected a whole number from 0 to 9`. */
  readonly what: string
}

type Values = Readonly<Record<string, unknown>>

/** All that is wrong, at once; empty: the schema accepts the settings. Secrets are not shown. */
export function settingProblems(schema: SchemaPart, config: Values): readonly SettingProblem[] {
  if (Value.Check(schema as TSchema, config)) return []
  // A part that refers to another can't be tried by itself.
  if (JSON.stringify(schema).includes('"$ref"')) return asValidated(schema, config)
  return problemsIn(schema, { value: config, shown: masked(schema, config), path: '' })
}

interface Place {
  readonly value: unknown
  /** The same as it may be shown. Below a secret there is nothing. */
  readonly shown: unknown
  readonly path: string
}

function problemsIn(schema: SchemaPart, place: Place): readonly SettingProblem[] {
  const { value, shown, path } = place
  if (Value.Check(schema as TSchema, value)) return []
  const deeper = inAlternative(schema, place) ?? [
    ...(schema.allOf ?? []).flatMap((part) => problemsIn(part, place)),
    ...inMembers(schema, place),
    ...inItems(schema, place),
  ]
  if (deeper.length > 0) return deeper
  return [{ path, what: `is ${show(shown)}; expected ${expectedOf(schema)}` }]
}

function inMembers(schema: SchemaPart, { value, shown, path }: Place): readonly SettingProblem[] {
  if (!isValues(value)) return []
  const properties = schema.properties ?? {}
  const missing = (schema.required ?? []).filter((key) => !Object.hasOwn(value, key))
  const present = Object.entries(value).flatMap(([key, member]) => {
    const part = memberOf(schema, key)
    const at = path === '' ? key : `${path}.${key}`
    if (part === false) return [{ path: at, what: unknownKey(key, path, Object.keys(properties)) }]
    return part ? problemsIn(part, { value: member, shown: memberShown(shown, key), path: at }) : []
  })
  const absent = missing.map((key) => ({
    path: path === '' ? key : `${path}.${key}`,
    what: `is missing; expected ${expectedOf(properties[key] ?? {})}`,
  }))
  return [...present, ...absent]
}

/** False: there may be no such member. Undefined: any value will do. */
function memberOf(schema: SchemaPart, key: string): SchemaPart | false | undefined {
  const { properties = {}, patternProperties = {}, additionalProperties } = schema
  if (Object.hasOwn(properties, key)) return properties[key]
  const pattern = Object.keys(patternProperties).find((one) => new RegExp(one).test(key))
  if (pattern !== undefined) return patternProperties[pattern]
  return additionalProperties === true ? undefined : additionalProperties
}

function unknownKey(key: string, path: string, keys: readonly string[]): string {
  const near = suggest(key, keys)
  if (near !== undefined) return `is no setting; did you mean ${path === '' ? near : `${path}.${near}`}?`
  return keys.length > 0 ? `is no setting; there are ${keys.join(', ')}` : 'is no setting'
}

function inItems({ items }: SchemaPart, { value, shown, path }: Place): readonly SettingProblem[] {
  if (!Array.isArray(value) || typeof items !== 'object') return []
  return value.flatMap((item: unknown, index) => {
    const part = (Array.isArray(items) ? items[index] : items) as SchemaPart | undefined
    return part ? problemsIn(part, { value: item, shown: memberShown(shown, index), path: `${path}.${index + 1}` }) : []
  })
}

/** Where constants such as `kind: 'mail'` tell which of several sections is meant, what is wrong in that one. */
function inAlternative(schema: SchemaPart, place: Place): readonly SettingProblem[] | undefined {
  const { value } = place
  const alternatives = schema.anyOf ?? schema.oneOf
  if (!alternatives || !isValues(value)) return undefined
  const sections = alternatives.filter(({ properties }) => properties)
  const meant = sections.filter(({ properties = {} }) =>
    Object.entries(properties).every(([key, part]) => !('const' in part) || value[key] === part.const),
  )
  return meant.length === 1 && meant[0] ? problemsIn(meant[0], place) : undefined
}

function memberShown(shown: unknown, key: string | number): unknown {
  return typeof shown === 'object' && shown !== null ? (shown as Record<string | number, unknown>)[key] : shown
}

function asValidated(schema: SchemaPart, config: Values): readonly SettingProblem[] {
  return [...Value.Errors(schema as TSchema, config)].map(({ instancePath, message }) => ({
    path: instancePath.slice(1).replaceAll('/', '.'),
    what: `is not as its schema wants it: it ${message}`,
  }))
}

function isValues(value: unknown): value is Values {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
