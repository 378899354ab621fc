import {
  type Migration,
  type Play,
  type PlaybackReader,
  type PlayCredits,
  type PluginDatabase,
  rowIdOf,
} from 'tonearm/plugin'
import {
  addTally,
  type DayEntry,
  type Kind,
  packDay,
  packTallies,
  readDay,
  readTallies,
  SONG,
  type Tallies,
} from './packed.ts'
import { DAY_MS } from './zones.ts'

/** All listeners together. */
export const EVERYBODY = 0
/** The library of plays whose song has been purged before they were counted. */
export const NO_LIBRARY = 0

const QUARTER_S = 900
/** Plays a step: one transaction of a few dozen ms. */
const STEP = 500

export const MIGRATIONS: readonly Migration[] = [
  {
    up: [
      // `version` moves with every write: whoever read before another generation wrote fails, and reads anew.
      `CREATE TABLE insights_state (id INTEGER PRIMARY KEY, cursor INTEGER NOT NULL, version INTEGER NOT NULL)`,
      `INSERT INTO insights_state (id, cursor, version) VALUES (1, 0, 0)`,
      // By UTC day: plays by quarter of an hour, since every time zone's offset is made of those.
      `CREATE TABLE insights_hours (
        user_id INTEGER NOT NULL, day INTEGER NOT NULL, library_id INTEGER NOT NULL, data BLOB NOT NULL,
        PRIMARY KEY (user_id, day, library_id)
      ) WITHOUT ROWID`,
      `CREATE TABLE insights_day (
        user_id INTEGER NOT NULL, day INTEGER NOT NULL, library_id INTEGER NOT NULL, data BLOB NOT NULL,
        PRIMARY KEY (user_id, day, library_id)
      ) WITHOUT ROWID`,
      // Months since 1970, UTC.
      `CREATE TABLE insights_month (
        user_id INTEGER NOT NULL, month INTEGER NOT NULL, library_id INTEGER NOT NULL, data BLOB NOT NULL,
        PRIMARY KEY (user_id, month, library_id)
      ) WITHOUT ROWID`,
      `CREATE TABLE insights_item (
        user_id INTEGER NOT NULL, kind INTEGER NOT NULL, item_id INTEGER NOT NULL, library_id INTEGER NOT NULL,
        plays INTEGER NOT NULL, first_at INTEGER NOT NULL, last_at INTEGER NOT NULL,
        PRIMARY KEY (user_id, kind, item_id, library_id)
      ) WITHOUT ROWID`,
      `CREATE INDEX insights_item_first ON insights_item (user_id, kind, first_at, library_id)`,
      `CREATE TABLE insights_collection (at INTEGER PRIMARY KEY, figures TEXT NOT NULL)`,
    ],
  },
]

export interface RollUpParts {
  readonly db: PluginDatabase
  readonly playback: PlaybackReader
}

/** Brings the roll-ups up to date with the journal of plays, each play once, whoever else does the same meanwhile. */
export class RollUp {
  readonly #parts: RollUpParts
  #running: Promise<boolean> | undefined

  constructor(parts: RollUpParts) {
    this.#parts = parts
  }

