import { createHash } from 'node:crypto'
import type { PlaylistId, UserId } from '../base/ids.ts'
import type { RowReader } from '../db/database.ts'
import { annotate, type Draft, unmarked } from './annotations-read.ts'
import type { Condition } from './condition.ts'
import type { Annotation, Playlist, Viewer } from './entities.ts'
import { jsonIds } from './json-column.ts'
import type { LibraryContext } from './library-context.ts'
import { KIND } from './pending-plays.ts'

/** A playlist's picture is made of the covers of so many albums, found among so many first songs. */
const PICTURE_ALBUMS = 4
const PICTURE_SONGS = 100

/**
 * One's own and public ones, under the alias `i`; no administrator's exception: private means private. One that mirrors a
 * file is named after it: others are told of it when they may see one of its songs, and nobody when its library left the
 * configuration.
 */
export function visiblePlaylist(context: LibraryContext, viewer: Viewer): Condition {
  const song = context.scope(viewer).song('vs')
  return {
    sql: `(i.owner_id = ? OR (i.public = 1 AND (i.path IS NULL OR EXISTS (
      SELECT 1 FROM playlist_song vp CROSS JOIN song vs ON vs.id = vp.song_id WHERE vp.playlist_id = i.id AND ${song.sql}))))
      AND (i.path IS NULL OR NOT EXISTS (SELECT 1 FROM library vl WHERE vl.id = i.library_id AND vl.state = 'missing'))`,
    params: [viewer.userId, ...song.params],
  }
}

/** May the user change its songs: the owner, unless it mirrors a file. */
export function isEditable(playlist: Playlist, userId: UserId): boolean {
  return playlist.ownerId === userId && !playlist.sync
}

/** Visible playlists that `where` (on the alias `i`) picks, by name; counted as the viewer sees them. */
export function loadPlaylists(context: LibraryContext, viewer: Viewer, where: Condition): Playlist[] {
  const { db } = context
  const allowed = visiblePlaylist(context, viewer)
  const playlists = db.select(
    `SELECT i.id, i.owner_id, u.name, i.name, i.comment, i.public, i.path, i.sync, i.created_at, i.updated_at
     FROM playlist i CROSS JOIN user u ON u.id = i.owner_id
     WHERE ${allowed.sql} AND ${where.sql} ORDER BY i.name COLLATE NOCASE, i.id`,
    [...allowed.params, ...where.params],
    readPlaylist,
  )
  if (playlists.length === 0) return playlists
  const byId = new Map<number, Draft<Playlist>>(playlists.map((playlist) => [playlist.id, playlist]))
  const ids = jsonIds([...byId.keys()])
  const visible = context.scope(viewer).song('s')
  db.select(
    `SELECT p.playlist_id, count(*), sum(s.duration_ms), sum(s.size) FROM playlist_song p
       CROSS JOIN song s INDEXED BY song_page ON s.id = p.song_id
     WHERE p.playlist_id IN (SELECT value FROM json_each(?)) AND ${visible.sql} GROUP BY p.playlist_id`,
    [ids, ...visible.params],
    (row) => {
      const playlist = byId.get(row.number(0))
      if (!playlist) return
      playlist.songCount = row.number(1)
      playlist.durationMs = row.number(2)
      playlist.size = row.number(3)
    },
  )
  for (const playlist of byId.values()) playlist.coverVersion = coverVersion(context, viewer, playlist.id)
  return playlists
}

/** What a user did with these playlists. */
export function playlistMarks(
  context: LibraryContext,
  { userId }: Viewer,
  ids: readonly PlaylistId[],
): ReadonlyMap<PlaylistId, Annotation> {
  const byId = new Map<PlaylistId, Draft<Annotation>>(ids.map((id) => [id, { ...unmarked(0, 0) }]))
  annotate(context, userId, { kind: KIND.playlist, byId })
  return byId
}

/** Moves when the covers of the first albums do, or their order. */
function coverVersion(context: LibraryContext, viewer: Viewer, id: PlaylistId): string {
  const visible = context.scope(viewer).song('s')
  const covers = new Map<number, string>()
  context.db.select(
    `SELECT s.album_id, s.cover_version FROM playlist_song p CROSS JOIN song s ON s.id = p.song_id
     WHERE p.playlist_id = ? AND ${visible.sql} ORDER BY p.position LIMIT ${PICTURE_SONGS}`,
    [id, ...visible.params],
    (row) => {
      const album = row.number(0)
      if (covers.size < PICTURE_ALBUMS && !covers.has(album) && row.text(1) !== '') covers.set(album, row.text(1))
    },
  )
  if (covers.size === 0) return ''
  return createHash('sha1')
    .update([...covers].join())
    .digest('hex')
    .slice(0, 8)
}

function readPlaylist(row: RowReader): Draft<Playlist> {
  return {
    id: row.number(0) as PlaylistId,
    ownerId: row.number(1) as UserId,
    ownerName: row.text(2),
    name: row.text(3),
    comment: row.text(4),
    public: row.number(5) === 1,
    path: row.isNull(6) ? undefined : row.text(6),
    sync: row.number(7) === 1,
    songCount: 0,
    durationMs: 0,
    size: 0,
    coverVersion: '',
    createdAt: row.number(8),
    updatedAt: row.number(9),
  }
}
