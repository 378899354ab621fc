import type { LibraryInfo, LibraryInput, PluginRequest } from 'tonearm/plugin'
import type { Context } from './context.ts'
import { answering, bodyOf, field, iso, json, libraryId, listReply, Refusal, required, texts } from './replies.ts'

const ADMIN = { root: true, auth: 'admin' } as const
const MAX_PATTERNS = 200

/** `/api/library`, for administrators. */
export function libraryRoutes({ admin, routes }: Context): void {
  const known = async (request: PluginRequest): Promise<LibraryInfo> => {
    const id = libraryId(request.params.id)
    const library = id === undefined ? undefined : await admin.libraries.get(id)
    if (!library) throw new Refusal(404, 'There is no such library.')
    return library
  }
  routes.get(
    '/api/library',
    answering(async (request) => listReply((await admin.libraries.list()).map(libraryBody), request)),
    ADMIN,
  )
  routes.get(
    '/api/library/:id',
    answering(async (request) => json(libraryBody(await known(request)))),
    ADMIN,
  )
  routes.post(
    '/api/library',
    answering(async (request) => {
      const body = await bodyOf(request)
      const input = inputOf(body)
      const name = required(input.name, 'name')
      const path = required(input.path, 'path')
      return json(libraryBody(await admin.libraries.create({ ...input, name, path })))
    }),
    ADMIN,
  )
  routes.put(
    '/api/library/:id',
    answering(async (request) => {
      const { id } = await known(request)
      return json(libraryBody(await admin.libraries.update(id, inputOf(await bodyOf(request)))))
    }),
    ADMIN,
  )
  routes.delete(
    '/api/library/:id',
    answering(async (request) => {
      await admin.libraries.remove((await known(request)).id)
      return json({})
    }),
    { ...ADMIN, timeoutMs: 600_000 },
  )
}

function inputOf(body: Readonly<Record<string, unknown>>): LibraryInput {
  const options = body.scanOptions ?? {}
  if (typeof options !== 'object' || Array.isArray(options))
    throw new Refusal(400, 'scanOptions must be an object.', { scanOptions: 'ra.validation.invalid' })
  const scan = options as Readonly<Record<string, unknown>>
  const { excludePatterns } = scan
  return present({
    name: field(body, 'name', 'string'),
    path: field(body, 'path', 'string'),
    recursive: field(scan, 'recursive', 'boolean'),
    followSymlinks: field(scan, 'followSymlinks', 'boolean'),
    excludePatterns:
      excludePatterns === undefined || excludePatterns === null
        ? undefined
        : texts(excludePatterns, 'excludePatterns', MAX_PATTERNS),
    defaultNewUsers: field(body, 'defaultNewUsers', 'boolean'),
  })
}

/** Without the fields that are undefined. */
export function present<T extends object>(fields: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as never
}

/** The names of the library management API and those that Navidrome's clients know. Durations in seconds. */
export function libraryBody(library: LibraryInfo) {
  const { id, name, path, recursive, followSymlinks, excludePatterns, songCount, size } = library
  const duration = library.durationMs / 1000
  const lastScan = iso(library.lastScanAt)
  return {
    id,
    name,
    path,
    remotePath: '',
    scanOptions: { recursive, followSymlinks, excludePatterns },
    defaultNewUsers: library.defaultNewUsers,
    fromConfig: library.fromConfig,
    state: library.state,
    stateReason: library.stateReason,
    scanActive: library.scanning,
    lastScanTime: lastScan,
    songCount,
    duration,
    size,
    lastScanAt: lastScan,
    lastScanStartedAt: iso(library.lastScanStartedAt),
    fullScanInProgress: library.fullScan,
    totalSongs: songCount,
    totalAlbums: library.albumCount,
    totalArtists: library.artistCount,
    totalFolders: library.folderCount,
    totalFiles: songCount,
    totalMissingFiles: library.missingCount,
    totalSize: size,
    totalDuration: duration,
    createdAt: iso(library.createdAt),
    updatedAt: iso(library.updatedAt),
  }
}
