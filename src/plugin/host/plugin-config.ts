import { AppError } from '../../base/errors.ts'
import { settingProblems } from './setting-problems.ts'
import type { SchemaPart } from './setting-words.ts'

/**
 * Fills in defaults and validates what people set against a plugin's schema. Unknown keys are errors: a misspelt setting
 * must not be ignored. Rejects with CONFIG_INVALID, all problems at once, a line each as for
 * the server's own settings. @returns a frozen object.
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
  const strict: SchemaPart = { additionalProperties: false, ...(schema as SchemaPart) }
  const config = withDefaults(strict, structuredClone(values)) as Record<string, unknown>
  const problems = settingProblems(strict, config).map(
    ({ path, what }) => `${path === '' ? 'the settings' : path} of plugin ${plugin} ${what}`,
  )
  if (problems.length > 0) throw new AppError('CONFIG_INVALID', problems.join('\n'))
  return Object.freeze(config)
}

/** TypeBox fills defaults only into schemas that it made itself; a manifest's is plain JSON. Changes `value`. */
function withDefaults(schema: SchemaPart, value: unknown): unknown {
  const given = value === undefined ? structuredClone(schema.default) : value
  const { items } = schema
  if (Array.isArray(given)) return isPart(items) ? given.map((item) => withDefaults(items, item)) : given
  if (typeof given !== 'object' || given === null) return given
  const object = given as Record<string, unknown>
  for (const [key, part] of Object.entries(schema.properties ?? {})) {
    const filled = withDefaults(part, Object.hasOwn(object, key) ? object[key] : undefined)
    if (filled !== undefined) object[key] = filled
  }
  return object
}

function isPart(items: SchemaPart['items']): items is SchemaPart {
  return typeof items === 'object' && !Array.isArray(items)
}
