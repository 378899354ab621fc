import { narrowToLibraries } from '../../base/access-scope.ts'
import { AppError } from '../../base/errors.ts'
import { decodeIdOf, encodeId, type LibraryId, type SongId } from '../../base/ids.ts'
import type { Viewer } from '../../library/entities.ts'
import type { NamedKind, Statistics, UnplayedQuery } from '../api/statistics-api.ts'
import type { Generation } from '../host/generation.ts'
import { deferred } from './deferred.ts'
import { type ReaderServices, viewerOf } from './viewers.ts'

const MAX_IDS = 500

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
