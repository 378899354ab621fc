import { AppError } from '../base/errors.ts'
import type { LibraryId, PlaylistId, SongId, UserId } from '../base/ids.ts'
import type { Annotation, Playlist, Song, Viewer } from './entities.ts'
import { jsonIds } from './json-column.ts'
import type { LibraryContext } from './library-context.ts'
import { KIND } from './pending-plays.ts'
import { type EntryQuery, moveEntry, type PlaylistEntry, playlistEntries, visibleEntries } from './playlist-entries.ts'
import { loadPlaylists, playlistMarks, visiblePlaylist } from './playlist-rows.ts'
import type { Rows } from './rows.ts'
import { songRows } from './song-rows.ts'
import { visibleAmong } from './visible-ids.ts'

export interface PlaylistChanges {
  readonly name?: string
  readonly comment?: string
  readonly public?: boolean
  readonly sync?: boolean
  readonly owner?: UserId
}

/** Visible: one's own and public ones (also for administrators: private means private). */
export interface PlaylistRepository {
  list(viewer: Viewer): readonly Playlist[]
  /** Own and public playlists of one owner, as that owner's library would count them for the viewer. */
  listOf(viewer: Viewer, owner: UserId): readonly Playlist[]
  find(viewer: Viewer, id: PlaylistId): Playlist | undefined
  /** Ids of the visible songs in order. */
  songIds(viewer: Viewer, id: PlaylistId): readonly SongId[]
  /** Visible songs in order. */
  songs(viewer: Viewer, id: PlaylistId): Rows<Song>
  /** Visible songs with their places. */
  entries(viewer: Viewer, id: PlaylistId, query?: EntryQuery): readonly PlaylistEntry[]
  /** Visible playlists in which a song is. Whether the viewer sees the song is the caller's to know. */
  containing(viewer: Viewer, song: SongId): readonly Playlist[]
  /** What the viewer did with these playlists: those that they marked. */
  marks(viewer: Viewer, ids: readonly PlaylistId[]): ReadonlyMap<PlaylistId, Annotation>
  create(
    viewer: Viewer,
    name: string,
    songs: readonly SongId[],
    at: number,
    more?: Pick<PlaylistChanges, 'comment' | 'public'>,
  ): PlaylistId
  /** The whole content; songs outside the scope are refused quietly (left out). */
  replaceSongs(viewer: Viewer, id: PlaylistId, songs: readonly SongId[], at: number): void
  /**
   * Removes by index into the list as the viewer saw it (`songs`), then appends; both in one transaction.
   * @returns how many songs were appended.
   */
  edit(
    viewer: Viewer,
    id: PlaylistId,
    remove: readonly number[],
    append: readonly SongId[],
    changes: PlaylistChanges,
    at: number,
  ): number
  /** Moves the song at a place, from 1 as the viewer counts, to another. False when one of them is none. */
  move(viewer: Viewer, id: PlaylistId, move: { readonly from: number; readonly to: number }, at: number): boolean
  remove(id: PlaylistId): void

  /** The scanner's side: playlists that mirror files. */
  findByFile(
    libraryId: LibraryId,
    path: string,
  ): { readonly id: PlaylistId; readonly sync: boolean; readonly fileSignature: string } | undefined
  importFile(file: {
    readonly libraryId: LibraryId
    readonly path: string
    readonly name: string
    readonly fileSignature: string
    readonly owner: UserId
    readonly public: boolean
    readonly songs: readonly SongId[]
    readonly at: number
  }): PlaylistId
  /** Files of a library that are mirrored, to find those that are gone. */
  importedPaths(libraryId: LibraryId): readonly string[]
  /** The file is gone: the playlist stays, editable. */
  detachFile(id: PlaylistId): void
}

