import { join } from 'node:path'
import type { AlbumId, ArtistId } from '../base/ids.ts'
import type { Database, RowReader } from '../db/database.ts'
import { ungranted } from './artwork-repository.ts'
import type { Viewer } from './entities.ts'
import { nameKey } from './name-key.ts'
import { compileScope } from './scope-sql.ts'

/** A folder in which something may be written about an artist or album. Absolute paths: never for clients. */
export interface InfoPlace {
  readonly path: string
  /** The library's root. */
  readonly within: string
  /** It bears the name of what is asked about: what lies in it is of that, whatever it says. */
  readonly isNamesake: boolean
  /** It holds other things as well; only what says its name counts. */
  readonly isShared: boolean
}

/** Where `artist.nfo` and `album.nfo` may lie: nearest first, in folders that the viewer sees, of disks that are there. */
export interface InfoPlaces {
  ofArtist(viewer: Viewer, artist: { readonly id: ArtistId; readonly name: string }): readonly InfoPlace[]
  ofAlbum(viewer: Viewer, album: { readonly id: AlbumId; readonly name: string }): readonly InfoPlace[]
}

const MAX_PLACES = 4

export function createInfoPlaces(db: Database): InfoPlaces {
  const select = (
    viewer: Viewer,
    from: string,
    params: readonly number[],
    rest: string,
    place: (row: RowReader) => InfoPlace,
  ) => {
    const seen = compileScope(ungranted(viewer).scope).folder('f')
    return db.select(
      `SELECT f.path, f.name, l.path, min(near) FROM (${from}) JOIN folder f ON f.id = folder_id
         JOIN library l ON l.id = f.library_id AND l.state = 'ok'
       WHERE f.path <> '' AND ${seen.sql} GROUP BY f.id ${rest} LIMIT ${MAX_PLACES}`,
      [...params, ...seen.params],
      place,
    )
  }
  return {
    /** As with pictures: folders of albums by nobody else, and up to two levels above. */
    ofArtist(viewer, { id, name }) {
      const key = nameKey(name)
      const albums = `album_artist aa JOIN album a ON a.id = aa.album_id AND a.missing = 0 AND a.compilation = 0
          JOIN folder af ON af.id = a.folder_id
        WHERE aa.artist_id = ?1 AND aa.role = 'albumartist' AND NOT EXISTS (SELECT 1 FROM album_artist other
          WHERE other.album_id = a.id AND other.role = 'albumartist' AND other.artist_id <> aa.artist_id)`
      const above = albums.replace('WHERE', 'JOIN folder up ON up.id = af.parent_id WHERE')
      const from = `SELECT af.id AS folder_id, 0 AS near FROM ${albums} UNION SELECT up.id, 1 FROM ${above}
        UNION SELECT up.parent_id, 2 FROM ${above}`
      return select(viewer, from, [id], 'ORDER BY min(near) = 0, min(near), length(f.path) DESC, f.id', (row) => {
        const isNamesake = nameKey(row.text(1)) === key
        const path = join(row.text(2), row.text(0))
        return { path, within: row.text(2), isNamesake, isShared: row.number(3) !== 1 }
      })
    },
    ofAlbum(viewer, { id, name }) {
      const key = nameKey(name)
      const from = `SELECT folder_id, 0 AS near FROM album WHERE id = ?1
        UNION SELECT folder_id, 1 FROM song WHERE album_id = ?1 AND missing = 0
        UNION SELECT up.parent_id, 2 FROM album a JOIN folder up ON up.id = a.folder_id WHERE a.id = ?1`
      return select(viewer, from, [id], 'ORDER BY min(near), f.path', (row) => ({
        path: join(row.text(2), row.text(0)),
        within: row.text(2),
        isNamesake: nameKey(row.text(1)) === key,
        isShared: row.number(3) === 2,
      }))
    },
  }
}
