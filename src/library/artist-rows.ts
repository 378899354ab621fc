import type { ArtistId } from '../base/ids.ts'
import type { RowReader, SqlParams } from '../db/database.ts'
import { annotate, type Draft, unmarked } from './annotations-read.ts'
import type { Condition } from './condition.ts'
import type { Artist, Viewer } from './entities.ts'
import { jsonIds } from './json-column.ts'
import type { LibraryContext } from './library-context.ts'
import { KIND } from './pending-plays.ts'

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
    const isPart = (id: number) => !scope.whole && (scope.marks?.isTouched('artist', id) ?? true)
    const library = scope.library('library_id')
    const libraryKey = `stored ${library.sql} ${JSON.stringify(library.params)}`
    const whole = slice.filter((id) => !isPart(id))
    addCounts(context, libraryKey, found, whole, (ids) => storedCounts(context, library, ids))
    const visible = scope.song('s')
    const parts = slice.filter(isPart)
    addCounts(context, `visible ${scope.key}`, found, parts, (ids) => visibleCounts(context, visible, ids))
    annotate(context, viewer.userId, { kind: KIND.artist, byId: found })
    for (const id of slice) {
      const artist = found.get(id)
      if (artist) artists.push(artist)
    }
  }
  return artists
}

interface Counts {
  readonly roles: readonly string[]
  /** Artist, role (its place in `roles`), songs and albums, four numbers a row. */
  readonly numbers: Int32Array
}

/** Lists of so many artists are counted for all artists in the end (getArtists): worth keeping. */
const KEPT_FROM = 100

function addCounts(
  context: LibraryContext,
  key: string,
  artists: ReadonlyMap<number, Draft<Artist>>,
  ids: readonly number[],
  count: (ids: string) => Counts,
): void {
  if (ids.length === 0) return
  const list = jsonIds(ids)
  const compute = () => count(list)
  const { roles, numbers } = artists.size < KEPT_FROM ? compute() : context.memo(`artists ${key} ${list}`, compute)
  for (let index = 0; index < numbers.length; index += 4) {
    const at = (column: number) => numbers[index + column] as number
    addRole(artists.get(at(0)), { role: roles[at(1)] as string, songs: at(2), albums: at(3) })
  }
}

/** Of whole libraries, as the scanner keeps them. */
function storedCounts(context: LibraryContext, library: Condition, ids: string): Counts {
  return readCounts(
    context,
    `SELECT artist_id, role, sum(song_count), sum(album_count) FROM artist_stats
     WHERE artist_id IN (SELECT value FROM json_each(?)) AND song_count > 0 AND ${library.sql}
     GROUP BY artist_id, role`,
    [ids, ...library.params],
  )
}

function visibleCounts(context: LibraryContext, visible: Condition, ids: string): Counts {
  return readCounts(
    context,
    `WITH page_credits AS MATERIALIZED (
       SELECT c.artist_id, c.role, c.song_id, s.album_id
       FROM song_artist c CROSS JOIN song s INDEXED BY song_page ON s.id = c.song_id
       WHERE c.artist_id IN (SELECT value FROM json_each(?)) AND ${visible.sql})
     SELECT artist_id, role, count(DISTINCT song_id), count(DISTINCT album_id) FROM page_credits GROUP BY artist_id, role
     UNION ALL SELECT artist_id, '', count(DISTINCT song_id), 0 FROM page_credits GROUP BY artist_id`,
    [ids, ...visible.params],
  )
}

function readCounts(context: LibraryContext, sql: string, params: SqlParams): Counts {
  const roles: string[] = []
  const numbers: number[] = []
  context.db.select(sql, params, (row) => {
    const role = row.text(1)
    if (!roles.includes(role)) roles.push(role)
    numbers.push(row.number(0), roles.indexOf(role), row.number(2), row.number(3))
  })
  return { roles, numbers: Int32Array.from(numbers) }
}

/** Counts of one role; the role '' stands for all roles together. */
function addRole(
  artist: Draft<Artist> | undefined,
  counts: { readonly role: string; readonly songs: number; readonly albums: number },
): void {
  if (!artist) return
  if (counts.role === '') artist.songCount = counts.songs
  else artist.roles = [...artist.roles, counts.role]
  if (counts.role === 'albumartist') artist.albumCount = counts.albums
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
