import type { AlbumId, FolderId, LibraryId, SongId } from '../base/ids.ts'
import type { Database } from '../db/database.ts'
import { jsonIds } from './json-column.ts'
import { takeOut } from './search-index.ts'

/** A song of another library that has the tags of a file. */
export interface Stray {
  readonly id: SongId
  readonly libraryId: LibraryId
  readonly folderId: FolderId
  readonly path: string
  readonly size: number
  readonly mtimeMs: number
  readonly durationMs: number
  readonly missing: boolean
}

export interface Heir {
  readonly id: SongId
  readonly albumId: AlbumId
}

/** Songs that go from one library to another. Calls that write belong into a transaction. */
export interface ScanStrays {
  byPid(libraries: readonly LibraryId[], pid: string): readonly Stray[]
  /** A song was taken out of a folder of another library: the counts there follow. */
  left(folderId: FolderId): void
  /** A visible copy of a song in another library, of the same size and made since; the song was there first. */
  heirOf(id: SongId, libraries: readonly LibraryId[], since: number): Heir | undefined
  /** The copy takes the song's id and age; the places in playlists and bookmarks of both are its own. Marks are not united. */
  handOver(song: SongId, heir: SongId): void
  /** The new folder, all of whose songs came from the old one, which is empty now, becomes the old one. */
  adoptFolder(old: FolderId, fresh: FolderId): void
  hasSongs(folderId: FolderId): boolean
}

const OWNED = ['song_tags', 'song_lyrics', 'song_artist', 'song_genre', 'playlist_song', 'bookmark'] as const

export function createScanStrays(db: Database): ScanStrays {
  return {
    byPid: (libraries, pid) =>
      db.select(
        `SELECT s.id, s.library_id, s.folder_id, s.path, s.size, s.mtime_ms, s.duration_ms, s.missing
         FROM json_each(?) l CROSS JOIN song s ON s.library_id = l.value AND s.pid = ? LIMIT 20`,
        [jsonIds(libraries), pid],
        (row) => ({
          id: row.number(0) as SongId,
          libraryId: row.number(1) as LibraryId,
          folderId: row.number(2) as FolderId,
          path: row.text(3),
          size: row.number(4),
          mtimeMs: row.number(5),
          durationMs: row.number(6),
          missing: row.number(7) === 1,
        }),
      ),
    left(folderId) {
      db.run('UPDATE folder SET song_count = song_count - 1 WHERE id = ? AND song_count > 0', [folderId])
      db.run(
        `WITH RECURSIVE up (id) AS (SELECT ?1 UNION SELECT f.parent_id FROM up JOIN folder f ON f.id = up.id
           WHERE f.parent_id IS NOT NULL)
         UPDATE folder SET total_songs = total_songs - 1 WHERE id IN (SELECT id FROM up) AND total_songs > 0`,
        [folderId],
      )
    },
    heirOf: (id, libraries, since) =>
      db.select(
        `SELECT n.id, n.album_id FROM song o CROSS JOIN json_each(?) l
           CROSS JOIN song n ON n.library_id = l.value AND n.pid = o.pid
         WHERE o.id = ? AND n.missing = 0 AND n.id > o.id AND n.size = o.size AND n.created_at >= ? LIMIT 1`,
        [jsonIds(libraries), id, since],
        (row) => ({ id: row.number(0) as SongId, albumId: row.number(1) as AlbumId }),
      )[0],
    handOver(song, heir) {
      const row = db.get<{ created_at: number }>('SELECT created_at FROM song WHERE id = ?', [song])
      if (!row) return
      db.run('UPDATE playlist_song SET song_id = ? WHERE song_id = ?', [heir, song])
      db.run('UPDATE OR IGNORE bookmark SET song_id = ? WHERE song_id = ?', [heir, song])
      takeOut(db, 'song', [song, heir])
      db.run('DELETE FROM song WHERE id = ?', [song])
      // For this transaction: the id and what refers to it change one after the other.
      db.exec('PRAGMA defer_foreign_keys = ON')
      db.run('UPDATE song SET id = ?, created_at = ? WHERE id = ?', [song, row.created_at, heir])
      for (const table of OWNED) db.run(`UPDATE ${table} SET song_id = ? WHERE song_id = ?`, [song, heir])
    },
    adoptFolder(old, fresh) {
      const row = db.get<
        Readonly<Record<'library_id' | 'parent_id' | 'mtime_ms' | 'song_count' | 'total_songs', number>> &
          Readonly<Record<'path' | 'name' | 'order_name' | 'signature' | 'images' | 'cover_version', string>>
      >(
        `SELECT library_id, parent_id, path, name, order_name, mtime_ms, signature, images, cover_version, song_count,
           total_songs FROM folder WHERE id = ?`,
        [fresh],
      )
      if (!row) return
      db.run('UPDATE song SET folder_id = ? WHERE folder_id = ?', [old, fresh])
      db.run('UPDATE album SET folder_id = ? WHERE folder_id = ?', [old, fresh])
      db.run('UPDATE folder SET parent_id = ? WHERE parent_id = ?', [old, fresh])
      db.run('DELETE FROM folder WHERE id = ?', [fresh])
      db.run(
        `UPDATE folder SET library_id = ?, parent_id = ?, path = ?, name = ?, order_name = ?, mtime_ms = ?, signature = ?,
           images = ?, cover_version = ?, song_count = ?, total_songs = ?, missing = 0 WHERE id = ?`,
        [
          row.library_id,
          row.parent_id,
          row.path,
          row.name,
          row.order_name,
          row.mtime_ms,
          row.signature,
          row.images,
          row.cover_version,
          row.song_count,
          row.total_songs,
          old,
        ],
      )
    },
    hasSongs: (folderId) =>
      db.get(
        `SELECT 1 AS one WHERE EXISTS (SELECT 1 FROM song WHERE folder_id = ?1)
           OR EXISTS (SELECT 1 FROM folder WHERE parent_id = ?1 AND missing = 0)`,
        [folderId],
      ) !== undefined,
  }
}
