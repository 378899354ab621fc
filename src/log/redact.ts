import { isAppError, systemErrorCode } from '../base/errors.ts'

/** Names of fields that may hold a secret, lower case: the Subsonic credentials, and what anybody would call one. */
const SECRET_NAMES = new Set(['u', 'p', 't', 's', 'salt', 'jwt', 'authorization', 'cookie', 'set-cookie'])
const SECRET_WORDS = /passw|secret|token|api-?_?key|credential/i

/** Credentials inside a text that is, or quotes, a URL. */
const SECRET_PARAMETERS = /([?&](?:u|p|t|s|apiKey|jwt|token|password)=)[^&\s"']*/gi

const REDACTED = '[redacted]'
const MAX_DEPTH = 5
const MAX_TEXT = 4096

/**
 * The fields of a log line, fit to be written: secrets replaced, errors spelled out, depth and length bounded. Cyclic
 * values end at the depth.
 */
export function redactFields(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return clean(fields, 0) as Record<string, unknown>
}

export function redactText(text: string): string {
  const short = text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}…` : text
  return short.replace(SECRET_PARAMETERS, `$1${REDACTED}`)
}

function clean(value: unknown, depth: number): unknown {
  if (typeof value === 'string') return redactText(value)
  if (typeof value === 'bigint') return value.toString()
  if (typeof value !== 'object' || value === null) return value
  if (value instanceof Error) return describeError(value, depth)
  if (value instanceof Date) return value.toISOString()
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`
  if (depth >= MAX_DEPTH) return '[nested]'
  if (Array.isArray(value)) return value.map((item) => clean(item, depth + 1))
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [name, isSecret(name, item) ? REDACTED : clean(item, depth + 1)]),
  )
}

/** Numbers and booleans of such a name are counts and switches (`tokens: 3`, `password: true`). */
function isSecret(name: string, value: unknown): boolean {
  if (value === undefined || typeof value === 'number' || typeof value === 'boolean') return false
  return SECRET_NAMES.has(name.toLowerCase()) || SECRET_WORDS.test(name)
}

function describeError(error: Error, depth: number): Record<string, unknown> {
  const code = isAppError(error) ? error.code : systemErrorCode(error)
  const details =
    isAppError(error) && Object.keys(error.details).length > 0 ? clean(error.details, depth + 1) : undefined
  return {
    name: error.name,
    message: redactText(error.message),
    ...(code ? { code } : {}),
    ...(details ? { details } : {}),
    ...(error.stack && depth < 2 ? { stack: redactText(error.stack) } : {}),
    ...(error.cause !== undefined && depth < MAX_DEPTH ? { cause: clean(error.cause, depth + 1) } : {}),
  }
}
