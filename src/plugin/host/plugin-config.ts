import type { TSchema } from 'typebox'
import { Value } from 'typebox/value'
import { AppError } from '../../base/errors.ts'

/**
 * Fills in defaults and validates what people set against a plugin's schema. Unknown keys are errors: a misspelt setting
 * must not be ignored. Rejects with CONFIG_INVALID, all problems at once with their paths. @returns a frozen object.
 */
export function resolveConfig(
  plugin: string,
  schema: unknown,
  values: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  if (schema === undefined) {
    const keys = Object.keys(values)
    if (keys.length > 0)
      throw new AppError('CONFIG_INVALID', `plugin ${plugin} has no settings; remove ${keys.join(', ')}`)
    return Object.freeze({})
  }
  const strict = { additionalProperties: false, ...(schema as object) } as TSchema
  const config = withDefaults(strict, structuredClone(values))
  const problems = [...Value.Errors(strict, config)].map((error) => `${error.instancePath || '/'} ${error.message}`)
  if (problems.length > 0) throw new AppError('CONFIG_INVALID', `settings of plugin ${plugin}: ${problems.join('; ')}`)
  return Object.freeze(config as Record<string, unknown>)
}

interface SchemaPart {
  readonly default?: unknown
  readonly properties?: Readonly<Record<string, SchemaPart>>
  readonly items?: SchemaPart
}

/** TypeBox fills defaults only into schemas that it made itself; a manifest's is plain JSON. Changes `value`. */
function withDefaults(schema: SchemaPart, value: unknown): unknown {
  const given = value === undefined ? structuredClone(schema.default) : value
  if (Array.isArray(given)) return schema.items ? given.map((item) => withDefaults(schema.items ?? {}, item)) : given
  if (typeof given !== 'object' || given === null) return given
  const object = given as Record<string, unknown>
  for (const [key, part] of Object.entries(schema.properties ?? {})) {
    const filled = withDefaults(part, Object.hasOwn(object, key) ? object[key] : undefined)
    if (filled !== undefined) object[key] = filled
  }
  return object
}
