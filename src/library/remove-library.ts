import type { LibraryId } from '../base/ids.ts'
import type { Database, SqlParams } from '../db/database.ts'
import { firstColumn } from './first-column.ts'
import { jsonIds } from './json-column.ts'
import { KIND } from './pending-plays.ts'
import { takeOut } from './search-index.ts'

/** Rows of one transaction: the write-ahead log stays small, and nobody waits long between two. */
const SLICE = 500

/**
 * Takes a library out with all that hangs on it: search rows, stars, ratings, entries of playlists, artists and genres
 * that nothing else needs. Files are never touched. Each step is one transaction; whoever runs it may wait between two.
 * Nobody is left with a grant after the first; after a kill half-way the rest is still there to be removed.
 */
export function* removeLibrary(db: Database, id: LibraryId): Generator<void> {
  db.run('DELETE FROM user_library WHERE library_id = ?', [id])
  yield
  yield* removeAll(db, { table: 'song', kind: KIND.song, of: 'library_id = ?', params: [id] })
  yield* removeAll(db, { table: 'album', kind: KIND.album, of: 'library_id = ?', params: [id] })
  // Deepest first, so that no deletion cascades through the whole tree at once.
  yield* removeAll(db, { table: 'folder', kind: KIND.folder, of: 'library_id = ?', order: 'path DESC', params: [id] })
  db.transaction(() => {
    db.run('DELETE FROM artist_stats WHERE library_id = ?', [id])
    db.run('DELETE FROM library WHERE id = ?', [id])
    removeUnusedGenres(db)
  })
  yield
  yield* removeAll(db, UNUSED_ARTISTS)
}

/** Albums, folders, artists and genres that no song needs any more, missing songs counted. */
export function removeOrphans(db: Database): void {
  drain(
    removeAll(db, {
      table: 'album',
      kind: KIND.album,
      of: 'missing = 1 AND NOT EXISTS (SELECT 1 FROM song s WHERE s.album_id = album.id)',
      params: [],
    }),
  )
  drain(
    removeAll(db, {
      table: 'folder',
      kind: KIND.folder,
      of: `missing = 1 AND NOT EXISTS (SELECT 1 FROM song s WHERE s.folder_id = folder.id)
        AND NOT EXISTS (SELECT 1 FROM folder child WHERE child.parent_id = folder.id)`,
      params: [],
    }),
  )
  drain(removeAll(db, UNUSED_ARTISTS))
  removeUnusedGenres(db)
}

function drain(steps: Generator<void>): void {
  while (!steps.next().done);
}

interface Removal {
  readonly table: 'song' | 'album' | 'folder' | 'artist'
  readonly kind: number
  readonly of: string
  readonly order?: string
  readonly params: SqlParams
}

const UNUSED_ARTISTS: Removal = {
  table: 'artist',
  kind: KIND.artist,
  of: `NOT EXISTS (SELECT 1 FROM song_artist c WHERE c.artist_id = artist.id)
    AND NOT EXISTS (SELECT 1 FROM album_artist c WHERE c.artist_id = artist.id)`,
  params: [],
}

function removeUnusedGenres(db: Database): void {
  db.run('DELETE FROM genre WHERE id NOT IN (SELECT genre_id FROM song_genre UNION SELECT genre_id FROM album_genre)')
}

function* removeAll(db: Database, { table, kind, of, order = 'id', params }: Removal): Generator<void> {
  for (;;) {
    const ids = db.select(`SELECT id FROM ${table} WHERE ${of} ORDER BY ${order} LIMIT ${SLICE}`, params, firstColumn)
    if (ids.length === 0) return
    const list = jsonIds(ids)
    db.transaction(() => {
      if (table !== 'folder') takeOut(db, table, ids)
      db.run('DELETE FROM annotation WHERE kind = ? AND item_id IN (SELECT value FROM json_each(?))', [kind, list])
      db.run(`DELETE FROM ${table} WHERE id IN (SELECT value FROM json_each(?))`, [list])
    })
    yield
  }
}
