import type { FolderId, LibraryId } from '../base/ids.ts'
import type { RowReader } from '../db/database.ts'
import { annotate, type Draft, unmarked } from './annotations-read.ts'
import type { Folder, Viewer } from './entities.ts'
import { folderMeanings, NO_MEANING } from './folder-meaning.ts'
import { isAtOrBelow } from './folder-range.ts'
import { jsonIds, jsonList } from './json-column.ts'
import type { LibraryContext } from './library-context.ts'
import { KIND } from './pending-plays.ts'
import type { ScopeSql } from './scope-sql.ts'

const BY_IDS = `SELECT id, library_id, parent_id, path, name, order_name, cover_version, song_count, total_songs, images,
  created_at FROM folder WHERE id IN (SELECT value FROM json_each(?))`

const SLICE = 1000

/** Turns ids of folders that the viewer may see into entities, in the order given; counts are the viewer's. */
export function loadFolders(context: LibraryContext, viewer: Viewer, ids: readonly number[]): Folder[] {
  const folders: Folder[] = []
  for (let from = 0; from < ids.length; from += SLICE) {
    const slice = ids.length <= SLICE ? ids : ids.slice(from, from + SLICE)
    const found = new Map<number, Draft<Folder>>()
    for (const folder of context.db.select(BY_IDS, [jsonIds(slice)], readFolder)) found.set(folder.id, folder)
    const scope = context.scope(viewer)
    const touched = [...found].filter(([id]) => scope.marks?.isTouched('folder', id) ?? true)
    if (!scope.whole && touched.length > 0) countVisible(context, scope, new Map(touched))
    annotate(context, viewer.userId, { kind: KIND.folder, byId: found })
    takeMeanings(context, viewer, found)
    for (const id of slice) {
      const folder = found.get(id)
      if (folder) folders.push(folder)
    }
  }
  return folders
}

/** Writes into the folders what they stand for and its marks; plays are each folder's own. */
function takeMeanings(context: LibraryContext, viewer: Viewer, folders: ReadonlyMap<number, Draft<Folder>>): void {
  const bearers = { album: new Map<number, Draft<Folder>[]>(), artist: new Map<number, Draft<Folder>[]>() }
  for (const [id, { albumId, artistId }] of folderMeanings(context.db, folders.values())) {
    const folder = folders.get(id)
    const bearer = albumId ?? artistId
    if (!folder || bearer === undefined) continue
    folder.albumId = albumId
    folder.artistId = artistId
    const known = bearers[albumId === undefined ? 'artist' : 'album']
    known.set(bearer, [...(known.get(bearer) ?? []), folder])
  }
  for (const table of ['album', 'artist'] as const) {
    if (bearers[table].size === 0) continue
    const marks = `SELECT i.id, n.starred_at, n.rating, i.rating_sum, i.rating_count FROM ${table} i
      LEFT JOIN annotation n ON n.user_id = ? AND n.kind = ? AND n.item_id = i.id
      WHERE i.id IN (SELECT value FROM json_each(?)) AND (i.rating_count > 0 OR n.starred_at IS NOT NULL)`
    const params = [viewer.userId, KIND[table], jsonIds([...bearers[table].keys()])]
    context.db.select(marks, params, (row) => {
      for (const folder of bearers[table].get(row.number(0)) ?? []) {
        if (!row.isNull(1)) folder.starredAt = row.number(1)
        folder.rating = row.number(2) || folder.rating
        if (row.number(4) > 0) folder.averageRating = row.number(3) / row.number(4)
      }
    })
  }
}

/** A root with so many children costs a walk over the library: worth keeping. */
const KEPT_FROM = 100

function countVisible(context: LibraryContext, scope: ScopeSql, folders: ReadonlyMap<number, Draft<Folder>>): void {
  const ids = jsonIds([...folders.keys()])
  const counts =
    folders.size < KEPT_FROM
      ? countSongs(context, scope, ids)
      : context.memo(`folders ${ids} ${scope.key}`, () => countSongs(context, scope, ids))
  for (let index = 0; index < counts.length; index += 3) {
    const [id = 0, total = 0, own = 0] = counts.subarray(index, index + 3)
    const folder = folders.get(id)
    if (!folder) continue
    folder.totalSongs = total
    folder.songCount = own
  }
}

/** Folder, visible songs in and below it, visible songs in it; three numbers a row. */
function countSongs(context: LibraryContext, scope: ScopeSql, ids: string): Int32Array {
  const visible = scope.song('s')
  const numbers: number[] = []
  context.db.select(
    `SELECT f.id, count(*), sum(s.folder_id = f.id) FROM folder f CROSS JOIN folder d ON ${isAtOrBelow('d', 'f')}
       CROSS JOIN song s INDEXED BY song_folder ON s.folder_id = d.id
     WHERE f.id IN (SELECT value FROM json_each(?)) AND ${visible.sql} GROUP BY f.id`,
    [ids, ...visible.params],
    (row) => numbers.push(row.number(0), row.number(1), row.number(2)),
  )
  return Int32Array.from(numbers)
}

function readFolder(row: RowReader): Draft<Folder> {
  return {
    id: row.number(0) as FolderId,
    libraryId: row.number(1) as LibraryId,
    parentId: row.isNull(2) ? undefined : (row.number(2) as FolderId),
    path: row.text(3),
    name: row.text(4),
    orderName: row.text(5),
    coverVersion: row.text(6),
    songCount: row.number(7),
    totalSongs: row.number(8),
    images: jsonList(row.text(9)),
    ...unmarked(0, 0),
    ...NO_MEANING,
    createdAt: row.number(10),
  }
}
