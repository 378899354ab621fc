import { join } from 'node:path'
import type { AlbumId, FolderId, MediaKind, PlaylistId, SongId } from '../base/ids.ts'
import type { Database, SqlParams } from '../db/database.ts'
import {
  albumCover,
  artistCover,
  type CoverCandidate,
  type CoverPriority,
  type Disc,
  discCover,
  EMBEDDED,
  folderCover,
  type ImageFolder,
  songCover,
} from './cover-choice.ts'
import type { Viewer } from './entities.ts'
import { below } from './folder-range.ts'
import { compileScope } from './scope-sql.ts'

/** Something with a cover of its own; playlists show those of their albums. */
export interface Covered {
  readonly kind: Exclude<MediaKind, 'playlist'>
  readonly key: number
}

/** A place on the music disks where a picture may be. Absolute paths: never for clients. */
export interface CoverFile {
  readonly kind: 'file' | 'embedded'
  readonly path: string
  /** The library's root. */
  readonly within: string
  /** False: the picture of something visible lies among what the viewer may not see. */
  readonly visible: boolean
}

/** A picture of an album's songs or discs. */
export interface AlbumPicture {
  readonly of: 'song' | 'disc'
  readonly song: SongId
}

/**
 * Where covers come from. What the viewer may not see does not exist; which picture it is depends on no viewer. A song
 * that was granted brings its own picture along; its album, artist and folder stay as without it: without picture.
 */
export interface ArtworkRepository {
  /** '' = no picture known; undefined = unknown, missing or outside the scope. */
  version(viewer: Viewer, item: Covered): string | undefined
  /** Best first; [] for what is not visible. */
  candidates(viewer: Viewer, item: Covered): readonly CoverFile[]
  /** Best first: the pictures of the disc that a song is of, whatever the song itself shows. [] when it is not visible. */
  discCandidates(viewer: Viewer, song: SongId): readonly CoverFile[]
  /**
   * Which of an album's pictures a version is, beside the album's own: that of a visible song, else of a disc, told by one
   * of its visible songs. Undefined when there is none.
   */
  pictureIn(viewer: Viewer, album: AlbumId, version: string): AlbumPicture | undefined
  /**
   * What a disc of an album shows: its picture, told by one of its visible songs, or where each song has one inside, that of
   * the first. Version '' = the album's. Undefined when the viewer sees no song of it.
   */
  disc(viewer: Viewer, album: AlbumId, number: number): (AlbumPicture & { readonly version: string }) | undefined
  /** An album with a cover that stands for an artist or folder without: their first one that the viewer sees. */
  albumFor(viewer: Viewer, item: Covered): AlbumId | undefined
  /** The first `limit` different covers of the albums of a playlist's visible songs. The playlist itself is not checked. */
  albumsOfPlaylist(viewer: Viewer, id: PlaylistId, limit: number): readonly AlbumId[]
  /** What a person calls it; undefined when not visible. */
  label(viewer: Viewer, item: Covered): { readonly name: string; readonly artist: string } | undefined
}

/** Rows that are looked at for a grid, a playlist of one endless album included. */
const GRID_ROWS = 2000
const MAX_FOLDERS = 50

interface FolderRow {
  readonly folder: ImageFolder
  readonly path: string
  readonly root: string
  readonly visible: boolean
}

