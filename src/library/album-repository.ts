import type { AlbumId, ArtistId } from '../base/ids.ts'
import type { Album, Viewer } from './entities.ts'

export type AlbumOrder =
  | 'random'
  | 'newest'
  | 'highest'
  | 'frequent'
  | 'recent'
  | 'byName'
  | 'byArtist'
  | 'starred'
  | 'byYear'
  | 'byGenre'

export interface AlbumQuery {
  readonly order: AlbumOrder
  readonly limit: number
  readonly offset: number
  /** byYear; `fromYear > toYear` lists backwards. */
  readonly fromYear?: number
  readonly toYear?: number
  /** byGenre */
  readonly genre?: string
}

export interface AlbumRepository {
  find(viewer: Viewer, id: AlbumId): Album | undefined
  findMany(viewer: Viewer, ids: readonly AlbumId[]): readonly Album[]
  /** Pages are full until the end, then empty; the order is stable. 'random' is a fresh draw. */
  list(viewer: Viewer, query: AlbumQuery): readonly Album[]
  /** As album artist, by year then name; `appearsOn` adds those with the artist on a song only. */
  ofArtist(viewer: Viewer, id: ArtistId, options?: { readonly appearsOn?: boolean }): readonly Album[]
  /** Most recently starred first. */
  starred(viewer: Viewer, limit?: number): readonly Album[]
  count(viewer: Viewer): number
}
