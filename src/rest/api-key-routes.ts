import type { Accounts } from '../auth/accounts.ts'
import { AppError } from '../base/errors.ts'
import { decodeIdOf, encodeId } from '../base/ids.ts'
import { json } from '../http/reply.ts'
import type { Route } from '../http/router.ts'
import type { ApiKey } from '../library/entities.ts'
import { jsonObject } from './json-body.ts'
import { listPage, readListQuery } from './list-query.ts'
import type { NativeGate } from './native-gate.ts'

/** `/api/apikey`: everybody's own keys. The key itself is in the answer to POST and never again. */
export function apiKeyRoutes({
  accounts,
  gate,
}: {
  readonly accounts: Accounts
  readonly gate: NativeGate
}): readonly Route[] {
  return [
    {
      method: 'GET',
      path: '/api/apikey',
      handler: gate.requireLogin((request, _params, user) => {
        const keys = accounts.listApiKeys(user.id).map(keyBody)
        const { items, total } = listPage(keys, readListQuery(new URLSearchParams(request.query)))
        return json(200, items, { 'x-total-count': String(total) })
      }),
    },
    {
      method: 'POST',
      path: '/api/apikey',
      handler: gate.requireLogin(
        async (request, _params, user) => {
          const { name = '' } = await jsonObject(request, 64 * 1024)
          if (typeof name !== 'string') throw new AppError('UNPROCESSABLE', 'The name of an API key is a text.')
          const { key, record } = accounts.createApiKey(user.id, name)
          return json(200, { ...keyBody(record), key }, { 'cache-control': 'no-store' })
        },
        { apiKeys: false },
      ),
    },
    {
      method: 'DELETE',
      path: '/api/apikey/:id',
      handler: gate.requireLogin(
        (_request, params, user) => {
          const id = decodeIdOf('apiKey', params.id ?? '')
          if (id === undefined || !accounts.revokeApiKey(user.id, id))
            throw new AppError('NOT_FOUND', 'There is no such API key.')
          return json(200, {})
        },
        { apiKeys: false },
      ),
    },
  ]
}

function keyBody({ id, name, hint, createdAt, lastUsedAt }: ApiKey) {
  return {
    id: encodeId('apiKey', id),
    name,
    hint,
    createdAt: new Date(createdAt).toISOString(),
    lastUsedAt: lastUsedAt === undefined ? null : new Date(lastUsedAt).toISOString(),
  }
}
