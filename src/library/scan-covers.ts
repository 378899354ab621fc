import type { AlbumId, ArtistId, FolderId, SongId } from '../base/ids.ts'
import type { Database } from '../db/database.ts'
import { jsonList } from './json-column.ts'

/** A group of an album's songs that share a cover unless they have their own: those of one disc in one folder. */
export interface CoverGroup {
  readonly folderId: FolderId
  readonly discNumber: number
  /** One of them, without a picture of its own; undefined when all have one. */
  readonly sample: SongId | undefined
}

/** Reads and writes the versions of covers. */
export interface ScanCovers {
  groups(albumId: AlbumId): readonly CoverGroup[]
  setAlbum(id: AlbumId, version: string): void
  /** One song of each disc that has a title, by the disc's number. */
  titledDiscs(id: AlbumId): ReadonlyMap<number, SongId>
  /** By the disc's number; of discs that have a title. */
  setDiscs(id: AlbumId, versions: ReadonlyMap<number, string>): void
  setArtist(id: ArtistId, version: string): void
  /** For the songs of the group without a picture of their own; `all` = for all of them. */
  setSongs(albumId: AlbumId, group: CoverGroup, version: string, all: boolean): void
  /** Whether an artist has albums of their own. */
  isAlbumArtist(id: ArtistId): boolean
}

export function createScanCovers(db: Database): ScanCovers {
  return {
    groups: (albumId) =>
      db.select(
        `SELECT folder_id, disc_number, min(CASE has_embedded_cover WHEN 0 THEN id END) FROM song
         WHERE album_id = ? AND missing = 0 GROUP BY folder_id, disc_number`,
        [albumId],
        (row) => ({
          folderId: row.number(0) as FolderId,
          discNumber: row.number(1),
          sample: row.isNull(2) ? undefined : (row.number(2) as SongId),
        }),
      ),
    setAlbum(id, version) {
      db.run('UPDATE album SET cover_version = ? WHERE id = ? AND cover_version <> ?', [version, id, version])
    },
    titledDiscs: (id) =>
      new Map(
        db.select(
          `SELECT s.disc_number, min(s.id) FROM album a JOIN json_each(a.disc_titles) d
             JOIN song s ON s.album_id = a.id AND s.disc_number = d.value ->> 'disc'
           WHERE a.id = ? AND s.missing = 0 GROUP BY s.disc_number`,
          [id],
          (row) => [row.number(0), row.number(1) as SongId] as const,
        ),
      ),
    setDiscs(id, versions) {
      const row = db.get<{ titles: string }>('SELECT disc_titles AS titles FROM album WHERE id = ?', [id])
      const titles = jsonList<{ readonly disc: number; readonly title: string }>(row?.titles ?? '[]')
      const covered = JSON.stringify(
        titles.map(({ disc, title }) => {
          const cover = versions.get(disc) ?? ''
          return cover === '' ? { disc, title } : { disc, title, cover }
        }),
      )
      if (row && covered !== row.titles) db.run('UPDATE album SET disc_titles = ? WHERE id = ?', [covered, id])
    },
    setArtist(id, version) {
      db.run('UPDATE artist SET cover_version = ? WHERE id = ? AND cover_version <> ?', [version, id, version])
    },
    setSongs(albumId, { folderId, discNumber }, version, all) {
      db.run(
        `UPDATE song SET cover_version = ? WHERE album_id = ? AND folder_id = ? AND disc_number = ? AND cover_version <> ?
           AND (has_embedded_cover = 0 OR ? = 1)`,
        [version, albumId, folderId, discNumber, version, all ? 1 : 0],
      )
    },
    isAlbumArtist: (id) =>
      db.get(
        `SELECT 1 AS one FROM artist_stats WHERE artist_id = ? AND role = 'albumartist' AND song_count > 0 LIMIT 1`,
        [id],
      ) !== undefined,
  }
}
