import type { AlbumId, ArtistId } from '../base/ids.ts'
import type { Database, RowReader } from '../db/database.ts'
import { jsonIds } from './json-column.ts'
import { nameKey } from './name-key.ts'

/**
 * What a folder stands for among the albums and artists of the tags; at most one of the two. The same for all users, so
 * that marks agree: whoever sees the folder sees a song of the album.
 * - An album: all songs of the folder are of it, and either no folder below holds songs, or the album has no others.
 * - Else the artist whose name it bears.
 */
export interface FolderMeaning {
  readonly albumId: AlbumId | undefined
  readonly artistId: ArtistId | undefined
}

export const NO_MEANING: FolderMeaning = { albumId: undefined, artistId: undefined }

const WHOLE_ALBUM = `SELECT f.id, a.id FROM folder f CROSS JOIN album a INDEXED BY album_folder ON a.folder_id = f.id
  WHERE f.id IN (SELECT value FROM json_each(?)) AND a.missing = 0 AND a.song_count = f.total_songs`
/** Without an aggregate an index answers alone: songs of a folder lie together there. */
const ALBUM_OF_ALL = `SELECT f.id, min(s.album_id) FROM folder f
  CROSS JOIN song s INDEXED BY song_folder ON s.folder_id = f.id AND s.missing = 0
  WHERE f.id IN (SELECT value FROM json_each(?)) AND f.song_count > 0 AND f.song_count = f.total_songs
  GROUP BY f.id HAVING min(s.album_id) = max(s.album_id)`
const NAMESAKE = `SELECT k.key, r.id FROM json_each(?) k CROSS JOIN artist r ON r.key = k.value WHERE r.missing = 0`

export function folderMeanings(
  db: Database,
  folders: Iterable<{ readonly id: number; readonly name: string }>,
): ReadonlyMap<number, FolderMeaning> {
  const meanings = new Map<number, FolderMeaning>()
  let rest = [...folders]
  const takeAlbum = (row: RowReader) => {
    meanings.set(row.number(0), { albumId: row.number(1) as AlbumId, artistId: undefined })
  }
  for (const sql of [WHOLE_ALBUM, ALBUM_OF_ALL]) {
    if (rest.length === 0) break
    db.select(sql, [jsonIds(rest.map(({ id }) => id))], takeAlbum)
    rest = rest.filter(({ id }) => !meanings.has(id))
  }
  if (rest.length === 0) return meanings
  db.select(NAMESAKE, [JSON.stringify(rest.map(({ name }) => nameKey(name)))], (row) => {
    const folder = rest[row.number(0)]
    if (folder) meanings.set(folder.id, { albumId: undefined, artistId: row.number(1) as ArtistId })
  })
  return meanings
}

const HOLDERS = `SELECT s.album_id, s.folder_id FROM song s INDEXED BY song_album
  WHERE s.album_id IN (SELECT value FROM json_each(?)) AND s.missing = 0`
const NAMES = 'SELECT id, name FROM folder WHERE id IN (SELECT value FROM json_each(?))'

/** The folders that hold songs themselves and stand for one of these albums, by album. */
export function foldersOfAlbums(db: Database, albums: readonly number[]): ReadonlyMap<number, readonly number[]> {
  const found = new Map<number, number[]>()
  if (albums.length === 0) return found
  const holders = new Set<number>()
  db.select(HOLDERS, [jsonIds(albums)], (row) => holders.add(row.number(1)))
  const named = db.select(NAMES, [jsonIds([...holders])], (row) => ({ id: row.number(0), name: row.text(1) }))
  for (const [id, { albumId }] of folderMeanings(db, named)) {
    if (albumId === undefined) continue
    const known = found.get(albumId)
    if (known) known.push(id)
    else found.set(albumId, [id])
  }
  return found
}

const FIRST_LEVEL = `SELECT f.id, f.name FROM folder p INDEXED BY folder_parent
  CROSS JOIN json_each(?) k CROSS JOIN artist r ON r.id = k.value
  CROSS JOIN folder f INDEXED BY folder_parent ON f.parent_id = p.id AND f.missing = 0 AND f.order_name = r.order_name
  WHERE p.parent_id IS NULL AND p.missing = 0`

/** The folder of the first level that stands for each of these artists, where there is one. */
export function foldersOfArtists(db: Database, artists: readonly number[]): ReadonlyMap<number, number> {
  const found = new Map<number, number>()
  if (artists.length === 0) return found
  const candidates = db.select(FIRST_LEVEL, [jsonIds(artists)], (row) => ({ id: row.number(0), name: row.text(1) }))
  const meanings = folderMeanings(db, candidates)
  for (const { id } of candidates) {
    const artist = meanings.get(id)?.artistId
    if (artist !== undefined && !found.has(artist)) found.set(artist, id)
  }
  return found
}

/** The folders that a user marked themselves and that stand for this item. */
export function markedFoldersOf(
  db: Database,
  marks: { readonly userId: number; readonly kind: number },
  item: { readonly kind: 'album' | 'artist'; readonly key: number },
): readonly number[] {
  const marked = db.select(
    `SELECT f.id, f.name FROM annotation n CROSS JOIN folder f ON f.id = n.item_id
     WHERE n.user_id = ? AND n.kind = ? AND (n.starred_at IS NOT NULL OR n.rating > 0)`,
    [marks.userId, marks.kind],
    (row) => ({ id: row.number(0), name: row.text(1) }),
  )
  const meanings = folderMeanings(db, marked)
  const member = item.kind === 'album' ? 'albumId' : 'artistId'
  return marked.filter(({ id }) => meanings.get(id)?.[member] === item.key).map(({ id }) => id)
}
