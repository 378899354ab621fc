import type { CreditRole } from '../entities.ts'
import { KIND } from '../pending-plays.ts'
import type { ScopeSql } from '../scope-sql.ts'
import { creditFilters, roleList } from './credit-filters.ts'
import type { Filter, Resource, ScopedSql, Sort } from './resource.ts'

/** Albums with a visible song that a link leads to: what links a hidden song must not tell of an album in part visible. */
function bySongs(from: string, songId: string, where: string): ScopedSql {
  return (scope: ScopeSql) => {
    const visible = scope.song('s')
    return {
      sql: `SELECT s.album_id FROM ${from} CROSS JOIN song s INDEXED BY song_page ON s.id = ${songId} WHERE ${where} AND ${visible.sql}`,
      params: visible.params,
    }
  }
}

const credited = (roles: readonly CreditRole[] | undefined): ScopedSql =>
  bySongs('song_artist c', 'c.song_id', `c.artist_id IN (SELECT value FROM json_each(?))${roleList('c.role', roles)}`)
const byArtist = (roles: readonly CreditRole[]): Filter => ({ by: 'among', of: 'artist', ids: credited(roles) })

const OF_GENRE = bySongs('song_genre sg', 'sg.song_id', 'sg.genre_id IN (SELECT value FROM json_each(?))')
const ofGenre: ScopedSql = (scope) =>
  scope.whole
    ? {
        sql: 'SELECT ag.album_id FROM album_genre ag WHERE ag.genre_id IN (SELECT value FROM json_each(?))',
        params: [],
      }
    : OF_GENRE(scope)

/** A stored total, or of an album's visible songs. */
function total(stored: string, counted: string): ScopedSql {
  return (scope) => {
    if (scope.whole) return { sql: stored, params: [] }
    const visible = scope.song('s')
    return {
      sql: `(SELECT ${counted} FROM song s INDEXED BY song_album WHERE s.album_id = i.id AND ${visible.sql})`,
      params: visible.params,
    }
  }
}

const column = (...columns: readonly (string | ScopedSql)[]): Sort => ({ by: 'columns', columns })
const byName = column('i.order_name')
const byArtistName = column('i.order_artist', 'i.order_name')
const byAge = column('i.created_at')
const byYear = column('i.max_year', 'i.order_name')

export const ALBUMS: Resource = {
  table: 'album',
  kind: KIND.album,
  index: 'album_page',
  defaultSort: 'name',
  filters: {
    ...creditFilters(credited),
    id: { by: 'id', of: 'album', sql: 'i.id' },
    name: {
      by: 'words',
      index: 'album_search',
      name: 'name',
      musicBrainz: ['musicbrainz_id', 'musicbrainz_release_group_id'],
    },
    title: {
      by: 'words',
      index: 'album_search',
      name: 'name',
      musicBrainz: ['musicbrainz_id', 'musicbrainz_release_group_id'],
    },
    albumArtist: { by: 'begins', sql: 'i.artist' },
    catalogNum: { by: 'begins', sql: 'i.catalog_number' },
    mbzAlbumId: { by: 'text', sql: 'i.musicbrainz_id' },
    mbzReleaseGroupId: { by: 'text', sql: 'i.musicbrainz_release_group_id' },
    artistId: byArtist(['artist', 'albumartist']),
    albumArtistId: byArtist(['albumartist']),
    artistsId: { by: 'among', of: 'artist', ids: credited(undefined) },
    genreId: { by: 'among', of: 'genre', ids: ofGenre },
    year: { by: 'years', from: 'i.min_year', to: 'i.max_year' },
    minYear: { by: 'number', sql: 'i.min_year' },
    maxYear: { by: 'number', sql: 'i.max_year' },
    compilation: { by: 'boolean', sql: 'i.compilation' },
    starred: { by: 'mark', mark: 'starred' },
    hasRating: { by: 'mark', mark: 'rating' },
    recentlyPlayed: { by: 'mark', mark: 'playedAt' },
    missing: { by: 'present' },
  },
  sorts: {
    name: byName,
    title: byName,
    album: byName,
    orderAlbumName: byName,
    id: column('i.id'),
    artist: byArtistName,
    albumArtist: byArtistName,
    orderAlbumArtistName: byArtistName,
    createdAt: byAge,
    recentlyAdded: byAge,
    importedAt: byAge,
    updatedAt: column('i.updated_at'),
    year: byYear,
    maxYear: byYear,
    minYear: column('i.min_year', 'i.order_name'),
    date: column('i.date', 'i.order_name'),
    originalDate: column('i.original_date', 'i.order_name'),
    releaseDate: column('i.release_date', 'i.order_name'),
    songCount: column(total('i.song_count', 'count(*)')),
    duration: column(total('i.duration_ms', 'sum(s.duration_ms)')),
    size: column(total('i.size', 'sum(s.size)')),
    compilation: column('i.compilation', 'i.order_name'),
    libraryId: column('i.library_id', 'i.order_name'),
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
