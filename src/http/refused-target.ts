import { AppError } from '../base/errors.ts'
import { errorReply } from './reply.ts'
import type { HttpReply } from './types.ts'

/** Answers requests that no handler sees: their target is malformed. */
export function refusedTarget(): HttpReply {
  return errorReply(new AppError('BAD_REQUEST', 'The request is malformed'))
}
