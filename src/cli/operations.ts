import {
  Boolean as boolean,
  Array as list,
  Optional,
  Object as record,
  type Static,
  String as string,
  type TSchema,
} from 'typebox'
import { Check } from 'typebox/schema'
import { FULL_SCOPE } from '../base/access-scope.ts'
import { AppError } from '../base/errors.ts'
import { decodeIdOf, encodeId, type LibraryId } from '../base/ids.ts'
import type { Core } from '../core.ts'
import type { User } from '../library/entities.ts'
import type { ScanSummary } from '../scanner/scanner.ts'
import { type BackupResult, makeBackup } from './backup.ts'
import { examine } from './doctor.ts'
import type { Finding } from './finding.ts'
import { type Operation, operation } from './operation.ts'
import { PLUGIN_OPERATIONS } from './plugin-operations.ts'

export interface UserLine {
  readonly name: string
  readonly admin: boolean
  /** Undefined = all. */
  readonly libraries: readonly string[] | undefined
  readonly lastAccessAt: number | undefined
}

export interface KeyLine {
  readonly id: string
  readonly name: string
  readonly hint: string
  readonly createdAt: number
  readonly lastUsedAt: number | undefined
}

const named = record({ user: string({ minLength: 1 }) })

const OPERATIONS = {
  scan: operation(
    record({ full: boolean(), acceptMissing: boolean(), libraries: list(string()) }),
    async (core, input, progress): Promise<ScanSummary> => {
      const stop = core.scanner.onProgress(progress)
      try {
        const libraries = input.libraries.map((name) => findLibrary(core, name))
        return await core.scanner.scan({
          kind: input.full ? 'full' : 'quick',
          acceptMissing: input.acceptMissing,
          ...(libraries.length > 0 ? { libraries } : {}),
        })
      } finally {
        stop()
      }
    },
  ),
  'user.add': operation(
    record({
      user: string({ minLength: 1 }),
      password: string({ minLength: 1 }),
      admin: boolean(),
      libraries: list(string()),
    }),
    async (core, { user, password, admin, libraries }) => {
      const ids = libraries.map((name) => findLibrary(core, name))
      await core.accounts.create({
        name: user,
        password,
        isAdmin: admin,
        ...(ids.length > 0 ? { libraries: ids } : {}),
      })
    },
  ),
  'user.passwd': operation(
    record({ user: string({ minLength: 1 }), password: string({ minLength: 1 }) }),
    async (core, { user, password }) => {
      await core.accounts.update(findUser(core, user).id, { password })
    },
  ),
  'user.check': operation(
    record({ user: string({ minLength: 1 }), libraries: list(string()) }),
    (core, { user, libraries }) =>
      core.accounts.checkNew({ name: user, libraries: libraries.map((name) => findLibrary(core, name)) }),
  ),
  'user.exists': operation(named, (core, { user }): boolean => core.accounts.find(user) !== undefined),
  'user.remove': operation(named, (core, { user }) => core.accounts.remove(findUser(core, user).id)),
  'user.list': operation(record({}), (core): readonly UserLine[] =>
    core.accounts.list().map((user) => ({
      name: user.name,
      admin: user.isAdmin,
      libraries: user.isAdmin ? undefined : libraryNames(core, user),
      lastAccessAt: user.lastAccessAt,
    })),
  ),
  'keys.add': operation(
    record({ user: string({ minLength: 1 }), name: Optional(string()) }),
    (core, { user, name }): { key: string; id: string } => {
      const { key, record: made } = core.accounts.createApiKey(findUser(core, user).id, name ?? 'command line')
      return { key, id: encodeId('apiKey', made.id) }
    },
  ),
  'keys.list': operation(named, (core, { user }): readonly KeyLine[] =>
    core.accounts.listApiKeys(findUser(core, user).id).map((key) => ({
      id: encodeId('apiKey', key.id),
      name: key.name,
      hint: key.hint,
      createdAt: key.createdAt,
      lastUsedAt: key.lastUsedAt,
    })),
  ),
  'keys.revoke': operation(record({ user: string({ minLength: 1 }), key: string() }), (core, { user, key }) => {
    const id = decodeIdOf('apiKey', key)
    if (id === undefined || !core.accounts.revokeApiKey(findUser(core, user).id, id)) {
      throw new AppError('NOT_FOUND', `${user} has no key ${key}. See: tonearm user keys list ${user}`)
    }
  }),
  backup: operation(
    record({ folder: Optional(string()) }),
    (core, { folder }): Promise<BackupResult> => makeBackup(core, folder),
  ),
  ...PLUGIN_OPERATIONS,
  doctor: operation(record({}), (core): Promise<readonly Finding[]> => examine(core)),
} as const

export type OperationName = keyof typeof OPERATIONS
export type InputOf<N extends OperationName> = Static<(typeof OPERATIONS)[N]['input']>
export type ResultOf<N extends OperationName> = Awaited<ReturnType<(typeof OPERATIONS)[N]['run']>>

/** Checks the input, which may come over the socket, and runs. */
export async function runOperation(
  core: Core,
  request: { readonly operation: string; readonly input: unknown },
  progress: (value: unknown) => void,
): Promise<unknown> {
  const found = Object.hasOwn(OPERATIONS, request.operation)
    ? OPERATIONS[request.operation as OperationName]
    : undefined
  if (!found || !Check(found.input as TSchema, request.input)) {
    throw new AppError('BAD_REQUEST', 'The server does not know this command; is it of the same version?')
  }
  return (found as Operation<TSchema, unknown>).run(core, request.input as never, progress)
}

function findUser(core: Core, name: string): User {
  const user = core.accounts.find(name)
  if (user) return user
  throw new AppError('NOT_FOUND', `There is no user ${name}. See: tonearm user list`)
}

/** By name or number. */
function findLibrary(core: Core, text: string): LibraryId {
  const libraries = core.repositories.libraries.list(FULL_SCOPE)
  const found = libraries.find(({ id, name }) => String(id) === text || name.toLowerCase() === text.toLowerCase())
  if (found) return found.id
  const known = libraries.map(({ id, name }) => `${id} ${name}`).join(', ')
  throw new AppError('NOT_FOUND', `There is no library ${text}. There are: ${known}`)
}

function libraryNames(core: Core, user: User): readonly string[] {
  const granted = new Set(core.repositories.users.libraries(user.id))
  return core.repositories.libraries
    .list(FULL_SCOPE)
    .filter(({ id }) => granted.has(id))
    .map(({ name }) => name)
}
