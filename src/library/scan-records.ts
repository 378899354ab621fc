import type { AlbumId, ArtistId, FolderId, GenreId, LibraryId, SongId } from '../base/ids.ts'
import type { Database, RowReader } from '../db/database.ts'

export interface ScanProblem {
  readonly path: string
  readonly size: number
  readonly mtimeMs: number
  readonly reason: string
}

/** A song whose file is not (or no longer) where it was, by which another file may be known again. */
export interface LostSong {
  readonly id: SongId
  readonly path: string
  readonly size: number
  readonly mtimeMs: number
  readonly durationMs: number
  readonly title: string
  readonly artist: string
  readonly album: string
  /** Rate, bits, channels and codec; see `soundKind`. */
  readonly sound: string
}

/** Two files of one recording agree in this, however they are named and tagged. */
export function soundKind(facts: {
  readonly sampleRate: number
  readonly bitDepth: number
  readonly channels: number
  readonly codec: string
}): string {
  return `${facts.codec} ${facts.sampleRate} ${facts.bitDepth} ${facts.channels}`
}

/** What the scanner notes of libraries, files that can't be read, and songs without a file. */
export interface ScanRecords {
  /** A scan is to be made: one that is killed is taken up again. */
  request(id: LibraryId, kind: 'quick' | 'full'): void
  /**
   * First writes follow. Until `finish` or `abandon` the totals may lag behind the songs (`isBehind`).
   * `whole`: a scan of the whole library; a full one that is taken up again goes on instead of starting anew.
   */
  begin(id: LibraryId, scan: { readonly at: number; readonly whole: boolean }): void
  /** True after a scan that was killed between songs and totals. */
  isBehind(id: LibraryId): boolean
  /** Everything with totals, to bring them in step after that. */
  everything(id: LibraryId): {
    readonly albums: readonly AlbumId[]
    readonly artists: readonly ArtistId[]
    readonly genres: readonly GenreId[]
  }
  /** `whole` = false: only some folders were looked at. */
  finish(id: LibraryId, result: { readonly at: number; readonly changed: boolean; readonly whole: boolean }): void
  /** A scan that its disk left half-way: it stays pending, and the totals lag behind. */
  interrupt(id: LibraryId, result: { readonly at: number; readonly changed: boolean }): void
  /** Ends a scan that was cancelled: it is not taken up again by itself. */
  abandon(id: LibraryId, whole: boolean): void
  problems(id: LibraryId): ReadonlyMap<string, ScanProblem>
  setProblem(id: LibraryId, problem: ScanProblem, at: number): void
  clearProblem(id: LibraryId, path: string): void
  /** Songs marked as missing. */
  missing(id: LibraryId): readonly LostSong[]
  lost(id: SongId): LostSong | undefined
  /** Visible songs in folders; for a part of a library that is gone. */
  songsInFolder(folderId: FolderId): readonly SongId[]
  /** Albums and album artists whose picture may lie in a folder: of its songs, and of albums up to two levels below. */
  coveredBy(folderId: FolderId): { readonly albums: readonly AlbumId[]; readonly artists: readonly ArtistId[] }
  countSongs(id: LibraryId): number
  /** The kind of the last scan of whole libraries that went to its end. */
  lastKind(): 'quick' | 'full' | undefined
  noteKind(kind: 'quick' | 'full'): void
  /** The fingerprint of settings and mapping by which the library was read. */
  mapping(id: LibraryId): string
  setMapping(id: LibraryId, fingerprint: string): void
  /** The song at a path, with missing ones. */
  songAt(id: LibraryId, path: string): SongId | undefined
  /** The paths of the visible songs in a folder, for comparing them in other ways. */
  pathsIn(id: LibraryId, folder: string): readonly { readonly id: SongId; readonly path: string }[]
  /** Hash of the picture in the song, or the version of its cover. */
  coverVersionAt(id: LibraryId, path: string): string
}

const BEHIND = 'scan.behind.'
const MAPPING = 'scan.mapping.'
const LAST_KIND = 'scan.kind'
const LOST = 'id, path, size, mtime_ms, duration_ms, title, artist, album, sample_rate, bit_depth, channels, codec'

function lostSong(row: RowReader): LostSong {
  return {
    id: row.number(0) as SongId,
    path: row.text(1),
    size: row.number(2),
    mtimeMs: row.number(3),
    durationMs: row.number(4),
    title: row.text(5),
    artist: row.text(6),
    album: row.text(7),
    sound: soundKind({
      sampleRate: row.number(8),
      bitDepth: row.number(9),
      channels: row.number(10),
      codec: row.text(11),
    }),
  }
}

