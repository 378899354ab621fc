import type { CreditRole } from '../entities.ts'
import { KIND } from '../pending-plays.ts'
import { creditFilters, roleList } from './credit-filters.ts'
import type { Filter, Resource, ScopedSql, Sort } from './resource.ts'

/** The list of songs judges each one by itself, so a link need not look at who may see it. */
const linked =
  (sql: string): ScopedSql =>
  () => ({ sql, params: [] })

const credited = (roles: readonly CreditRole[] | undefined): ScopedSql =>
  linked(
    `SELECT c.song_id FROM song_artist c
     WHERE c.artist_id IN (SELECT value FROM json_each(?))${roleList('c.role', roles)}`,
  )
const byArtist = (roles?: readonly CreditRole[]): Filter => ({ by: 'among', of: 'artist', ids: credited(roles) })

const ALBUM = 'LEFT JOIN album sa ON sa.id = i.album_id'
const IN_ALBUM = ['i.disc_number', 'i.track_number', 'i.order_title']
const column = (...columns: readonly string[]): Sort => ({ by: 'columns', columns })
const ofAlbum = (index: string, ...columns: readonly string[]): Sort => ({
  by: 'columns',
  joins: ALBUM,
  walk: `album sa INDEXED BY ${index} CROSS JOIN song i INDEXED BY song_album ON i.album_id = sa.id AND sa.missing = 0`,
  columns: [...columns, 'sa.id', ...IN_ALBUM],
})
const byTitle = column('i.order_title')
/** Ids grow with the time at which a song was found: no wide row is read. */
const byAge = column('i.id')
const byArtistName: Sort = {
  by: 'columns',
  joins: `LEFT JOIN artist sr ON sr.id = i.artist_id ${ALBUM}`,
  columns: ['sr.order_name', 'sa.order_name', 'i.album_id', ...IN_ALBUM],
}
const byAlbumArtist = ofAlbum('album_by_artist', 'sa.order_artist', 'sa.order_name')
const byAlbum = ofAlbum('album_by_name', 'sa.order_name')

export const SONGS: Resource = {
  table: 'song',
  kind: KIND.song,
  index: 'song_page',
  defaultSort: 'title',
  filters: {
    ...creditFilters(credited),
    id: { by: 'id', of: 'song', sql: 'i.id' },
    title: {
      by: 'words',
      index: 'song_search',
      name: 'title',
      musicBrainz: ['musicbrainz_recording_id', 'musicbrainz_track_id'],
    },
    name: {
      by: 'words',
      index: 'song_search',
      name: 'title',
      musicBrainz: ['musicbrainz_recording_id', 'musicbrainz_track_id'],
    },
    album: { by: 'begins', sql: 'i.album' },
    artist: { by: 'begins', sql: 'i.artist' },
    albumArtist: { by: 'begins', sql: 'i.album_artist' },
    path: { by: 'begins', sql: 'i.path' },
    comment: { by: 'begins', sql: 'i.comment' },
    date: { by: 'begins', sql: 'i.date' },
    suffix: { by: 'begins', sql: 'i.suffix' },
    codec: { by: 'begins', sql: 'i.codec' },
    discSubtitle: { by: 'begins', sql: 'i.disc_subtitle' },
    explicitStatus: { by: 'text', sql: 'i.explicit' },
    mbzRecordingId: { by: 'text', sql: 'i.musicbrainz_recording_id' },
    mbzReleaseTrackId: { by: 'text', sql: 'i.musicbrainz_track_id' },
    albumId: { by: 'id', of: 'album', sql: 'i.album_id' },
    folderId: { by: 'id', of: 'folder', sql: 'i.folder_id' },
    artistId: byArtist(['artist']),
    albumArtistId: byArtist(['albumartist']),
    artistsId: byArtist(),
    genreId: {
      by: 'among',
      of: 'genre',
      ids: linked('SELECT sg.song_id FROM song_genre sg WHERE sg.genre_id IN (SELECT value FROM json_each(?))'),
    },
    year: { by: 'number', sql: 'i.year' },
    trackNumber: { by: 'number', sql: 'i.track_number' },
    discNumber: { by: 'number', sql: 'i.disc_number' },
    bpm: { by: 'number', sql: 'i.bpm' },
    bitRate: { by: 'number', sql: 'i.bit_rate' },
    sampleRate: { by: 'number', sql: 'i.sample_rate' },
    bitDepth: { by: 'number', sql: 'i.bit_depth' },
    channels: { by: 'number', sql: 'i.channels' },
    size: { by: 'number', sql: 'i.size' },
    compilation: { by: 'boolean', sql: 'i.compilation' },
    hasCoverArt: { by: 'boolean', sql: 'i.has_embedded_cover' },
    starred: { by: 'mark', mark: 'starred' },
    hasRating: { by: 'mark', mark: 'rating' },
    recentlyPlayed: { by: 'mark', mark: 'playedAt' },
    missing: { by: 'present' },
  },
  sorts: {
    title: byTitle,
    name: byTitle,
    orderTitle: byTitle,
    id: byAge,
    createdAt: byAge,
    recentlyAdded: byAge,
    birthTime: byAge,
    artist: byArtistName,
    orderArtistName: byArtistName,
    albumArtist: byAlbumArtist,
    orderAlbumArtistName: byAlbumArtist,
    album: byAlbum,
    albumId: byAlbum,
    orderAlbumName: byAlbum,
    trackNumber: column('i.track_number', 'i.order_title'),
    track: column('i.track_number', 'i.order_title'),
    discNumber: column('i.disc_number', 'i.track_number', 'i.order_title'),
    year: column('i.year'),
    date: column('i.date', 'i.order_title'),
    originalDate: column('i.original_date', 'i.order_title'),
    releaseDate: column('i.release_date', 'i.order_title'),
    genre: column(`lower(coalesce(i.genres ->> 0, ''))`, 'i.order_title'),
    duration: column('i.duration_ms'),
    size: column('i.size'),
    bitRate: column('i.bit_rate'),
    sampleRate: column('i.sample_rate'),
    bitDepth: column('i.bit_depth'),
    quality: column('i.bit_depth', 'i.sample_rate', 'i.bit_rate'),
    channels: column('i.channels'),
    codec: column('i.codec'),
    suffix: column('i.suffix'),
    bpm: column('i.bpm'),
    comment: column('i.comment'),
    path: column('i.library_id', 'i.path'),
    explicitStatus: column('i.explicit'),
    libraryId: column('i.library_id', 'i.id'),
    updatedAt: column('i.mtime_ms'),
    starred: { by: 'mark', mark: 'starred' },
    starredAt: { by: 'mark', mark: 'starred' },
    rating: { by: 'mark', mark: 'rating' },
    ratedAt: { by: 'mark', mark: 'ratedAt' },
    playCount: { by: 'mark', mark: 'playCount' },
    playDate: { by: 'mark', mark: 'playedAt' },
    recentlyPlayed: { by: 'mark', mark: 'playedAt' },
    random: { by: 'chance' },
  },
}