export function createPlaylistRepository(context: LibraryContext): PlaylistRepository {
  const { db } = context

  const requireVisible = (viewer: Viewer, id: PlaylistId) => {
    const visible = visiblePlaylist(context, viewer)
    if (!db.get(`SELECT 1 FROM playlist i WHERE i.id = ? AND ${visible.sql}`, [id, ...visible.params]))
      throw new AppError('NOT_FOUND', 'There is no such playlist.')
  }
  const append = (id: PlaylistId, songs: readonly number[]) => {
    if (songs.length === 0) return
    db.run(
      `INSERT INTO playlist_song (playlist_id, position, song_id)
       SELECT ?, (SELECT coalesce(max(position), -1) + 1 FROM playlist_song WHERE playlist_id = ?) + CAST(key AS INTEGER), value
       FROM json_each(?)`,
      [id, id, jsonIds(songs)],
    )
  }
  const appendVisible = (viewer: Viewer, id: PlaylistId, songs: readonly SongId[]) => {
    const visible = visibleAmong(context, 'song', context.scope(viewer).song('i'), songs)
    const appended = songs.filter((song) => visible.has(song))
    append(id, appended)
    return appended.length
  }
  const insert = (playlist: {
    readonly owner: UserId
    readonly name: string
    readonly comment?: string
    readonly public: boolean
    readonly at: number
  }) =>
    db.run('INSERT INTO playlist (owner_id, name, comment, public, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?)', [
      playlist.owner,
      playlist.name,
      playlist.comment ?? '',
      playlist.public ? 1 : 0,
      playlist.at,
      playlist.at,
    ]).lastId as PlaylistId

  return {
    list: (viewer) => loadPlaylists(context, viewer, { sql: '1', params: [] }),
    listOf: (viewer, owner) => loadPlaylists(context, viewer, { sql: 'i.owner_id = ?', params: [owner] }),
    find: (viewer, id) => loadPlaylists(context, viewer, { sql: 'i.id = ?', params: [id] })[0],
    songIds: (viewer, id) => {
      requireVisible(viewer, id)
      return visibleEntries(context, viewer, id).map((entry) => entry.songId)
    },
    songs: (viewer, id) => {
      requireVisible(viewer, id)
      return songRows(
        context,
        viewer,
        visibleEntries(context, viewer, id).map((entry) => entry.songId),
      )
    },
    entries: (viewer, id, query) => {
      requireVisible(viewer, id)
      return playlistEntries(context, viewer, id, query)
    },
    containing: (viewer, song) =>
      loadPlaylists(context, viewer, {
        sql: 'i.id IN (SELECT playlist_id FROM playlist_song WHERE song_id = ?)',
        params: [song],
      }),
    marks: (viewer, ids) => playlistMarks(context, viewer, ids),
    create: (viewer, name, songs, at, more = {}) =>
      db.transaction(() => {
        const id = insert({ owner: viewer.userId, name, public: false, ...more, at })
        appendVisible(viewer, id, songs)
        return id
      }),
    replaceSongs: (viewer, id, songs, at) =>
      db.transaction(() => {
        requireVisible(viewer, id)
        db.run('DELETE FROM playlist_song WHERE playlist_id = ?', [id])
        appendVisible(viewer, id, songs)
        db.run('UPDATE playlist SET updated_at = ? WHERE id = ?', [at, id])
      }),
    edit: (viewer, id, remove, appended, changes, at) =>
      db.transaction(() => {
        requireVisible(viewer, id)
        if (remove.length > 0) {
          const entries = visibleEntries(context, viewer, id)
          const positions = remove.flatMap((index) => entries[index]?.position ?? [])
          db.run('DELETE FROM playlist_song WHERE playlist_id = ? AND position IN (SELECT value FROM json_each(?))', [
            id,
            jsonIds(positions),
          ])
        }
        const count = appendVisible(viewer, id, appended)
        db.run(
          `UPDATE playlist SET name = coalesce(?, name), comment = coalesce(?, comment), public = coalesce(?, public),
             sync = coalesce(?, sync), owner_id = coalesce(?, owner_id), updated_at = ? WHERE id = ?`,
          [
            changes.name ?? null,
            changes.comment ?? null,
            flag(changes.public),
            flag(changes.sync),
            changes.owner ?? null,
            at,
            id,
          ],
        )
        return count
      }),
    move: (viewer, id, move, at) =>
      db.transaction(() => {
        requireVisible(viewer, id)
        if (!moveEntry(context, viewer, id, move)) return false
        db.run('UPDATE playlist SET updated_at = ? WHERE id = ?', [at, id])
        return true
      }),
    remove: (id) =>
      db.transaction(() => {
        db.run('DELETE FROM annotation WHERE kind = ? AND item_id = ?', [KIND.playlist, id])
        db.run('DELETE FROM playlist WHERE id = ?', [id])
      }),

    findByFile: (libraryId, path) => {
      const row = db.get<{ id: PlaylistId; sync: number; file_signature: string }>(
        'SELECT id, sync, file_signature FROM playlist WHERE library_id = ? AND path = ?',
        [libraryId, path],
      )
      return row && { id: row.id, sync: row.sync === 1, fileSignature: row.file_signature }
    },
    importFile: (file) =>
      db.transaction(() => {
        const found = db.get<{ id: PlaylistId }>('SELECT id FROM playlist WHERE library_id = ? AND path = ?', [
          file.libraryId,
          file.path,
        ])
        // An imported one keeps the name, comment and visibility that its owner gave it since.
        const id = found?.id ?? insert(file)
        db.run(
          'UPDATE playlist SET library_id = ?, path = ?, file_signature = ?, sync = 1, updated_at = ? WHERE id = ?',
          [file.libraryId, file.path, file.fileSignature, file.at, id],
        )
        db.run('DELETE FROM playlist_song WHERE playlist_id = ?', [id])
        append(id, file.songs)
        return id
      }),
    importedPaths: (libraryId) =>
      db.select(
        'SELECT path FROM playlist WHERE library_id = ? AND path IS NOT NULL ORDER BY path',
        [libraryId],
        (row) => row.text(0),
      ),
    detachFile: (id) => {
      db.run(`UPDATE playlist SET library_id = NULL, path = NULL, file_signature = '', sync = 0 WHERE id = ?`, [id])
    },
  }
}

function flag(value: boolean | undefined): number | null {
  return value === undefined ? null : Number(value)
}
