import type { AccountInfo, AccountInput, LibraryInfo, PluginRequest, User } from 'tonearm/plugin'
import type { Context } from './context.ts'
import { present } from './library-routes.ts'
import { answering, bodyOf, field, iso, json, libraryId, listReply, Refusal, required, texts } from './replies.ts'

const USER = { root: true, auth: 'user' } as const
const USER_PROVEN = { ...USER, apiKeys: false } as const
const ADMIN = { root: true, auth: 'admin' } as const
/** By name and password: what gives rights must not come from the key of a stolen phone. */
const ADMIN_PROVEN = { ...ADMIN, apiKeys: false } as const
const MAX_ROLES = 20
const MAX_LIBRARIES = 1000
/** What the core calls otherwise than forms do. */
const NAMES = { name: 'userName', fullName: 'name', libraries: 'libraryIds' }

/** `/api/user`: everybody reads and edits self, administrators all. */
export function userRoutes({ admin, routes }: Context): void {
  const libraries = () => admin.libraries.list()

  routes.get(
    '/api/user',
    answering(async (request) => {
      const all = await libraries()
      return listReply(
        (await admin.users.list()).map((account) => userBody(account, all, request.user)),
        request,
      )
    }),
    ADMIN,
  )
  routes.get(
    '/api/user/:id',
    answering(async (request) => json(userBody(await known(admin, request), await libraries(), request.user))),
    USER,
  )
  routes.post(
    '/api/user',
    answering(async (request) => {
      const body = await bodyOf(request)
      const name = required(field(body, 'userName', 'string'), 'userName')
      const password = required(field(body, 'password', 'string'), 'password')
      const input = inputOf(body)
      refuseNoLibrary(input, false)
      const account = await admin.users.create({ ...input, name, password })
      return json(userBody(account, await libraries(), request.user))
    }, NAMES),
    ADMIN_PROVEN,
  )
  routes.put(
    '/api/user/:id',
    answering(async (request) => {
      const account = await known(admin, request)
      const body = await bodyOf(request)
      const input = inputOf(body)
      const byAdmin = request.user?.isAdmin === true
      if (!byAdmin) refuseRights(account, input)
      if (input.password !== undefined && account.id === request.user?.id) await confirmPassword(admin, request, body)
      const changes: AccountInput = byAdmin
        ? input
        : present({ fullName: input.fullName, email: input.email, password: input.password })
      refuseNoLibrary(changes, account.isAdmin)
      const changed = await admin.users.update(account.id, changes)
      return json(userBody(changed, await libraries(), request.user))
    }, NAMES),
    USER_PROVEN,
  )
  routes.delete(
    '/api/user/:id',
    answering(async (request) => {
      const account = await known(admin, request)
      if (account.id === request.user?.id) throw new Refusal(409, 'Nobody can delete the account that is in use.')
      await admin.users.remove(account.id)
      return json({})
    }),
    ADMIN_PROVEN,
  )
}

/** The user of the path; for others than self only to administrators, who else is told nothing. */
export async function known(admin: Context['admin'], request: PluginRequest): Promise<AccountInfo> {
  const { id = '' } = request.params
  if (!request.user?.isAdmin && id !== request.user?.id)
    throw new Refusal(403, 'Access denied: admin privileges required')
  const account = await admin.users.get(id)
  if (!account) throw new Refusal(404, 'There is no such user.')
  return account
}

function inputOf(body: Readonly<Record<string, unknown>>): AccountInput {
  const password = field(body, 'password', 'string')
  return present({
    name: field(body, 'userName', 'string'),
    fullName: field(body, 'name', 'string'),
    email: field(body, 'email', 'string'),
    isAdmin: field(body, 'isAdmin', 'boolean'),
    maxBitRate: field(body, 'maxBitRate', 'number'),
    roles: body.roles === undefined ? undefined : texts(body.roles, 'roles', MAX_ROLES),
    libraries: body.libraryIds === undefined ? undefined : idsOf(body.libraryIds),
    // Forms send an empty one when it was left alone.
    password: password === '' ? undefined : password,
  })
}

export function idsOf(value: unknown): readonly number[] {
  const ids = Array.isArray(value) && value.length <= MAX_LIBRARIES ? value.map(libraryId) : [undefined]
  if (ids.some((id) => id === undefined))
    throw new Refusal(400, 'libraryIds must be a list of library ids.', { libraryIds: 'ra.validation.invalid' })
  return [...new Set(ids as number[])]
}

/** Clients send whole entities back: only what differs is an attempt. */
function refuseRights(account: AccountInfo, input: AccountInput): void {
  const same = (a: readonly unknown[] | undefined, b: readonly unknown[]) =>
    a === undefined || [...a].sort().join() === [...b].sort().join()
  const asked =
    (input.name !== undefined && input.name !== account.name) ||
    (input.isAdmin !== undefined && input.isAdmin !== account.isAdmin) ||
    (input.maxBitRate !== undefined && input.maxBitRate !== account.maxBitRate) ||
    !same(input.roles, account.roles) ||
    !same(input.libraries, account.libraries)
  if (asked) throw new Refusal(403, 'Access denied: only an administrator may change names and rights.')
}

/** Whoever changes the own password proves to know it: an open browser is not enough. */
async function confirmPassword(
  admin: Context['admin'],
  request: PluginRequest,
  body: Readonly<Record<string, unknown>>,
): Promise<void> {
  const current = field(body, 'currentPassword', 'string')
  if (current === undefined || current === '')
    throw new Refusal(400, 'Give the current password.', { currentPassword: 'ra.validation.required' })
  if (!(await admin.users.checkPassword(request.user?.id ?? '', current, request.address)))
    throw new Refusal(400, 'The current password is wrong.', { currentPassword: 'ra.validation.passwordDoesNotMatch' })
}

/** As where libraries alone are set: nobody is left with nothing by a list that was empty by mistake. */
function refuseNoLibrary(input: AccountInput, wasAdmin: boolean): void {
  if (input.libraries?.length === 0 && !(input.isAdmin ?? wasAdmin))
    throw new Refusal(400, 'A user keeps at least one library.', { libraryIds: 'ra.validation.required' })
}

/** Paths on the server are for administrators. */
function userBody(account: AccountInfo, all: readonly LibraryInfo[], reader: User | undefined) {
  const path = (library: LibraryInfo) => (reader?.isAdmin ? library.path : '')
  return {
    id: account.id,
    userName: account.name,
    name: account.fullName || account.name,
    email: account.email,
    isAdmin: account.isAdmin,
    roles: account.roles,
    maxBitRate: account.maxBitRate,
    lastLoginAt: iso(account.lastLoginAt),
    lastAccessAt: iso(account.lastAccessAt),
    // Clients read it of each user: here all plays count.
    scrobbleFilter: '',
    createdAt: iso(account.createdAt),
    updatedAt: iso(account.updatedAt),
    libraries: all
      .filter(({ id }) => account.libraries.includes(id))
      .map((library) => ({ id: library.id, name: library.name, path: path(library) })),
  }
}
