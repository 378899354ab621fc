import { AppError } from '../base/errors.ts'
import { encodeId } from '../base/ids.ts'
import type { HookBus } from '../hooks/hook-bus.ts'
import { json } from '../http/reply.ts'
import type { Route } from '../http/router.ts'
import type { NarrowedUsersRepository } from '../library/narrowed-users-repository.ts'
import type { NativeGate } from './native-gate.ts'

export interface NarrowedUsersServices {
  readonly narrowedUsers: NarrowedUsersRepository
  readonly hooks: Pick<HookBus, 'isAnsweredBy'>
  readonly gate: NativeGate
  /** Cached views are old. */
  readonly onAccessChanged: () => void
}

/**
 * `/api/access-guard`, for administrators: whose view which plugin narrows, and the way out when such a plugin is gone for
 * good. Lifting opens what its rules had closed; a plugin that runs is asked to change its rules instead.
 */
export function narrowedUsersRoutes({
  narrowedUsers,
  hooks,
  gate,
  onAccessChanged,
}: NarrowedUsersServices): readonly Route[] {
  const runs = (plugin: string) => hooks.isAnsweredBy('access.scope', plugin)
  return [
    {
      method: 'GET',
      path: '/api/access-guard',
      handler: gate.requireLogin(
        () => {
          const list = narrowedUsers.list().map(({ plugin, userIds }) => ({
            id: plugin,
            answering: runs(plugin),
            userIds: userIds.map((id) => encodeId('user', id)),
          }))
          return json(200, list, { 'x-total-count': String(list.length) })
        },
        { admin: true },
      ),
    },
    {
      method: 'DELETE',
      path: '/api/access-guard/:plugin',
      handler: gate.requireLogin(
        (_request, { plugin = '' }) => {
          if (runs(plugin)) throw new AppError('CONFLICT', `The plugin ${plugin} runs: change its rules instead.`)
          if (!narrowedUsers.list().some((one) => one.plugin === plugin))
            throw new AppError('NOT_FOUND', 'Nobody is guarded by a plugin of this name.')
          narrowedUsers.set(plugin, [])
          onAccessChanged()
          return json(200, {})
        },
        { admin: true, apiKeys: false },
      ),
    },
  ]
}
