import { fold } from '../base/text.ts'
import type { Database, RowReader } from '../db/database.ts'
import type { Logger } from '../log/logger.ts'
import { jsonList } from './json-column.ts'
import { type Indexed, mainArtists, putAlbum, putArtist, putSong } from './search-index.ts'

/** Grows when `fold` or `indexWords` give other words than before. */
const RULES = 2
const MARK = 'words.rules'
const ROWS = 2000

type Credit = readonly [role: string, id: number, name: string, subRole: string]

/**
 * Brings what is stored of words in step with the rules of this version: the search indexes and the keys of user names.
 * Names of music follow with the next scan.
 */
export function applyWordRules(db: Database, log: Logger): void {
  if (stored(db, MARK) === String(RULES)) return
  const started = performance.now()
  db.transaction(() => rekeyUsers(db))
  const songs = refill(db, 'song', 'title, album, credits', (row) => {
    const [id, title, album] = [row.number(0), row.text(1), row.text(2)]
    const credits = jsonList<Credit>(row.text(3)).map(([role, , name]) => ({ role, name }))
    return { id, put: () => putSong(db, id, { title, artists: mainArtists(credits), album }) }
  })
  refill(db, 'album', 'name, artists', (row) => {
    const [id, name] = [row.number(0), row.text(1)]
    const artists = jsonList<Credit>(row.text(2)).map(([, , artist]) => artist)
    return { id, put: () => putAlbum(db, id, name, artists) }
  })
  refill(db, 'artist', 'name', (row) => {
    const [id, name] = [row.number(0), row.text(1)]
    return { id, put: () => putArtist(db, id, name) }
  })
  db.transaction(() => {
    db.run('DELETE FROM meta WHERE key GLOB ?', [`${MARK}.*`])
    keep(db, MARK, RULES)
  })
  if (songs > 0) log.info('search indexes made anew', { songs, ms: Math.round(performance.now() - started) })
}

interface Entry {
  readonly id: number
  put(): void
}

/** By parts, so that neither memory nor the write-ahead log grows, and a start that is killed goes on where it was. */
function refill(db: Database, table: Indexed, columns: string, read: (row: RowReader) => Entry): number {
  const sql = `SELECT id, ${columns} FROM ${table} WHERE missing = 0 AND id > ? ORDER BY id LIMIT ${ROWS}`
  const mark = `${MARK}.${RULES}.${table}`
  for (let count = 0; ; ) {
    const entries = db.select(sql, [Number(stored(db, mark) ?? 0)], read)
    const last = entries.at(-1)
    if (!last) return count
    db.transaction(() => {
      for (const entry of entries) entry.put()
      keep(db, mark, last.id)
    })
    count += entries.length
  }
}

function stored(db: Database, key: string): string | undefined {
  return db.get<{ value: string }>('SELECT value FROM meta WHERE key = ?', [key])?.value
}

function keep(db: Database, key: string, value: number): void {
  db.run('INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)', [key, String(value)])
}

/** The rules only tell apart more than they did, so two names never meet. */
function rekeyUsers(db: Database): void {
  for (const { id, name } of db.all<{ id: number; name: string }>('SELECT id, name FROM user'))
    db.run('UPDATE user SET key = ? WHERE id = ?', [fold(name), id])
}
