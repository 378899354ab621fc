import type { AccountInfo } from 'tonearm/plugin'
import type { Context } from './context.ts'
import { answering, bodyOf, json, listReply, Refusal } from './replies.ts'
import { idsOf, known } from './user-routes.ts'

const ADMIN = { root: true, auth: 'admin' } as const

/** `/api/user/{id}/library`: who may use which library. Administrators only, also for their own. */
export function userLibraryRoutes({ admin, routes }: Context): void {
  const access = async (account: AccountInfo) =>
    (await admin.libraries.list()).map(({ id, name, path }) => ({
      id,
      name,
      path,
      hasAccess: account.libraries.includes(id),
    }))
  routes.get(
    '/api/user/:id/library',
    answering(async (request) => listReply(await access(await known(admin, request)), request)),
    ADMIN,
  )
  routes.put(
    '/api/user/:id/library',
    answering(async (request) => {
      const account = await known(admin, request)
      const ids = idsOf((await bodyOf(request)).libraryIds)
      if (account.isAdmin) throw new Refusal(400, 'Administrators have all libraries.')
      if (ids.length === 0)
        throw new Refusal(400, 'A user keeps at least one library.', { libraryIds: 'ra.validation.required' })
      const all = await admin.libraries.list()
      const unknown = ids.find((id) => !all.some((library) => library.id === id))
      if (unknown !== undefined)
        throw new Refusal(400, `There is no library ${unknown}.`, { libraryIds: 'ra.validation.invalid' })
      return json(await access(await admin.users.update(account.id, { libraries: ids })))
    }),
    { ...ADMIN, apiKeys: false },
  )
}
