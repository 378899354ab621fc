import type { AccountChanges } from '../../auth/accounts.ts'
import { AppError } from '../../base/errors.ts'
import type { LibraryId } from '../../base/ids.ts'
import { ROLES, type Role, type User } from '../../library/entities.ts'
import type { Call } from '../call.ts'
import { type Endpoint, tree } from '../endpoint.ts'
import { invalid, type Params } from '../params.ts'
import { userTree } from '../responses/user.ts'
import type { Tree } from '../tree.ts'
import { found } from './found.ts'

/** kbit/s that the specification allows for a user; 0 = no limit. */
const BIT_RATES = [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320]

/** What a new user may do when the request doesn't say. */
const NEW_USER: readonly Role[] = ['settings', 'stream']

/** By name and password, not by an API key. */
const PROVEN = { apiKeys: false } as const
const ADMIN_PROVEN = { needs: 'admin', ...PROVEN } as const

export const userEndpoints: readonly Endpoint[] = [
  tree('getUser', async (call) => ({ user: await withFolders(call, selfOrAny(call)) })),

  tree(
    'getUsers',
    async (call) => ({
      users: { user: await Promise.all(call.services.accounts.list().map((user) => withFolders(call, user))) },
    }),
    { needs: 'admin' },
  ),

  tree(
    'createUser',
    async (call) => {
      const { params } = call
      const name = params.string('username')
      const password = params.password('password') ?? params.string('password')
      const email = params.string('email')
      await call.services.accounts.create({
        ...changesOf(call, NEW_USER),
        name,
        password,
        email,
        isAdmin: params.boolean('adminRole', false),
      })
      return {}
    },
    ADMIN_PROVEN,
  ),

  tree(
    'updateUser',
    async (call) => {
      const user = named(call)
      await call.services.accounts.update(user.id, changesOf(call, user.roles))
      return {}
    },
    ADMIN_PROVEN,
  ),

  tree(
    'deleteUser',
    (call) => {
      const user = named(call)
      if (user.id === call.user.id) throw new AppError('FORBIDDEN', 'You cannot delete yourself.')
      call.services.accounts.remove(user.id)
      return {}
    },
    ADMIN_PROVEN,
  ),

  tree(
    'changePassword',
    async (call) => {
      const user = selfOrAny(call)
      const password = call.params.password('password') ?? call.params.string('password')
      await call.services.accounts.update(user.id, { password })
      return {}
    },
    PROVEN,
  ),
]

function named(call: Call): User {
  const name = call.params.string('username')
  return found(call.services.accounts.find(name), `User '${name.slice(0, 64)}'`)
}

/** Oneself, or for administrators anybody. Others learn nothing about who exists. */
function selfOrAny(call: Call): User {
  const name = call.params.string('username')
  const user = call.services.accounts.find(name)
  if (user?.id === call.user.id) return user
  if (!call.user.isAdmin) throw new AppError('FORBIDDEN', 'Only administrators may do this for another user.')
  return found(user, `User '${name.slice(0, 64)}'`)
}

async function withFolders(call: Call, user: User): Promise<Tree> {
  const { scope } = await call.services.scopes.viewer(user, 'browse')
  return userTree(
    user,
    call.services.repositories.libraries.list(scope).map((library) => library.id),
  )
}

/** What the parameters say, no more. Roles are the given ones with those changed that are named. */
function changesOf(call: Call, roles: readonly Role[]): AccountChanges {
  const { params } = call
  const email = params.raw('email')
  const password = params.password('password')
  const isAdmin = params.boolean('adminRole', undefined)
  const maxBitRate = params.integer('maxBitRate', undefined)
  if (maxBitRate !== undefined && !BIT_RATES.includes(maxBitRate))
    invalid('maxBitRate', `one of ${BIT_RATES.join(', ')}`)
  const libraries = librariesOf(call)
  return {
    roles: changedRoles(params, roles),
    ...(email === undefined ? {} : { email }),
    ...(password === undefined ? {} : { password }),
    ...(isAdmin === undefined ? {} : { isAdmin }),
    ...(maxBitRate === undefined ? {} : { maxBitRate }),
    ...(libraries === undefined ? {} : { libraries }),
  }
}

function changedRoles(params: Params, before: readonly Role[]): readonly Role[] {
  return ROLES.filter((role) => params.boolean(`${role}Role`, before.includes(role)))
}

function librariesOf({ params, services, viewer }: Call): readonly LibraryId[] | undefined {
  const wanted = params.all('musicFolderId')
  if (wanted.length === 0) return undefined
  const all = services.repositories.libraries.list(viewer.scope)
  return [...new Set(wanted)].map((text) => found(all.find((one) => String(one.id) === text)?.id, 'Music folder'))
}
