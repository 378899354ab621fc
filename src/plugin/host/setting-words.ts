/** What a plugin's schema says of one value, as far as people are told; as it lies in plugin.json. */
export interface SchemaPart {
  readonly type?: string | readonly string[]
  readonly const?: unknown
  readonly enum?: readonly unknown[]
  readonly default?: unknown
  readonly properties?: Readonly<Record<string, SchemaPart>>
  readonly patternProperties?: Readonly<Record<string, SchemaPart>>
  readonly additionalProperties?: SchemaPart | boolean
  readonly required?: readonly string[]
  readonly items?: SchemaPart | readonly SchemaPart[] | boolean
  readonly anyOf?: readonly SchemaPart[]
  readonly oneOf?: readonly SchemaPart[]
  readonly allOf?: readonly SchemaPart[]
  readonly minimum?: number
  readonly maximum?: number
  readonly exclusiveMinimum?: number
  readonly exclusiveMaximum?: number
  readonly multipleOf?: number
  readonly minLength?: number
  readonly maxLength?: number
  readonly minItems?: number
  readonly maxItems?: number
  readonly uniqueItems?: boolean
  readonly pattern?: string
  readonly format?: string
}

/** Ends the sentence "expected ...", in the words of the server's own settings. */
export function expectedOf(schema: SchemaPart): string {
  const alternatives = schema.anyOf ?? schema.oneOf
  const words = schema.enum ?? ('const' in schema ? [schema.const] : constantsOf(alternatives))
  if (words) return words.length === 1 ? plain(words[0]) : `one of ${words.map(plain).join(', ')}`
  if (alternatives) return [...new Set(alternatives.map(expectedOf))].join(' or ')
  const types = typeof schema.type === 'string' ? [schema.type] : (schema.type ?? [])
  if (types.length === 0) return 'what its schema allows'
  return types.map((type) => expectedOfType(type, schema)).join(' or ')
}

function expectedOfType(type: string, schema: SchemaPart): string {
  switch (type) {
    case 'boolean':
      return 'true or false'
    case 'integer':
      return `a whole number${rangeOf(schema)}`
    case 'number':
      return `a number${rangeOf(schema)}`
    case 'string':
      return textOf(schema)
    case 'array':
      return listOf(schema)
    case 'object': {
      const keys = Object.keys(schema.properties ?? {})
      return keys.length > 0 ? `a section with ${keys.join(', ')}` : 'a section'
    }
    default:
      return type
  }
}

function rangeOf({ minimum, maximum, exclusiveMinimum, exclusiveMaximum, multipleOf }: SchemaPart): string {
  const parts: string[] = []
  if (minimum !== undefined && maximum !== undefined) parts.push(`from ${minimum} to ${maximum}`)
  else if (minimum !== undefined) parts.push(`of at least ${minimum}`)
  else if (maximum !== undefined) parts.push(`of at most ${maximum}`)
  if (exclusiveMinimum !== undefined) parts.push(`above ${exclusiveMinimum}`)
  if (exclusiveMaximum !== undefined) parts.push(`below ${exclusiveMaximum}`)
  if (multipleOf !== undefined) parts.push(`that is a multiple of ${multipleOf}`)
  return parts.map((part) => ` ${part}`).join('')
}

const FORMATS: Readonly<Record<string, string>> = {
  uri: 'an address such as https://example.org',
  url: 'an address such as https://example.org',
  email: 'an e-mail address',
  date: 'a date such as 2025-12-31',
  time: 'a time such as 18:30:00Z',
  'date-time': 'a time such as 2025-12-31T18:30:00Z',
}

function textOf({ minLength, maxLength, pattern, format }: SchemaPart): string {
  const kind = (format === undefined ? undefined : FORMATS[format]) ?? 'a text'
  const length = countOf('characters', minLength, maxLength)
  return `${kind}${length}${pattern === undefined ? '' : ` that matches ${pattern}`}`
}

function listOf({ items, minItems, maxItems, uniqueItems }: SchemaPart): string {
  const one = typeof items === 'object' && !Array.isArray(items) ? `, each ${expectedOf(items as SchemaPart)}` : ''
  return `a list${countOf('entries', minItems, maxItems)}${uniqueItems ? ' without repetitions' : ''}${one}`
}

function countOf(things: string, least: number | undefined, most: number | undefined): string {
  if (least === 1 && most === undefined) return ' that is not empty'
  if (least !== undefined && most !== undefined) return ` of ${least} to ${most} ${things}`
  if (least !== undefined) return ` of at least ${least} ${things}`
  return most === undefined ? '' : ` of at most ${most} ${things}`
}

function constantsOf(alternatives: readonly SchemaPart[] | undefined): readonly unknown[] | undefined {
  if (!alternatives?.every((one) => 'const' in one)) return undefined
  return alternatives.map((one) => one.const)
}

function plain(value: unknown): string {
  return typeof value === 'string' && value !== '' ? value : JSON.stringify(value)
}
