import type { FolderId, LibraryId } from '../base/ids.ts'
import type { RowReader } from '../db/database.ts'
import { annotate, type Draft, unmarked } from './annotations-read.ts'
import type { Folder, Viewer } from './entities.ts'
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
    for (const id of slice) {
      const folder = found.get(id)
      if (folder) folders.push(folder)
    }
  }
  return folders
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
    createdAt: row.number(10),
  }
}
