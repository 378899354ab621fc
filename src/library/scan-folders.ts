import type { FolderId, LibraryId } from '../base/ids.ts'
import type { Database, RowReader } from '../db/database.ts'
import { KIND } from './pending-plays.ts'

/** A folder as the scanner remembers it; kept in memory for the time of a scan. */
export interface KnownFolder {
  readonly id: FolderId
  path: string
  parentId: FolderId | undefined
  mtimeMs: number
  signature: string
  missing: boolean
  songCount: number
  totalSongs: number
  coverVersion: string
  /** JSON of the pictures' names. */
  images: string
}

/** The scanner's side of the folder table. */
export interface ScanFolders {
  load(libraryId: LibraryId): KnownFolder[]
  /** Whether a scan has seen the folder, be it there or not. */
  isKnown(libraryId: LibraryId, path: string): boolean
  /** As `load`: at most `limit` of them, those with the next IDs above `after`. */
  page(libraryId: LibraryId, after: number, limit: number): readonly KnownFolder[]
  add(
    folder: {
      readonly libraryId: LibraryId
      readonly parentId: FolderId | undefined
      readonly path: string
      readonly name: string
      readonly orderName: string
    },
    at: number,
  ): KnownFolder
  /** What was seen in it. The signature is set last, when all of its songs are written: '' = to be read again. */
  setSeen(folder: KnownFolder, seen: { readonly mtimeMs: number; readonly images: string }, at: number): void
  setSignature(folder: KnownFolder, signature: string): void
  /** Under another path, with its id and all that hangs on it. */
  move(
    folder: KnownFolder,
    to: {
      readonly path: string
      readonly parentId: FolderId | undefined
      readonly name: string
      readonly orderName: string
    },
    at: number,
  ): void
  setCounts(folder: KnownFolder, songCount: number, totalSongs: number): void
  setMissing(folder: KnownFolder, missing: boolean, at: number): void
  setCover(folder: KnownFolder, version: string): void
  /** Visible songs directly in it. */
  countSongs(id: FolderId): number
  /** Makes every folder of the library be read again. */
  forgetSignatures(libraryId: LibraryId): void
  /** Removes rows of folders that are gone and hold nothing: no song, no folder, nobody's mark. */
  prune(libraryId: LibraryId): void
}

const COLUMNS = 'id, path, parent_id, signature, missing, song_count, total_songs, cover_version, images, mtime_ms'

function readFolder(row: RowReader): KnownFolder {
  return {
    id: row.number(0) as FolderId,
    path: row.text(1),
    parentId: row.isNull(2) ? undefined : (row.number(2) as FolderId),
    signature: row.text(3),
    missing: row.number(4) === 1,
    songCount: row.number(5),
    totalSongs: row.number(6),
    coverVersion: row.text(7),
    images: row.text(8),
    mtimeMs: row.number(9),
  }
}

export function createScanFolders(db: Database): ScanFolders {
  return {
    load: (libraryId) => db.select(`SELECT ${COLUMNS} FROM folder WHERE library_id = ?`, [libraryId], readFolder),
    // The sign keeps the planner from an index by library, whose rows it would have to sort for each page.
    page: (libraryId, after, limit) =>
      db.select(
        `SELECT ${COLUMNS} FROM folder WHERE id > ? AND +library_id = ? ORDER BY id LIMIT ?`,
        [after, libraryId, limit],
        readFolder,
      ),
    isKnown: (libraryId, path) =>
      db.get('SELECT 1 AS one FROM folder WHERE library_id = ? AND path = ?', [libraryId, path]) !== undefined,
    add(folder, at) {
      const { lastId } = db.run(
        `INSERT INTO folder (library_id, parent_id, path, name, order_name, created_at, updated_at)
         VALUES (?, ?, ?, ?, ?, ?, ?)`,
        [folder.libraryId, folder.parentId ?? null, folder.path, folder.name, folder.orderName, at, at],
      )
      return {
        id: lastId as FolderId,
        path: folder.path,
        parentId: folder.parentId,
        mtimeMs: 0,
        signature: '',
        missing: false,
        songCount: 0,
        totalSongs: 0,
        coverVersion: '',
        images: '[]',
      }
    },
    setSeen(folder, seen, at) {
      folder.missing = false
      folder.images = seen.images
      db.run(`UPDATE folder SET mtime_ms = ?, images = ?, missing = 0, updated_at = ? WHERE id = ?`, [
        seen.mtimeMs,
        seen.images,
        at,
        folder.id,
      ])
    },
    setSignature(folder, signature) {
      folder.signature = signature
      db.run('UPDATE folder SET signature = ? WHERE id = ?', [signature, folder.id])
    },
    move(folder, to, at) {
      folder.path = to.path
      folder.parentId = to.parentId
      db.run(
        `UPDATE folder SET path = ?, parent_id = ?, name = ?, order_name = ?, missing = 0, updated_at = ? WHERE id = ?`,
        [to.path, to.parentId ?? null, to.name, to.orderName, at, folder.id],
      )
    },
    setCounts(folder, songCount, totalSongs) {
      folder.songCount = songCount
      folder.totalSongs = totalSongs
      db.run('UPDATE folder SET song_count = ?, total_songs = ? WHERE id = ?', [songCount, totalSongs, folder.id])
    },
    setMissing(folder, missing, at) {
      folder.missing = missing
      db.run(`UPDATE folder SET missing = ?, signature = '', updated_at = ? WHERE id = ?`, [
        missing ? 1 : 0,
        at,
        folder.id,
      ])
    },
    setCover(folder, version) {
      folder.coverVersion = version
      db.run('UPDATE folder SET cover_version = ? WHERE id = ?', [version, folder.id])
    },
    countSongs: (id) =>
      db.get<{ n: number }>('SELECT count(*) AS n FROM song WHERE folder_id = ? AND missing = 0', [id])?.n ?? 0,
    forgetSignatures(libraryId) {
      db.run(`UPDATE folder SET signature = '' WHERE library_id = ? AND signature <> ''`, [libraryId])
    },
    prune(libraryId) {
      // Leaves first; a chain of folders goes level by level.
      for (let round = 0; round < 100; round++) {
        const { changes } = db.run(
          `DELETE FROM folder WHERE library_id = ? AND missing = 1
             AND NOT EXISTS (SELECT 1 FROM song s WHERE s.folder_id = folder.id)
             AND NOT EXISTS (SELECT 1 FROM folder child WHERE child.parent_id = folder.id)
             AND NOT EXISTS (SELECT 1 FROM album a WHERE a.folder_id = folder.id)
             AND NOT EXISTS (SELECT 1 FROM annotation n WHERE n.kind = ${KIND.folder} AND n.item_id = folder.id)`,
          [libraryId],
        )
        if (changes === 0) return
      }
    },
  }
}
