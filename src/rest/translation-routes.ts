import { AppError } from '../base/errors.ts'
import { errorReply, json } from '../http/reply.ts'
import type { Route } from '../http/router.ts'

/** `/api/translation`, without a login: clients ask for texts of their own in other languages, and this server has none. */
export function translationRoutes(): readonly Route[] {
  return [
    { method: 'GET', path: '/api/translation', handler: () => json(200, [], { 'x-total-count': '0' }) },
    {
      method: 'GET',
      path: '/api/translation/:id',
      handler: () => errorReply(new AppError('NOT_FOUND', 'There is no such translation.')),
    },
  ]
}