export function createScanRecords(db: Database): ScanRecords {
  function inStep(id: LibraryId): void {
    db.run('DELETE FROM meta WHERE key = ?', [BEHIND + id])
  }

  function noteChange(id: LibraryId, at: number, changed: boolean): void {
    if (changed) db.run('UPDATE library SET changed_at = ? WHERE id = ?', [at, id])
  }

  return {
    request(id, kind) {
      db.run('UPDATE library SET scan_pending = ?, last_scan_started_at = NULL WHERE id = ?', [kind, id])
    },
    begin(id, { at, whole }) {
      if (whole) db.run('UPDATE library SET last_scan_started_at = ? WHERE id = ?', [at, id])
      db.run('INSERT OR IGNORE INTO meta (key, value) VALUES (?, ?)', [BEHIND + id, String(at)])
    },
    isBehind: (id) => db.get('SELECT 1 AS one FROM meta WHERE key = ?', [BEHIND + id]) !== undefined,
    everything: (id) => ({
      albums: db.select('SELECT id FROM album WHERE library_id = ?', [id], (row) => row.number(0) as AlbumId),
      artists: db.select('SELECT id FROM artist', [], (row) => row.number(0) as ArtistId),
      genres: db.select('SELECT id FROM genre', [], (row) => row.number(0) as GenreId),
    }),
    interrupt: (id, { at, changed }) => noteChange(id, at, changed),
    finish(id, { at, changed, whole }) {
      inStep(id)
      noteChange(id, at, changed)
      if (whole)
        db.run(`UPDATE library SET scan_pending = '', last_scan_at = ?, state = 'ok', state_reason = '' WHERE id = ?`, [
          at,
          id,
        ])
    },
    abandon(id, whole) {
      inStep(id)
      if (whole) db.run(`UPDATE library SET scan_pending = '' WHERE id = ?`, [id])
    },
    problems(id) {
      const found = new Map<string, ScanProblem>()
      db.select('SELECT path, size, mtime_ms, reason FROM scan_problem WHERE library_id = ?', [id], (row) => {
        const path = row.text(0)
        found.set(path, { path, size: row.number(1), mtimeMs: row.number(2), reason: row.text(3) })
      })
      return found
    },
    setProblem(id, { path, size, mtimeMs, reason }, at) {
      db.run(
        `INSERT INTO scan_problem (library_id, path, size, mtime_ms, reason, at) VALUES (?, ?, ?, ?, ?, ?)
         ON CONFLICT (library_id, path) DO UPDATE SET size = excluded.size, mtime_ms = excluded.mtime_ms,
           reason = excluded.reason, at = excluded.at`,
        [id, path, size, mtimeMs, reason, at],
      )
    },
    clearProblem(id, path) {
      db.run('DELETE FROM scan_problem WHERE library_id = ? AND path = ?', [id, path])
    },
    missing: (id) => db.select(`SELECT ${LOST} FROM song WHERE library_id = ? AND missing = 1`, [id], lostSong),
    lost: (id) => db.select(`SELECT ${LOST} FROM song WHERE id = ?`, [id], lostSong)[0],
    songsInFolder: (folderId) =>
      db.select('SELECT id FROM song WHERE folder_id = ? AND missing = 0', [folderId], (row) =>
        row.number(0),
      ) as SongId[],
    coveredBy(folderId) {
      const albums = db.select(
        'SELECT DISTINCT album_id FROM song WHERE folder_id = ?1 UNION SELECT id FROM album WHERE folder_id = ?1',
        [folderId],
        (row) => row.number(0) as AlbumId,
      )
      const artists = db.select(
        `SELECT DISTINCT a.artist_id FROM album a WHERE a.folder_id IN (
           SELECT id FROM folder WHERE id = ?1 OR parent_id = ?1
           UNION SELECT g.id FROM folder p JOIN folder g ON g.parent_id = p.id WHERE p.parent_id = ?1)`,
        [folderId],
        (row) => row.number(0) as ArtistId,
      )
      return { albums, artists }
    },
    countSongs: (id) =>
      db.get<{ n: number }>(
        'SELECT coalesce(sum(song_count), 0) AS n FROM folder WHERE library_id = ? AND missing = 0',
        [id],
      )?.n ?? 0,
    lastKind: () => db.get<{ value: 'quick' | 'full' }>('SELECT value FROM meta WHERE key = ?', [LAST_KIND])?.value,
    noteKind(kind) {
      db.run('INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)', [LAST_KIND, kind])
    },
    mapping: (id) => db.get<{ value: string }>('SELECT value FROM meta WHERE key = ?', [MAPPING + id])?.value ?? '',
    setMapping(id, fingerprint) {
      db.run('INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value', [
        MAPPING + id,
        fingerprint,
      ])
    },
    songAt: (id, path) =>
      db.get<{ id: SongId }>('SELECT id FROM song WHERE library_id = ? AND path = ?', [id, path])?.id,
    pathsIn: (id, folder) =>
      db.select(
        `SELECT s.id, s.path FROM folder f JOIN song s ON s.folder_id = f.id
         WHERE f.library_id = ? AND f.path = ? AND s.missing = 0`,
        [id, folder],
        (row) => ({ id: row.number(0) as SongId, path: row.text(1) }),
      ),
    coverVersionAt: (id, path) =>
      db.get<{ v: string }>('SELECT cover_version AS v FROM song WHERE library_id = ? AND path = ?', [id, path])?.v ??
      '',
  }
}
