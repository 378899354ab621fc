import type { LibraryId } from '../base/ids.ts'
import type { Database, SqlParams } from '../db/database.ts'
import { firstColumn } from './first-column.ts'
import { jsonIds } from './json-column.ts'
import { takeOut } from './search-index.ts'

/** Rows of one transaction. */
const SLICE = 500

/**
 * Hides all that a library holds as if its files were gone: rows, stars, plays and places in playlists wait for the
 * library to be named again. In short steps; after a kill half-way it goes on, and nothing is left to do when all is done.
 */
export function* retireLibrary(db: Database, id: LibraryId, at: number): Generator<void> {
  if (!db.get('SELECT 1 AS one FROM folder WHERE library_id = ? AND missing = 0 LIMIT 1', [id])) return
  yield* hide(db, { table: 'song', by: 'path', set: 'missing = 1, missing_since = ?', params: [at] }, id)
  yield* hide(
    db,
    { table: 'album', by: 'key', set: 'missing = 1, song_count = 0, duration_ms = 0, size = 0', params: [] },
    id,
  )
  yield* hideArtists(db, id)
  db.transaction(() => {
    db.run('DELETE FROM genre_stats WHERE library_id = ?', [id])
    db.run(
      `UPDATE library SET song_count = 0, album_count = 0, artist_count = 0, folder_count = 0, missing_count = 0,
         duration_ms = 0, size = 0, changed_at = ? WHERE id = ?`,
      [at, id],
    )
  })
  // Last: they tell whether something is left to do. Without signature: the files are looked for when it is back.
  yield* hide(
    db,
    { table: 'folder', by: 'path', set: "missing = 1, signature = '', song_count = 0, total_songs = 0", params: [] },
    id,
  )
}

interface Hiding {
  readonly table: 'song' | 'album' | 'folder'
  /** The column that is unique in a library. */
  readonly by: string
  readonly set: string
  readonly params: SqlParams
}

function* hide(db: Database, { table, by, set, params }: Hiding, library: LibraryId): Generator<void> {
  for (let last = ''; ; ) {
    const ids: number[] = []
    const keys = db.select(
      `SELECT ${by}, id, missing FROM ${table} WHERE library_id = ? AND ${by} >= ? ORDER BY ${by} LIMIT ${SLICE}`,
      [library, last],
      (row) => {
        if (row.number(2) === 0) ids.push(row.number(1))
        return row.text(0)
      },
    )
    if (ids.length > 0)
      db.transaction(() => {
        if (table !== 'folder') takeOut(db, table, ids)
        db.run(`UPDATE ${table} SET ${set} WHERE id IN (SELECT value FROM json_each(?))`, [...params, jsonIds(ids)])
      })
    if (keys.length < SLICE) return
    last = keys.at(-1) as string
    yield
  }
}

/** Artists that only this library shows. */
function* hideArtists(db: Database, library: LibraryId): Generator<void> {
  for (;;) {
    const ids = db.select(
      `SELECT DISTINCT artist_id FROM artist_stats WHERE role = '' AND library_id = ? LIMIT ${SLICE}`,
      [library],
      firstColumn,
    )
    if (ids.length === 0) break
    db.transaction(() => {
      const list = jsonIds(ids)
      db.run('DELETE FROM artist_stats WHERE artist_id IN (SELECT value FROM json_each(?)) AND library_id = ?', [
        list,
        library,
      ])
      const gone = db.select(
        `SELECT w.value FROM json_each(?) w WHERE NOT EXISTS (SELECT 1 FROM artist_stats t WHERE t.artist_id = w.value)`,
        [list],
        firstColumn,
      )
      takeOut(db, 'artist', gone)
      for (const id of gone) db.run('UPDATE artist SET missing = 1 WHERE id = ?', [id])
    })
    yield
  }
}
