import type { ArtistId } from '../base/ids.ts'
import type { RowReader } from '../db/database.ts'
import { annotate, type Draft, unmarked } from './annotations-read.ts'
import type { Artist, Viewer } from './entities.ts'
import { jsonIds } from './json-column.ts'
import type { LibraryContext } from './library-context.ts'
import { KIND } from './pending-plays.ts'
import type { ScopeSql } from './scope-sql.ts'

const BY_IDS = `SELECT id, name, sort_name, order_name, musicbrainz_id, cover_version, rating_sum, rating_count, created_at
  FROM artist WHERE id IN (SELECT value FROM json_each(?))`

const SLICE = 500

/** Turns ids of artists that the viewer may see into entities, in the order given; counts are the viewer's. */
export function loadArtists(context: LibraryContext, viewer: Viewer, ids: readonly number[]): Artist[] {
  const artists: Artist[] = []
  for (let from = 0; from < ids.length; from += SLICE) {
    const slice = ids.length <= SLICE ? ids : ids.slice(from, from + SLICE)
    const found = new Map<number, Draft<Artist>>()
    for (const artist of context.db.select(BY_IDS, [jsonIds(slice)], readArtist)) found.set(artist.id, artist)
    const scope = context.scope(viewer)
    if (scope.whole) addStoredCounts(context, scope, found)
    else addVisibleCounts(context, scope, found)
    annotate(context, viewer.userId, { kind: KIND.artist, byId: found })
    for (const id of slice) {
      const artist = found.get(id)
      if (artist) artists.push(artist)
    }
  }
  return artists
}

function addStoredCounts(context: LibraryContext, scope: ScopeSql, artists: ReadonlyMap<number, Draft<Artist>>): void {
  const library = scope.library('library_id')
  context.db.select(
    `SELECT artist_id, role, sum(song_count), sum(album_count) FROM artist_stats
     WHERE artist_id IN (SELECT value FROM json_each(?)) AND song_count > 0 AND ${library.sql}
     GROUP BY artist_id, role`,
    [jsonIds([...artists.keys()]), ...library.params],
    (row) => addRole(artists, row),
  )
}

function addVisibleCounts(context: LibraryContext, scope: ScopeSql, artists: ReadonlyMap<number, Draft<Artist>>): void {
  const visible = scope.song('s')
  const ids = jsonIds([...artists.keys()])
  const credits = `FROM song_artist c CROSS JOIN song s ON s.id = c.song_id
    WHERE c.artist_id IN (SELECT value FROM json_each(?)) AND ${visible.sql}`
  context.db.select(
    `SELECT c.artist_id, c.role, count(DISTINCT c.song_id), count(DISTINCT s.album_id) ${credits}
     GROUP BY c.artist_id, c.role
     UNION ALL SELECT c.artist_id, '', count(DISTINCT c.song_id), 0 ${credits} GROUP BY c.artist_id`,
    [ids, ...visible.params, ids, ...visible.params],
    (row) => addRole(artists, row),
  )
}

/** A row of artist, role, songs, albums; the role '' stands for all roles together. */
function addRole(artists: ReadonlyMap<number, Draft<Artist>>, row: RowReader): void {
  const artist = artists.get(row.number(0))
  if (!artist) return
  const role = row.text(1)
  if (role === '') artist.songCount = row.number(2)
  else artist.roles = [...artist.roles, role]
  if (role === 'albumartist') artist.albumCount = row.number(3)
}

function readArtist(row: RowReader): Draft<Artist> {
  return {
    id: row.number(0) as ArtistId,
    name: row.text(1),
    sortName: row.text(2),
    orderName: row.text(3),
    musicBrainzId: row.text(4),
    albumCount: 0,
    songCount: 0,
    roles: [],
    coverVersion: row.text(5),
    ...unmarked(row.number(6), row.number(7)),
    createdAt: row.number(8),
  }
}
