import type { ArtistId, FolderId } from '../base/ids.ts'
import type { Database } from '../db/database.ts'
import type { Condition } from './condition.ts'
import type { ArtistRef, Explicit } from './entities.ts'
import { jsonIds, jsonList } from './json-column.ts'

/** Sums over the songs that lie in a folder. */
export interface FolderTally {
  readonly durationMs: number
  /** The newest; 0 = unknown. */
  readonly year: number
  /** The most common first. */
  readonly genres: readonly string[]
  /** The album artist of most songs. */
  readonly artist: ArtistRef | undefined
  readonly explicit: Explicit
}

interface Draft {
  durationMs: number
  year: number
  explicit: Explicit
  readonly genres: Map<string, number>
  readonly artists: Map<number, { readonly name: string; count: number }>
}

/** `visible` judges songs under the alias `s`. */
export function tallyFolders(
  db: Database,
  ids: readonly FolderId[],
  visible: Condition,
): ReadonlyMap<FolderId, FolderTally> {
  const drafts = new Map<FolderId, Draft>()
  if (ids.length > 0) {
    db.select(
      `SELECT s.folder_id, s.duration_ms, s.year, s.album_artist_id, s.album_artist, s.genres, s.explicit
       FROM song s INDEXED BY song_folder
       WHERE s.folder_id IN (SELECT value FROM json_each(?)) AND ${visible.sql}`,
      [jsonIds(ids), ...visible.params],
      (row) => {
        const id = row.number(0) as FolderId
        let draft = drafts.get(id)
        if (!draft) {
          draft = { durationMs: 0, year: 0, explicit: '', genres: new Map(), artists: new Map() }
          drafts.set(id, draft)
        }
        draft.durationMs += row.number(1)
        draft.year = Math.max(draft.year, row.number(2))
        const artist = draft.artists.get(row.number(3))
        if (artist) artist.count++
        else draft.artists.set(row.number(3), { name: row.text(4), count: 1 })
        for (const genre of jsonList<string>(row.text(5))) draft.genres.set(genre, (draft.genres.get(genre) ?? 0) + 1)
        const explicit = row.text(6) as Explicit
        if (explicit === 'e' || draft.explicit === '') draft.explicit = explicit
      },
    )
  }
  return new Map([...drafts].map(([id, draft]) => [id, settle(draft)]))
}

function settle({ durationMs, year, explicit, genres, artists }: Draft): FolderTally {
  const [most] = [...artists].sort(([, a], [, b]) => b.count - a.count)
  return {
    durationMs,
    year,
    explicit,
    genres: [...genres].sort(([, a], [, b]) => b - a).map(([name]) => name),
    artist: most && { id: most[0] as ArtistId, name: most[1].name },
  }
}
