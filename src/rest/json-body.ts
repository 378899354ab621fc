import { AppError } from '../base/errors.ts'
import type { HttpRequest } from '../http/types.ts'

const MIB = 1024 * 1024

/** The body as a JSON object. Rejects with UNPROCESSABLE for anything else, with PAYLOAD_TOO_LARGE past `limit` bytes. */
export async function jsonObject(request: HttpRequest, limit = MIB): Promise<Readonly<Record<string, unknown>>> {
  const bytes = await request.body(limit)
  let value: unknown
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch (cause) {
    throw new AppError('UNPROCESSABLE', 'invalid request payload', { cause })
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new AppError('UNPROCESSABLE', 'invalid request payload')
  return value as Record<string, unknown>
}
