import { FULL_SCOPE, narrowToLibraries } from '../../base/access-scope.ts'
import { AppError } from '../../base/errors.ts'
import { decodeIdOf, encodeId, type LibraryId, type SongId } from '../../base/ids.ts'
import type { Viewer } from '../../library/entities.ts'
import type { Repositories } from '../../library/repositories.ts'
import type { NamedKind, PlayCredits, ServerReader, Statistics, UnplayedQuery } from '../api/statistics-api.ts'
import type { Generation } from '../host/generation.ts'
import type { HostServices } from '../host/host-services.ts'
import { deferred } from './deferred.ts'
import { type ReaderServices, viewerOf } from './reader-facades.ts'

const MAX_IDS = 500
const MAX_CREDITS = 1_000

export function createStatisticsFacade(generation: Generation, services: ReaderServices): Statistics {
  const { statistics } = services.repositories
  const narrowed = async (as: string, libraries: readonly number[] | undefined): Promise<Viewer> => {
    const viewer = await viewerOf(services, as)
    if (!libraries) return viewer
    return { ...viewer, scope: narrowToLibraries(viewer.scope, libraries as readonly LibraryId[]) }
  }
  return deferred(generation, {
    async library(as: string, { libraries } = {}) {
      const { duplicates, ...figures } = await statistics.library(await narrowed(as, libraries))
      return { ...figures, duplicates: { ...duplicates, ids: duplicates.ids.map((group) => group.map(songId)) } }
    },
    async names(kind: NamedKind, ids: readonly (string | number)[], as: string) {
      if (ids.length > MAX_IDS) throw new AppError('BAD_REQUEST', `at most ${MAX_IDS} ids a call`)
      const keys = ids.map((id) => keyOf(kind, id)).filter((key) => key !== undefined)
      const found = statistics.names(await viewerOf(services, as), kind, keys)
      return found.map((item) => ({ ...item, id: kind === 'genre' ? item.id : encodeId(kind, item.id as never) }))
    },
    async unplayed(as: string, query: UnplayedQuery = {}) {
      const viewer = await narrowed(as, query.libraries)
      const page = { limit: bounded(query.limit), offset: Math.max(0, Math.floor(query.offset ?? 0)) }
      const { count, ids } = statistics.unplayed(viewer, query.everybody ? undefined : viewer.userId, page)
      return { count, ids: ids.map(songId) }
    },
  } satisfies Statistics)
}

/** For `playback.credits`. */
export function creditsOf({ statistics }: Repositories, mediaIds: readonly string[]): readonly PlayCredits[] {
  if (mediaIds.length > MAX_CREDITS) throw new AppError('BAD_REQUEST', `at most ${MAX_CREDITS} ids a call`)
  const keys = mediaIds.map((id) => decodeIdOf('song', id)).filter((key) => key !== undefined)
  return statistics.credits(keys).map((credits) => ({
    mediaId: songId(credits.songId),
    libraryId: credits.libraryId,
    albumId: encodeId('album', credits.albumId),
    artistIds: credits.artistIds.map((id) => encodeId('artist', id)),
    genreIds: credits.genreIds,
    durationMs: credits.durationMs,
  }))
}

export function createServerReader(generation: Generation, services: HostServices): ServerReader {
  const { admin, db, media, repositories } = services
  return deferred(generation, {
    async figures() {
      const { rss, heapUsed, external } = process.memoryUsage()
      const { user, system } = process.cpuUsage()
      const { fileBytes, walBytes } = db.stats()
      const { scanning, count, lastScanAt, lastError } = admin.scanner.status()
      const { streams = 0, transcoder } = media?.status() ?? {}
      return {
        version: admin.version,
        startedAt: admin.startedAt,
        node: process.versions.node,
        platform: process.platform,
        arch: process.arch,
        memory: { rss, heapUsed, external },
        cpuMs: Math.round((user + system) / 1000),
        database: { bytes: fileBytes, walBytes },
        scan: { scanning, count, lastScanAt, lastError },
        users: repositories.users.count(),
        libraries: repositories.libraries.list(FULL_SCOPE).length,
        streams,
        transcoding: transcoder && { ...transcoder, running: transcoder.running.length },
      }
    },
  } satisfies ServerReader)
}

function songId(id: SongId): string {
  return encodeId('song', id)
}

function keyOf(kind: NamedKind, id: string | number): number | undefined {
  if (kind !== 'genre') return typeof id === 'string' ? decodeIdOf(kind, id) : undefined
  return typeof id === 'number' && Number.isSafeInteger(id) ? id : undefined
}

function bounded(limit = 0): number {
  return Number.isFinite(limit) ? Math.max(0, Math.min(Math.floor(limit), MAX_IDS)) : 0
}
