import { AppError } from '../base/errors.ts'
import { errorReply } from './reply.ts'
import type { HttpReply } from './types.ts'

/** With its head more than uWS gathers before it writes; still written as one piece here. */
const WRITTEN_AT_ONCE = 16 * 1024

/** Answers requests that no handler sees: their target is malformed. */
export function refusedTarget(): Extract<HttpReply, { kind: 'bytes' }> {
  return errorReply(new AppError('BAD_REQUEST', 'The request is malformed'))
}

/**
 * Answers requests of which nobody can say where they end. It is long: only after a reply that it had to write at once does
 * uWS end the connection at once as well, and drops what was sent behind.
 */
export function refusedFraming(): HttpReply {
  const reply = refusedTarget()
  return { ...reply, body: `${reply.body}`.padEnd(WRITTEN_AT_ONCE) }
}