  /**
   * @returns whether nothing waits any more; at most `steps` of 500 plays are taken. One at a time: others wait for the
   * running one, with `patienceMs` not longer than that.
   */
  catchUp(steps: number, signal: AbortSignal, patienceMs?: number): Promise<boolean> {
    if (this.#running && patienceMs !== undefined) return within(this.#running, patienceMs)
    this.#running ??= this.#run(steps, signal).finally(() => {
      this.#running = undefined
    })
    return this.#running
  }

  async state(): Promise<{ readonly cursor: number; readonly version: number }> {
    const row = await this.#parts.db.get<{ cursor: number; version: number }>(
      'SELECT cursor, version FROM insights_state WHERE id = 1',
    )
    return row ?? { cursor: 0, version: 0 }
  }

  /** What a user has heard alone; all listeners' figures keep it, without a name. */
  async forget(userId: number): Promise<void> {
    const tables = ['insights_hours', 'insights_day', 'insights_month', 'insights_item']
    await this.#parts.db.batch([
      ['UPDATE insights_state SET version = version + 1'],
      ...tables.map((table) => [`DELETE FROM ${table} WHERE user_id = ?`, [userId]] as const),
    ])
  }

  /** Users of whom there are roll-ups. */
  async listeners(): Promise<readonly number[]> {
    const rows = await this.#parts.db.all<{ user_id: number }>(
      `WITH RECURSIVE listener (user_id) AS (
         SELECT min(user_id) FROM insights_month
         UNION ALL
         SELECT (SELECT min(m.user_id) FROM insights_month m WHERE m.user_id > listener.user_id) FROM listener
         WHERE listener.user_id IS NOT NULL)
       SELECT user_id FROM listener WHERE user_id > ${EVERYBODY}`,
    )
    return rows.map((row) => row.user_id)
  }

  async #run(steps: number, signal: AbortSignal): Promise<boolean> {
    for (let step = 0; step < steps && !signal.aborted; step++) {
      const taken = await this.#step()
      if (taken < STEP) return true
    }
    return false
  }

  /** @returns the plays that were taken. */
  async #step(): Promise<number> {
    const { db, playback } = this.#parts
    const { cursor, version } = await this.state()
    const plays = await playback.plays({ after: cursor, limit: STEP })
    const last = plays.at(-1)
    if (!last) return 0
    const credits = await playback.credits([...new Set(plays.map(({ mediaId }) => mediaId))])
    const changes = new Changes()
    const bySong = new Map(credits.map((credit) => [credit.mediaId, credit]))
    for (const play of plays) changes.add(play, bySong.get(play.mediaId))
    const statements = await changes.statements(db)
    try {
      await db.batch([
        // NULL is refused there, and with it all that follows, when somebody else has written meanwhile.
        [
          `UPDATE insights_state SET version = CASE WHEN version = ? AND cursor = ? THEN version + 1 END, cursor = ?
           WHERE id = 1`,
          [version, cursor, last.id],
        ],
        ...statements,
      ])
    } catch (error) {
      if ((await this.state()).version === version) throw error
    }
    return plays.length
  }
}

async function within(work: Promise<boolean>, ms: number): Promise<boolean> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), ms)
  })
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}

type Statement = readonly [sql: string, params: readonly (string | number | Uint8Array)[]]

/** Rows that some plays change, by table and key. */
class Changes {
  readonly #hours = new Map<string, Tallies>()
  readonly #days = new Map<string, Map<string, DayEntry>>()
  readonly #months = new Map<string, Tallies>()
  readonly #items = new Map<string, { plays: number; first: number; last: number }>()

