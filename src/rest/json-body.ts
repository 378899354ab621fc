import { AppError } from '../base/errors.ts'
import type { HttpRequest } from '../http/types.ts'

const MIB = 1024 * 1024

/**
 * JSON without NUL characters in its texts and names: the database ends a text at the first, so they are taken out here as
 * they are from the parameters of the other API. Throws for anything but JSON.
 */
export function parseJson(text: string): unknown {
  if (!/\\u0000/i.test(text)) return JSON.parse(text)
  return JSON.parse(text, (_name, value) => withoutNul(value))
}

function withoutNul(value: unknown): unknown {
  if (typeof value === 'string') return value.replaceAll('\0', '')
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  if (!Object.keys(value).some((name) => name.includes('\0'))) return value
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name.replaceAll('\0', ''), member]))
}

/** The body as a JSON object. Rejects with UNPROCESSABLE for anything else, with PAYLOAD_TOO_LARGE past `limit` bytes. */
export async function jsonObject(request: HttpRequest, limit = MIB): Promise<Readonly<Record<string, unknown>>> {
  const bytes = await request.body(limit)
  let value: unknown
  try {
    value = parseJson(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch (cause) {
    throw new AppError('UNPROCESSABLE', 'invalid request payload', { cause })
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new AppError('UNPROCESSABLE', 'invalid request payload')
  return value as Record<string, unknown>
}