export function createArtworkRepository(db: Database, priority: CoverPriority): ArtworkRepository {
  const one = (sql: string, params: SqlParams) => db.get<{ value: number | string }>(sql, params)?.value

  function visible(viewer: Viewer, item: Covered) {
    const scope = compileScope(viewer.scope)
    return scope[item.kind]('t')
  }

  /** `from` must offer a folder as `f`. */
  function folders(viewer: Viewer, from: string, params: SqlParams): readonly FolderRow[] {
    const seen = compileScope(viewer.scope).folder('f')
    return db.select(
      `SELECT f.id, f.images, f.path, l.path, (${seen.sql}) FROM ${from} LIMIT ${MAX_FOLDERS}`,
      [...seen.params, ...params],
      (row) => ({
        folder: { id: row.number(0) as FolderId, images: JSON.parse(row.text(1)) as readonly string[] },
        path: row.text(2),
        root: row.text(3),
        visible: row.number(4) === 1,
      }),
    )
  }

  const LIBRARY = 'JOIN library l ON l.id = f.library_id'

  function album(viewer: Viewer, id: number): { candidates: readonly CoverCandidate[]; rows: readonly FolderRow[] } {
    const own = folders(viewer, `album a JOIN folder f ON f.id = a.folder_id ${LIBRARY} WHERE a.id = ?`, [id])
    const discs = folders(
      viewer,
      `song s JOIN folder f ON f.id = s.folder_id ${LIBRARY} WHERE s.album_id = ? AND s.missing = 0
       GROUP BY f.id ORDER BY MIN(s.disc_number), MIN(s.track_number), f.id`,
      [id],
    )
    const home = own[0]
    const others = discs.filter(({ folder }) => folder.id !== home?.folder.id)
    const within = others.filter(({ path }) => !home || home.path === '' || path.startsWith(`${home.path}/`))
    const astray = others.filter((row) => !within.includes(row))
    const rows = [...own, ...within, ...astray]
    const embedded = one(
      `SELECT id AS value FROM song WHERE album_id = ? AND missing = 0 AND has_embedded_cover = 1
       ORDER BY disc_number, track_number, order_title, id LIMIT 1`,
      [id],
    ) as SongId | undefined
    const candidates = [
      ...albumCover({ folders: toFolders([...own, ...within]), embedded }, priority),
      // The folder of a stray copy holds the picture of something else more likely than this album's.
      ...albumCover({ folders: toFolders(astray), embedded: undefined }, priority),
    ]
    return { candidates, rows }
  }

  /** The disc that a song is of, with the folders of all candidates. */
  function disc(
    viewer: Viewer,
    songId: number,
  ): { readonly disc: Disc; readonly rows: readonly FolderRow[] } | undefined {
    const facts = db.get<{ album_id: number; folder_id: number; disc: number; album_folder: number }>(
      `SELECT s.album_id, s.folder_id, s.disc_number AS disc, a.folder_id AS album_folder
       FROM song s JOIN album a ON a.id = s.album_id WHERE s.id = ?`,
      [songId],
    )
    const row = folders(viewer, `folder f ${LIBRARY} WHERE f.id = ?`, [facts?.folder_id ?? 0])[0]
    if (!facts || !row) return undefined
    const ofAlbum = album(viewer, facts.album_id)
    const embedded = priority.disc.includes(EMBEDDED)
      ? (one(
          `SELECT id AS value FROM song WHERE album_id = ? AND missing = 0 AND disc_number = ? AND has_embedded_cover = 1
           ORDER BY track_number, order_title, id LIMIT 1`,
          [facts.album_id, facts.disc],
        ) as SongId | undefined)
      : undefined
    const albumFolder = ofAlbum.rows.find(({ folder }) => folder.id === facts.album_folder)?.folder
    return {
      disc: { number: facts.disc, folder: row.folder, albumFolder, embedded, album: ofAlbum.candidates },
      rows: [row, ...ofAlbum.rows],
    }
  }

  function song(viewer: Viewer, id: number): readonly CoverFile[] {
    const found = disc(viewer, id)
    if (!found) return []
    const own = one('SELECT has_embedded_cover AS value FROM song WHERE id = ?', [id]) === 1
    const candidates = songCover({ embedded: own ? (id as SongId) : undefined, disc: found.disc }, priority)
    return files(viewer, candidates, found.rows)
  }

  function artist(viewer: Viewer, id: number): readonly CoverFile[] {
    const albums = `album_artist aa JOIN album a ON a.id = aa.album_id AND a.missing = 0 AND a.compilation = 0
      JOIN folder af ON af.id = a.folder_id`
    const alone = `aa.artist_id = ? AND aa.role = 'albumartist' AND NOT EXISTS (SELECT 1 FROM album_artist other
      WHERE other.album_id = a.id AND other.role = 'albumartist' AND other.artist_id <> aa.artist_id)`
    const ofAlbums = folders(
      viewer,
      `${albums} JOIN folder f ON f.id = af.id ${LIBRARY} WHERE ${alone} GROUP BY f.id ORDER BY MIN(a.id)`,
      [id],
    )
    const above = folders(
      viewer,
      `${albums} JOIN folder up ON up.id = af.parent_id
       JOIN folder f ON f.path <> '' AND f.id IN (up.id, up.parent_id) ${LIBRARY}
       WHERE ${alone} GROUP BY f.id ORDER BY length(f.path) DESC, MIN(a.id)`,
      [id],
    )
    const candidates = artistCover({ folders: toFolders(above), albumFolders: toFolders(ofAlbums) }, priority)
    return files(viewer, candidates, [...above, ...ofAlbums])
  }

  function folder(viewer: Viewer, id: number): readonly CoverFile[] {
    const row = folders(viewer, `folder f ${LIBRARY} WHERE f.id = ?`, [id])[0]
    if (!row) return []
    const first = one(
      `SELECT album_id AS value FROM song WHERE folder_id = ? AND missing = 0
       ORDER BY disc_number, track_number, path LIMIT 1`,
      [id],
    )
    const ofAlbum = first === undefined ? { candidates: [], rows: [] } : album(viewer, first as number)
    return files(viewer, folderCover(row.folder, ofAlbum.candidates, priority), [row, ...ofAlbum.rows])
  }

  function files(
    viewer: Viewer,
    candidates: readonly CoverCandidate[],
    rows: readonly FolderRow[],
  ): readonly CoverFile[] {
    return candidates.flatMap((candidate): readonly CoverFile[] => {
      if (candidate.kind === 'file') {
        const row = rows.find(({ folder }) => folder.id === candidate.folderId)
        if (!row) return []
        const path = join(row.root, row.path, candidate.name)
        return [{ kind: 'file', path, within: row.root, visible: row.visible }]
      }
      const seen = compileScope(viewer.scope).song('s')
      const place = db.get<{ path: string; root: string; visible: number }>(
        `SELECT s.path, l.path AS root, (${seen.sql}) AS visible
         FROM song s JOIN library l ON l.id = s.library_id WHERE s.id = ?`,
        [...seen.params, candidate.songId],
      )
      if (!place) return []
      const path = join(place.root, place.path)
      return [{ kind: 'embedded', path, within: place.root, visible: place.visible === 1 }]
    })
  }

  return {
    version(viewer, item) {
      const seen = visible(viewer, item)
      const isNarrowed = item.kind !== 'song' && viewer.scope.grants !== undefined
      const column =
        item.kind === 'song'
          ? `CASE t.cover_version WHEN '' THEN (SELECT a.cover_version FROM album a WHERE a.id = t.album_id) ELSE t.cover_version END`
          : 't.cover_version'
      if (!isNarrowed) {
        const sql = `SELECT ${column} AS value FROM ${item.kind} t WHERE t.id = ? AND ${seen.sql}`
        return one(sql, [item.key, ...seen.params]) as string | undefined
      }
      const owned = visible(ungranted(viewer), item)
      const sql = `SELECT CASE WHEN ${owned.sql} THEN ${column} ELSE '' END AS value FROM ${item.kind} t
        WHERE t.id = ? AND ${seen.sql}`
      return one(sql, [...owned.params, item.key, ...seen.params]) as string | undefined
    },
    candidates(asked, item) {
      const viewer = item.kind === 'song' ? asked : ungranted(asked)
      if (this.version(viewer, item) === undefined) return []
      switch (item.kind) {
        case 'song':
          return song(viewer, item.key)
        case 'album': {
          const { candidates, rows } = album(viewer, item.key)
          return files(viewer, candidates, rows)
        }
        case 'artist':
          return artist(viewer, item.key)
        case 'folder':
          return folder(viewer, item.key)
      }
    },
    discCandidates(viewer, id) {
      if (this.version(viewer, { kind: 'song', key: id }) === undefined) return []
      const found = disc(viewer, id)
      return found ? files(viewer, discCover(found.disc, priority), found.rows) : []
    },
    pictureIn(viewer, id, version) {
      const seen = visible(viewer, { kind: 'song', key: 0 })
      const song = one(
        `SELECT t.id AS value FROM song t INDEXED BY song_cover WHERE t.cover_version = ? AND t.album_id = ? AND ${seen.sql} LIMIT 1`,
        [version, id, ...seen.params],
      ) as SongId | undefined
      if (song !== undefined) return { of: 'song', song }
      const first = one(
        `SELECT t.id AS value FROM album a CROSS JOIN json_each(a.disc_titles) d CROSS JOIN song t
         WHERE a.id = ? AND d.value ->> 'cover' = ? AND t.album_id = a.id AND t.disc_number = d.value ->> 'disc' AND ${seen.sql}
         LIMIT 1`,
        [id, version, ...seen.params],
      ) as SongId | undefined
      return first === undefined ? undefined : { of: 'disc', song: first }
    },
    disc(viewer, id, number) {
      const seen = visible(viewer, { kind: 'song', key: 0 })
      const found = db.get<{ song: SongId; version: string; inside: number; titled: string | null }>(
        `SELECT t.id AS song, t.cover_version AS version, t.has_embedded_cover AS inside,
           (SELECT d.value ->> 'cover' FROM album a, json_each(a.disc_titles) d
            WHERE a.id = t.album_id AND d.value ->> 'disc' = t.disc_number) AS titled
         FROM song t WHERE t.album_id = ? AND t.disc_number = ? AND ${seen.sql}
         ORDER BY t.has_embedded_cover, t.track_number, t.id LIMIT 1`,
        [id, number, ...seen.params],
      )
      if (!found) return undefined
      const { song, titled } = found
      if (titled) return { of: 'disc', song, version: titled }
      return { of: found.inside === 1 ? 'song' : 'disc', song, version: found.version }
    },
    albumFor(viewer, item) {
      const scope = compileScope(ungranted(viewer).scope)
      if (item.kind === 'artist') {
        const seen = scope.album('a')
        return one(
          `SELECT a.id AS value FROM album_artist aa JOIN album a ON a.id = aa.album_id
           WHERE aa.artist_id = ? AND a.cover_version <> '' AND ${seen.sql}
           ORDER BY aa.role <> 'albumartist', a.min_year, a.id LIMIT 1`,
          [item.key, ...seen.params],
        ) as AlbumId | undefined
      }
      if (item.kind !== 'folder') return undefined
      const seen = scope.song('s')
      return one(
        `SELECT s.album_id AS value FROM folder f JOIN song s ON ${below('f', 's')} JOIN album a ON a.id = s.album_id
         WHERE f.id = ? AND a.cover_version <> '' AND ${seen.sql} ORDER BY s.path LIMIT 1`,
        [item.key, ...seen.params],
      ) as AlbumId | undefined
    },
    albumsOfPlaylist(viewer, id, limit) {
      const seen = compileScope(ungranted(viewer).scope).song('s')
      const found = new Map<string, AlbumId>()
      const rows = db.iterate<{ id: AlbumId; version: string }>(
        `SELECT a.id, a.cover_version AS version FROM playlist_song ps
         CROSS JOIN song s ON s.id = ps.song_id CROSS JOIN album a ON a.id = s.album_id
         WHERE ps.playlist_id = ? AND a.cover_version <> '' AND ${seen.sql} ORDER BY ps.position LIMIT ${GRID_ROWS}`,
        [id, ...seen.params],
      )
      for (const row of rows) {
        if (!found.has(row.version)) found.set(row.version, row.id)
        if (found.size >= limit) break
      }
      return [...found.values()]
    },
    label(viewer, item) {
      const seen = visible(viewer, item)
      const columns = {
        song: 't.title AS name, t.artist AS artist',
        album: 't.name, t.artist',
        artist: 't.name, t.name AS artist',
        folder: "t.name, '' AS artist",
      }[item.kind]
      return db.get(`SELECT ${columns} FROM ${item.kind} t WHERE t.id = ? AND ${seen.sql}`, [item.key, ...seen.params])
    },
  }
}

/** The viewer as without songs that were granted: these bring nothing of their album, artist and folder along. */
export function ungranted(viewer: Viewer): Viewer {
  const { grants, ...scope } = viewer.scope
  return grants ? { ...viewer, scope } : viewer
}

function toFolders(rows: readonly FolderRow[]): readonly ImageFolder[] {
  return rows.map(({ folder }) => folder)
}