  add(play: Play, credits: PlayCredits | undefined): void {
    const userId = rowIdOf('user', play.userId)
    const songId = rowIdOf('song', play.mediaId)
    if (userId === undefined || songId === undefined || !(play.at >= 0)) return
    const library = credits?.libraryId ?? NO_LIBRARY
    const ms = credits?.durationMs ?? 0
    const albumId = credits && rowIdOf('album', credits.albumId)
    const items: (readonly [Kind, number])[] = [[SONG, songId]]
    if (albumId !== undefined) items.push([1, albumId])
    for (const id of credits?.artistIds ?? []) {
      const artistId = rowIdOf('artist', id)
      if (artistId !== undefined) items.push([2, artistId])
    }
    for (const id of credits?.genreIds ?? []) items.push([3, id])
    const day = Math.floor(play.at / DAY_MS)
    const second = Math.floor((play.at - day * DAY_MS) / 1000)
    const quarter = Math.floor(second / QUARTER_S)
    for (const user of [userId, EVERYBODY]) {
      addTally(
        entryOf(this.#hours, `${user} ${day} ${library}`, () => new Map()),
        quarter,
        1,
        ms,
      )
      const entries = entryOf(this.#days, `${user} ${day} ${library}`, () => new Map<string, DayEntry>())
      const month = entryOf(this.#months, `${user} ${monthOf(play.at)} ${library}`, (): Tallies => new Map())
      for (const [kind, item] of items) {
        addEntry(entries, { kind, item, second: kind === SONG ? second : quarter * QUARTER_S, plays: 1, ms })
        addTally(month, item * 4 + kind, 1, ms)
        const heard = entryOf(this.#items, `${user} ${kind} ${item} ${library}`, () => ({
          plays: 0,
          first: play.at,
          last: play.at,
        }))
        heard.plays++
        heard.first = Math.min(heard.first, play.at)
        heard.last = Math.max(heard.last, play.at)
      }
    }
  }

  /** With what the rows hold already. */
  async statements(db: PluginDatabase): Promise<readonly Statement[]> {
    const statements: Statement[] = []
    for (const [key, tallies] of this.#hours) {
      const old = await stored(db, 'insights_hours', key)
      if (old) readTallies(old, (quarter, plays, ms) => addTally(tallies, quarter, plays, ms))
      statements.push(put('insights_hours', key, packTallies(tallies)))
    }
    for (const [key, entries] of this.#days) {
      const old = await stored(db, 'insights_day', key)
      if (old) readDay(old, (entry) => addEntry(entries, entry))
      statements.push(put('insights_day', key, packDay(entries.values())))
    }
    for (const [key, tallies] of this.#months) {
      const old = await stored(db, 'insights_month', key)
      if (old) readTallies(old, (item, plays, ms) => addTally(tallies, item, plays, ms))
      statements.push(put('insights_month', key, packTallies(tallies)))
    }
    const rows = [...this.#items].map(([key, { plays, first, last }]) => [
      ...key.split(' ').map(Number),
      plays,
      first,
      last,
    ])
    statements.push([
      `INSERT INTO insights_item (user_id, kind, item_id, library_id, plays, first_at, last_at)
       SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6
       FROM json_each(?) WHERE 1
       ON CONFLICT (user_id, kind, item_id, library_id) DO UPDATE SET plays = plays + excluded.plays,
         first_at = min(first_at, excluded.first_at), last_at = max(last_at, excluded.last_at)`,
      [JSON.stringify(rows)],
    ])
    return statements
  }
}

/** Months since 1970, UTC. */
export function monthOf(at: number): number {
  const date = new Date(at)
  return (date.getUTCFullYear() - 1970) * 12 + date.getUTCMonth()
}

export function monthStart(month: number): number {
  return Date.UTC(1970, month, 1)
}

const PERIOD = { insights_hours: 'day', insights_day: 'day', insights_month: 'month' } as const
type RollUpTable = keyof typeof PERIOD

async function stored(db: PluginDatabase, table: RollUpTable, key: string): Promise<Uint8Array | undefined> {
  const row = await db.get<{ data: Uint8Array }>(
    `SELECT data FROM ${table} WHERE user_id = ? AND ${PERIOD[table]} = ? AND library_id = ?`,
    key.split(' ').map(Number),
  )
  return row?.data
}

function put(table: RollUpTable, key: string, data: Uint8Array): Statement {
  return [
    `INSERT OR REPLACE INTO ${table} (user_id, ${PERIOD[table]}, library_id, data) VALUES (?, ?, ?, ?)`,
    [...key.split(' ').map(Number), data],
  ]
}

function addEntry(entries: Map<string, DayEntry>, entry: DayEntry): void {
  const key = `${entry.kind} ${entry.item} ${entry.second}`
  const same = entries.get(key)
  if (same) {
    same.plays += entry.plays
    same.ms += entry.ms
  } else entries.set(key, { ...entry })
}

function entryOf<T>(map: Map<string, T>, key: string, make: () => T): T {
  const known = map.get(key)
  if (known !== undefined) return known
  const made = make()
  map.set(key, made)
  return made
}
