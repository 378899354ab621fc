import type { ArtistId, GenreId, LibraryId } from '../base/ids.ts'
import type { Database } from '../db/database.ts'
import type { ScanNames } from './scan-names.ts'
import { takeOut } from './search-index.ts'

/** Totals by artist, genre and library, as the reading side wants them. Each call is one short piece of work. */
export interface ScanStats {
  /** Also hides, shows or removes the artist. @returns whether it is visible. */
  refreshArtist(id: ArtistId, at: number): boolean
  /** A genre may be on half of all songs: it goes in slices; true = call again. Use one `pass` object per genre. */
  refreshGenre(pass: GenrePass): boolean
  refreshLibrary(id: LibraryId): void
}

export interface GenrePass {
  readonly id: GenreId
  after: number
  readonly songs: Map<LibraryId, number>
  readonly albums: Map<LibraryId, Set<number>>
}

const GENRE_SLICE = 1000

interface Total {
  readonly songs: Set<number>
  readonly albums: Set<number>
  durationMs: number
  size: number
}

export function genrePass(id: GenreId): GenrePass {
  return { id, after: 0, songs: new Map(), albums: new Map() }
}

export function createScanStats(db: Database, names: ScanNames): ScanStats {
  return {
    refreshArtist(id, at) {
      const row = db.get<{ missing: number; indexed: number }>(
        'SELECT missing, EXISTS (SELECT 1 FROM artist_search WHERE rowid = artist.id) AS indexed FROM artist WHERE id = ?',
        [id],
      )
      if (!row) return false
      const totals = artistTotals(db, id)
      db.run('DELETE FROM artist_stats WHERE artist_id = ?', [id])
      for (const [key, total] of totals) {
        const [libraryId, role] = key
        db.run(
          `INSERT INTO artist_stats (artist_id, library_id, role, song_count, album_count, duration_ms, size)
           VALUES (?, ?, ?, ?, ?, ?, ?)`,
          [id, libraryId, role, total.songs.size, total.albums.size, total.durationMs, total.size],
        )
      }
      const visible = totals.length > 0
      if (!visible && names.removeUnused(id)) {
        takeOut(db, 'artist', [id])
        return false
      }
      if (visible !== (row.missing === 0))
        db.run('UPDATE artist SET missing = ?, updated_at = ? WHERE id = ?', [visible ? 0 : 1, at, id])
      if (visible !== (row.indexed === 1)) names.index(id, visible)
      return visible
    },
    refreshGenre(pass) {
      let rows = 0
      db.select(
        `SELECT s.id, s.library_id, s.album_id, s.missing FROM song_genre g JOIN song s ON s.id = g.song_id
         WHERE g.genre_id = ? AND g.song_id > ? ORDER BY g.song_id LIMIT ${GENRE_SLICE}`,
        [pass.id, pass.after],
        (row) => {
          rows++
          pass.after = row.number(0)
          if (row.number(3) === 1) return
          const libraryId = row.number(1) as LibraryId
          pass.songs.set(libraryId, (pass.songs.get(libraryId) ?? 0) + 1)
          const albums = pass.albums.get(libraryId) ?? new Set()
          pass.albums.set(libraryId, albums.add(row.number(2)))
        },
      )
      if (rows === GENRE_SLICE) return true
      db.run('DELETE FROM genre_stats WHERE genre_id = ?', [pass.id])
      for (const [libraryId, count] of pass.songs)
        db.run('INSERT INTO genre_stats (genre_id, library_id, song_count, album_count) VALUES (?, ?, ?, ?)', [
          pass.id,
          libraryId,
          count,
          pass.albums.get(libraryId)?.size ?? 0,
        ])
      return false
    },
    refreshLibrary(id) {
      db.run(
        `UPDATE library SET (song_count, album_count, duration_ms, size) =
           (SELECT coalesce(sum(song_count), 0), count(*), coalesce(sum(duration_ms), 0), coalesce(sum(size), 0)
            FROM album WHERE library_id = ?1 AND missing = 0),
           artist_count = (SELECT count(*) FROM artist_stats WHERE role = '' AND library_id = ?1 AND song_count > 0),
           folder_count = (SELECT count(*) FROM folder WHERE library_id = ?1 AND missing = 0 AND total_songs > 0),
           missing_count = (SELECT count(*) FROM song WHERE library_id = ?1 AND missing = 1)
         WHERE id = ?1`,
        [id],
      )
    },
  }
}

/** By library and role; the role '' stands for all roles together. */
function artistTotals(db: Database, id: ArtistId): readonly [readonly [LibraryId, string], Total][] {
  const totals = new Map<string, [readonly [LibraryId, string], Total]>()
  db.select(
    `SELECT c.role, s.library_id, s.id, s.album_id, s.duration_ms, s.size
     FROM song_artist c JOIN song s ON s.id = c.song_id WHERE c.artist_id = ? AND s.missing = 0`,
    [id],
    (row) => {
      for (const role of [row.text(0), '']) {
        const libraryId = row.number(1) as LibraryId
        const key = `${libraryId} ${role}`
        let entry = totals.get(key)
        if (!entry) {
          entry = [[libraryId, role], { songs: new Set(), albums: new Set(), durationMs: 0, size: 0 }]
          totals.set(key, entry)
        }
        const total = entry[1]
        if (total.songs.has(row.number(2))) continue
        total.songs.add(row.number(2))
        total.albums.add(row.number(3))
        total.durationMs += row.number(4)
        total.size += row.number(5)
      }
    },
  )
  return [...totals.values()]
}
