import type { Accounts } from '../../auth/accounts.ts'
import type { Authenticator } from '../../auth/authenticator.ts'
import { FULL_SCOPE } from '../../base/access-scope.ts'
import { AppError, isAppError } from '../../base/errors.ts'
import { decodeIdOf, encodeId, type LibraryId, type SongId, type UserId } from '../../base/ids.ts'
import type { Library, Role, User } from '../../library/entities.ts'
import type { Repositories } from '../../library/repositories.ts'
import type { LibraryAdmin as CoreLibraryAdmin } from '../../scanner/library-admin.ts'
import type { MissingFiles } from '../../scanner/missing-files.ts'
import type { Scanner } from '../../scanner/scanner.ts'
import type {
  AccountInfo,
  AccountInput,
  Admin,
  LibraryAdmin,
  LibraryInfo,
  MissingAdmin,
  ScanAdmin,
  UserAdmin,
} from '../api/admin-api.ts'
import type { Generation } from '../host/generation.ts'
import { deferred } from './deferred.ts'

/** What the facade stands on; given by the composition root. */
export interface AdminServices {
  readonly repositories: Pick<Repositories, 'libraries' | 'users' | 'songs' | 'missingFiles'>
  readonly accounts: Accounts
  readonly authenticator: Authenticator
  readonly libraryAdmin: CoreLibraryAdmin
  readonly missing: MissingFiles
  readonly scanner: Scanner
  /** Every setting, secrets masked; undefined where the settings forbid to show them. */
  readonly config: () => Readonly<Record<string, unknown>> | undefined
  readonly mayInspect: boolean
  readonly version: string
  readonly startedAt: number
}

const MAX_MISSING = 10_000
/** Files that wait for the one that `inspect` reads; more are refused. */
const MAX_WAITING = 10

export function createAdminFacade(generation: Generation, services: AdminServices): Admin {
  let inspecting = 0
  let last: Promise<unknown> = Promise.resolve()
  const own = deferred(generation, {
    config: async () => services.config(),
    server: async () => ({ version: services.version, startedAt: services.startedAt }),
    async inspect(songId: string) {
      if (!services.mayInspect) throw new AppError('NOT_FOUND', 'Inspection is switched off.')
      if (inspecting > MAX_WAITING) throw new AppError('BUSY', 'Too many files are inspected.', { retryAfter: 2 })
      inspecting++
      // One after the other: each reads in a process of its own.
      const turn = last.then(() => inspect(services, songId))
      last = turn.catch(() => {})
      try {
        return await turn
      } finally {
        inspecting--
      }
    },
  })
  return Object.freeze({
    ...own,
    libraries: deferred(generation, libraryAdmin(services)),
    users: deferred(generation, userAdmin(services)),
    missing: deferred(generation, missingAdmin(services)),
    scans: deferred(generation, scanAdmin(services)),
  })
}

async function inspect({ repositories, scanner }: AdminServices, songId: string) {
  const id = decodeIdOf('song', songId)
  const viewer = { userId: 0 as UserId, scope: FULL_SCOPE }
  const song = id === undefined ? undefined : repositories.songs.find(viewer, id)
  const path = id === undefined ? undefined : repositories.songs.absolutePath(viewer, id)
  if (!song || path === undefined) throw new AppError('NOT_FOUND', 'There is no such song.')
  const { tags, audio, picture } = await scanner.inspect(path)
  return { file: song.path, tags, audio: { ...audio }, hasPicture: picture !== '' }
}

function libraryAdmin({ repositories, libraryAdmin: admin, scanner }: AdminServices): LibraryAdmin {
  const info = (library: Library) => toLibraryInfo(library, scanner)
  return {
    list: async () => repositories.libraries.list(FULL_SCOPE).map(info),
    async get(id) {
      const library = repositories.libraries.find(FULL_SCOPE, id as LibraryId)
      return library && info(library)
    },
    create: async (input) => info(await admin.create(input)),
    update: async (id, input) => info(await admin.update(id as LibraryId, input)),
    remove: (id) => admin.remove(id as LibraryId),
  }
}

