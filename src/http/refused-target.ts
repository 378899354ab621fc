import { AppError } from '../base/errors.ts'
import { errorReply, redirect } from './reply.ts'
import type { PathResult } from './request-path.ts'
import type { HttpReply } from './types.ts'

/** Answers requests that no handler sees: targets that are malformed or outside the base path. */
export function refusedTarget(target: PathResult): HttpReply {
  if (target.kind === 'redirect') return redirect(target.to)
  if (target.kind === 'outside') return errorReply(new AppError('NOT_FOUND', 'Nothing is served at this address'))
  return errorReply(new AppError('BAD_REQUEST', 'The request is malformed'))
}
