import type { FolderId, LibraryId } from '../base/ids.ts'
import type { RowReader } from '../db/database.ts'
import { annotate, type Draft, unmarked } from './annotations-read.ts'
import type { Folder, Viewer } from './entities.ts'
import { jsonIds, jsonList } from './json-column.ts'
import type { LibraryContext } from './library-context.ts'
import { KIND } from './pending-plays.ts'
import { below, type ScopeSql } from './scope-sql.ts'

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
    if (!scope.whole) countVisible(context, scope, found)
    annotate(context, viewer.userId, { kind: KIND.folder, byId: found })
    for (const id of slice) {
      const folder = found.get(id)
      if (folder) folders.push(folder)
    }
  }
  return folders
}

function countVisible(context: LibraryContext, scope: ScopeSql, folders: ReadonlyMap<number, Draft<Folder>>): void {
  const visible = scope.song('s')
  context.db.select(
    `SELECT f.id, count(*), sum(s.folder_id = f.id) FROM folder f CROSS JOIN song s ON ${below('f', 's')}
     WHERE f.id IN (SELECT value FROM json_each(?)) AND ${visible.sql} GROUP BY f.id`,
    [jsonIds([...folders.keys()]), ...visible.params],
    (row) => {
      const folder = folders.get(row.number(0))
      if (!folder) return
      folder.totalSongs = row.number(1)
      folder.songCount = row.number(2)
    },
  )
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