function toLibraryInfo(library: Library, scanner: Scanner): LibraryInfo {
  const { changedAt: _, scanPending, ...rest } = library
  const scanning = scanner.isScanning(library.id)
  return { ...rest, scanning, fullScan: scanning && (scanPending === 'full' || scanner.status().kind === 'full') }
}

function userAdmin({ repositories, accounts, authenticator }: AdminServices): UserAdmin {
  const { users, libraries } = repositories
  const info = (user: User): AccountInfo => ({
    id: encodeId('user', user.id),
    name: user.name,
    fullName: user.fullName,
    email: user.email,
    isAdmin: user.isAdmin,
    roles: user.roles,
    maxBitRate: user.maxBitRate,
    libraries: user.isAdmin ? libraries.list(FULL_SCOPE).map(({ id }) => id) : users.libraries(user.id),
    lastLoginAt: user.lastLoginAt,
    lastAccessAt: user.lastAccessAt,
    createdAt: user.createdAt,
    updatedAt: user.updatedAt,
  })
  const known = (id: string): User => {
    const key = decodeIdOf('user', id)
    const user = key === undefined ? undefined : users.find(key)
    if (!user) throw new AppError('NOT_FOUND', 'There is no such user.')
    return user
  }
  const stored = (input: AccountInput) => {
    const { roles, libraries: granted, ...rest } = input
    return {
      ...rest,
      ...(roles ? { roles: roles as readonly Role[] } : {}),
      ...(granted ? { libraries: granted as readonly LibraryId[] } : {}),
    }
  }
  return {
    list: async () => accounts.list().map(info),
    async get(id) {
      const key = decodeIdOf('user', id)
      const user = key === undefined ? undefined : accounts.get(key)
      return user && info(user)
    },
    create: async (input) => {
      const { name, password } = input
      return info(await accounts.create({ ...stored(input), name, password }))
    },
    update: async (id, input) => info(await accounts.update(known(id).id, stored(input))),
    remove: async (id) => accounts.remove(known(id).id),
    async checkPassword(id, password, address) {
      try {
        await authenticator.authenticate({ username: known(id).name, password }, { address, client: 'native' })
        return true
      } catch (error) {
        if (isAppError(error) && error.code === 'BAD_CREDENTIALS') return false
        throw error
      }
    },
  }
}

function missingAdmin({ repositories, missing }: AdminServices): MissingAdmin {
  const { missingFiles } = repositories
  const keys = (ids: readonly string[]) =>
    ids.map((id) => decodeIdOf('song', id)).filter((id): id is SongId => id !== undefined)
  return {
    async list({ libraries, ids, beginnings, limit = MAX_MISSING, ...rest }) {
      const query = {
        ...(libraries ? { libraries: libraries as readonly LibraryId[] } : {}),
        ...(ids ? { ids: keys(ids) } : {}),
        ...(beginnings ? { beginnings } : {}),
      }
      const page = { ...rest, ...query, limit: Math.max(0, Math.min(limit, MAX_MISSING)) }
      const items = missingFiles.list(page).map((file) => ({ ...file, id: encodeId('song', file.id) }))
      return { items, total: missingFiles.count(query) }
    },
    async purge({ ids, dryRun = false }) {
      const gone = await missing.purge({ ...(ids ? { ids: keys(ids) } : {}), dryRun })
      return gone.map((id) => encodeId('song', id))
    },
  }
}

function scanAdmin({ scanner }: AdminServices): ScanAdmin {
  return {
    async start({ full = false, libraries } = {}) {
      const ids = libraries as readonly LibraryId[] | undefined
      // How it ended is in the status and in the log.
      scanner.scan({ kind: full ? 'full' : 'quick', ...(ids ? { libraries: ids } : {}) }).catch(() => {})
    },
    async status() {
      const { scanning, count, folderCount, lastScanAt, lastError, elapsedMs } = scanner.status()
      return { scanning, count, folderCount, lastScanAt, lastError, elapsedMs }
    },
  }
}
