import type { CreditRole } from '../entities.ts'
import { KIND } from '../pending-plays.ts'
import { roleList } from './credit-filters.ts'
import type { Resource, ScopedSql, Sort } from './resource.ts'

/** Artists with a visible song in one of the roles. */
const inRole =
  (roles: readonly CreditRole[]): ScopedSql =>
  (scope) => {
    if (scope.whole) {
      const library = scope.library('t.library_id')
      return {
        sql: `SELECT t.artist_id FROM artist_stats t WHERE t.song_count > 0${roleList('t.role', roles)} AND ${library.sql}`,
        params: library.params,
      }
    }
    const visible = scope.song('s')
    return {
      sql: `SELECT c.artist_id FROM song s INDEXED BY song_page CROSS JOIN song_artist c ON c.song_id = s.id${roleList('c.role', roles)}
        WHERE ${visible.sql}`,
      params: visible.params,
    }
  }

type Figure = 'song_count' | 'album_count' | 'size'

const COUNTED: Readonly<Record<Figure, string>> = {
  song_count: 'count(*)',
  album_count: 'count(DISTINCT v.album_id)',
  size: 'sum(v.size)',
}

/** A figure over all roles, as the records tell it. */
const total =
  (figure: Figure): ScopedSql =>
  (scope) => {
    if (scope.whole) {
      const library = scope.library('t.library_id')
      return {
        sql: `(SELECT sum(t.${figure}) FROM artist_stats t WHERE t.artist_id = i.id AND t.role = '' AND ${library.sql})`,
        params: library.params,
      }
    }
    const visible = scope.song('s')
    return {
      sql: `(SELECT ${COUNTED[figure]} FROM (SELECT DISTINCT s.id, s.album_id, s.size
        FROM song_artist c CROSS JOIN song s INDEXED BY song_page ON s.id = c.song_id
        WHERE c.artist_id = i.id AND ${visible.sql}) v)`,
      params: visible.params,
    }
  }

const column = (...columns: readonly (string | ScopedSql)[]): Sort => ({ by: 'columns', columns })
const byName = column('i.order_name')
const bySongs = column(total('song_count'))
const byAlbums = column(total('album_count'))
const bySize = column(total('size'))

export const ARTISTS: Resource = {
  table: 'artist',
  kind: KIND.artist,
  index: 'artist_page',
  defaultSort: 'name',
  filters: {
    id: { by: 'id', of: 'artist', sql: 'i.id' },
    name: { by: 'words', index: 'artist_search', name: 'name', musicBrainz: ['musicbrainz_id'] },
    mbzArtistId: { by: 'text', sql: 'i.musicbrainz_id' },
    role: { by: 'role', has: inRole },
    starred: { by: 'mark', mark: 'starred' },
    hasRating: { by: 'mark', mark: 'rating' },
    recentlyPlayed: { by: 'mark', mark: 'playedAt' },
    missing: { by: 'present' },
  },
  sorts: {
    name: byName,
    orderArtistName: byName,
    id: column('i.id'),
    createdAt: column('i.id'),
    recentlyAdded: column('i.id'),
    songCount: bySongs,
    albumCount: byAlbums,
    size: bySize,
    maincreditSongCount: bySongs,
    maincreditAlbumCount: byAlbums,
    maincreditSize: bySize,
    starred: { by: 'mark', mark: 'starred' },
    starredAt: { by: 'mark', mark: 'starred' },
    rating: { by: 'mark', mark: 'rating' },
    ratedAt: { by: 'mark', mark: 'ratedAt' },
    playCount: { by: 'mark', mark: 'playCount' },
    playDate: { by: 'mark', mark: 'playedAt' },
    random: { by: 'chance' },
  },
}
