import type { ArtistId } from '../base/ids.ts'
import type { Artist, Viewer } from './entities.ts'

export interface ArtistRepository {
  find(viewer: Viewer, id: ArtistId): Artist | undefined
  /** By name, folded; for getTopSongs. */
  findByName(viewer: Viewer, name: string): Artist | undefined
  /** All album artists with something visible, by order name: getArtists and getIndexes by tags. */
  albumArtists(viewer: Viewer): Iterable<Artist>
  /** Most recently starred first. */
  starred(viewer: Viewer, limit?: number): readonly Artist[]
  /** Names → artists of the library, for similar artists that a plugin names. */
  findByNames(viewer: Viewer, names: readonly string[]): readonly Artist[]
  count(viewer: Viewer): number
}
