import type { AlbumId, ArtistId } from '../../base/ids.ts'
import type { RowReader } from '../../db/database.ts'
import type { Album, Viewer } from '../entities.ts'
import { jsonIds } from '../json-column.ts'
import type { LibraryContext } from '../library-context.ts'
import { KIND } from '../pending-plays.ts'
import type { AlbumDetails } from './details.ts'
import { genreIds } from './song-details.ts'

const BY_IDS = `SELECT a.id, l.name, l.path, a.order_name, a.order_artist, r.sort_name, r.musicbrainz_id, n.rated_at
  FROM json_each(?) j CROSS JOIN album a ON a.id = j.value CROSS JOIN library l ON l.id = a.library_id
  LEFT JOIN artist r ON r.id = a.artist_id
  LEFT JOIN annotation n ON n.user_id = ? AND n.kind = ${KIND.album} AND n.item_id = a.id`

const PARTICIPANTS = `SELECT c.album_id, c.role, c.artist_id, r.name, c.position
  FROM json_each(?) j CROSS JOIN album_artist c ON c.album_id = j.value CROSS JOIN artist r ON r.id = c.artist_id`

type Participant = AlbumDetails['participants'][number]

/** @param albums that the viewer may see, as a repository gave them. */
export function albumDetails(
  context: LibraryContext,
  viewer: Viewer,
  albums: readonly Album[],
): ReadonlyMap<AlbumId, AlbumDetails> {
  const byId = new Map<number, Album>(albums.map((album) => [album.id, album]))
  const people = participantsOf(context, viewer, [...byId.keys()])
  const genres = genreIds(context)
  const found = new Map<AlbumId, AlbumDetails>()
  context.db.select(BY_IDS, [jsonIds([...byId.keys()]), viewer.userId], (row) => {
    const id = row.number(0)
    found.set(id as AlbumId, {
      libraryName: row.text(1),
      libraryPath: row.text(2),
      orderAlbumName: row.text(3),
      orderAlbumArtistName: row.text(4),
      sortAlbumArtistName: row.text(5),
      albumArtistMusicBrainzId: row.text(6),
      genreIds: genres.of(byId.get(id)?.genres ?? []),
      tags: {},
      participants: people.get(id) ?? [],
      ratedAt: row.isNull(7) ? undefined : row.number(7),
    })
  })
  return found
}

/** Of an album that is visible in part, those alone who are on its visible songs. */
function participantsOf(
  context: LibraryContext,
  viewer: Viewer,
  ids: readonly number[],
): ReadonlyMap<number, readonly Participant[]> {
  const scope = context.scope(viewer)
  const isPart = (id: number) => !scope.whole && (scope.marks?.isTouched('album', id) ?? true)
  const found = new Map<number, Credited[]>()
  const add = (row: RowReader) => {
    const people = found.get(row.number(0)) ?? []
    people.push({ role: row.text(1), id: row.number(2) as ArtistId, name: row.text(3), position: row.number(4) })
    found.set(row.number(0), people)
  }
  const whole = ids.filter((id) => !isPart(id))
  if (whole.length > 0) context.db.select(PARTICIPANTS, [jsonIds(whole)], add)
  const parts = ids.filter(isPart)
  if (parts.length > 0) {
    const visible = scope.song('s')
    context.db.select(
      `SELECT s.album_id, c.role, c.artist_id, r.name, c.position
       FROM json_each(?) j CROSS JOIN song s ON s.album_id = j.value CROSS JOIN song_artist c ON c.song_id = s.id
       CROSS JOIN artist r ON r.id = c.artist_id WHERE ${visible.sql}`,
      [jsonIds(parts), ...visible.params],
      add,
    )
  }
  return new Map([...found].map(([id, people]) => [id, inOrder(people)]))
}

type Credited = Participant & { readonly position: number }

/** Each once in a role, in the order of the songs' credits. */
function inOrder(people: readonly Credited[]): readonly Participant[] {
  const once = new Map<string, Participant>()
  for (const { role, id, name } of people.toSorted((a, b) => a.position - b.position || a.id - b.id))
    if (!once.has(`${role} ${id}`)) once.set(`${role} ${id}`, { role, id, name })
  return [...once.values()]
}
