import type { AlbumId, ArtistId, SongId } from '../../base/ids.ts'
import type { Album, Artist, Song, Viewer } from '../entities.ts'
import type { LibraryContext } from '../library-context.ts'
import { albumDetails } from './album-details.ts'
import { ArtistCounts } from './artist-details.ts'
import type { AlbumDetails, ArtistDetails, SongDetails } from './details.ts'
import { songDetails } from './song-details.ts'

/** What the native API tells of items beside their entities. Give entities that were read for the same viewer. */
export interface RecordDetails {
  songs(viewer: Viewer, songs: readonly Song[]): ReadonlyMap<SongId, SongDetails>
  albums(viewer: Viewer, albums: readonly Album[]): ReadonlyMap<AlbumId, AlbumDetails>
  artists(viewer: Viewer, artists: readonly Artist[]): ReadonlyMap<ArtistId, ArtistDetails>
}

export function createRecordDetails(context: LibraryContext): RecordDetails {
  const counts = new ArtistCounts(context)
  return {
    songs: (viewer, songs) => songDetails(context, viewer, songs),
    albums: (viewer, albums) => albumDetails(context, viewer, albums),
    artists: (viewer, artists) => counts.details(viewer, artists),
  }
}
