import type { AlbumId, ArtistId, FolderId, SongId } from '../base/ids.ts'
import type { Song, Viewer } from './entities.ts'

export interface SongRepository {
  /** Undefined when unknown, missing or outside the scope: nobody can tell which. */
  find(viewer: Viewer, id: SongId): Song | undefined
  /** In the order given, duplicates kept; what is not visible is left out. */
  findMany(viewer: Viewer, ids: readonly SongId[]): readonly Song[]
  /** By disc, track, title. */
  ofAlbum(viewer: Viewer, id: AlbumId): readonly Song[]
  /** Directly inside, by disc, track, file name. */
  ofFolder(viewer: Viewer, id: FolderId): readonly Song[]
  /** With the artist in any of the roles `artist` and `albumartist`; for similar and top songs. */
  ofArtist(viewer: Viewer, id: ArtistId, page: { readonly limit: number; readonly offset: number }): readonly Song[]
  /** The artist's songs by plays and ratings of all users, then by stars. */
  topOfArtist(viewer: Viewer, id: ArtistId, limit: number): readonly Song[]
  /** Songs of the same genres and artists, the seed itself left out, shuffled. */
  similarTo(
    viewer: Viewer,
    seed: { readonly songs: readonly SongId[]; readonly artists: readonly ArtistId[] },
    limit: number,
  ): readonly Song[]
  random(
    viewer: Viewer,
    filter: { readonly genre?: string; readonly fromYear?: number; readonly toYear?: number },
    limit: number,
  ): readonly Song[]
  ofGenre(viewer: Viewer, genre: string, page: { readonly limit: number; readonly offset: number }): readonly Song[]
  /** Most recently starred first. */
  starred(viewer: Viewer, limit?: number): readonly Song[]
  /** First match of artist and title, folded; for getLyrics. */
  byArtistAndTitle(viewer: Viewer, artist: string, title: string): Song | undefined
  /** Embedded lyrics, as the scanner stored them. */
  embeddedLyrics(viewer: Viewer, id: SongId): readonly EmbeddedLyrics[]
  /** The further tags of a song: lower-case names with all values. */
  tags(viewer: Viewer, id: SongId): Readonly<Record<string, readonly string[]>>
  /** The absolute path of the file, for the rooms that open it; never for clients. */
  absolutePath(viewer: Viewer, id: SongId): string | undefined
  /** Visible songs, their length and size. */
  totals(viewer: Viewer): { readonly songs: number; readonly durationMs: number; readonly size: number }
}

export interface EmbeddedLyrics {
  /** ISO 639 or 'und'. */
  readonly lang: string
  readonly synced: boolean
  readonly offsetMs: number
  readonly lines: readonly { readonly ms?: number; readonly text: string }[]
}
