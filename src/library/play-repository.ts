import { isAppError } from '../base/errors.ts'
import type { SongId, UserId } from '../base/ids.ts'
import type { Database } from '../db/database.ts'
import type { Condition } from './condition.ts'
import type { Viewer } from './entities.ts'
import { firstColumn } from './first-column.ts'
import { jsonIds } from './json-column.ts'
import type { LibraryContext } from './library-context.ts'
import type { PlayedItems } from './pending-plays.ts'
import { LazyRows } from './rows.ts'

/**
 * Plays are journalled: one row each, under 8 KB written. Counts of songs, albums and artists follow in batches (`flush`),
 * but every read sees them at once; after a crash the journal is applied again.
 */
export interface PlayRepository {
  /**
   * Written when it returns, so that the end of the process costs nothing; whoever answers a client waits for `kept` first.
   * @returns the songs that were visible and counted.
   */
  record(
    viewer: Viewer,
    plays: readonly { readonly songId: SongId; readonly at: number }[],
    client: string,
  ): readonly SongId[]
  /** What was recorded so far survives a power cut. Plays that come together share the sync, which is most of their cost. */
  kept(): Promise<void>
  /**
   * Applies what is pending. Happens by itself when enough gathered; lists sorted by plays merge what waits, so nothing
   * but the stop of the server needs to call it.
   */
  flush(): void
  /** Newest first. */
  history(
    viewer: Viewer,
    page: { readonly limit: number; readonly offset: number },
  ): readonly { readonly songId: SongId; readonly at: number; readonly client: string }[]
  /** One's own plays of what the viewer sees, as the native API lists them. */
  list(viewer: Viewer, query: PlayQuery): { readonly total: number; readonly rows: Iterable<ListedPlay> }
  /** The journal itself, oldest first, of all users, after a row id: for roll-ups. Plays of purged songs stay in it. */
  journal(after: number, limit: number): readonly JournalledPlay[]
}

export interface PlayQuery {
  /** ms, inclusive; the end is not. Left out: all. */
  readonly from?: number
  readonly until?: number
  /** Row ids of plays; left out: all. */
  readonly ids?: readonly number[]
  readonly songs?: readonly SongId[]
  readonly oldestFirst: boolean
  readonly limit: number
  readonly offset: number
}

export interface ListedPlay {
  readonly id: number
  readonly songId: SongId
  readonly at: number
}

export interface JournalledPlay {
  readonly id: number
  readonly userId: UserId
  readonly songId: SongId
  readonly at: number
  readonly client: string
}

const APPLIED = 'plays.applied'
/** Waiting plays are applied when so many gathered: each then costs under 4 KB of writes, alone it would cost 40. */
const DEFAULT_FLUSH_AT = 500
const REPLAY_SLICE = 5000
/** The owner of a blank row. */
const NOBODY = 0

/**
 * Brings the counts in step with the journal first: plays that a crash left waiting wait again. `flushAt` plays gather
 * in memory before they are written to the annotations.
 */
export function createPlayRepository(
  context: LibraryContext,
  options: { readonly flushAt?: number } = {},
): PlayRepository & PlayJournal {
  const { db, plays } = context
  const flushAt = options.flushAt ?? DEFAULT_FLUSH_AT
  let lastJournalled = appliedUntil(db)

  const playedItems = (songIds: readonly number[], visible: Condition): ReadonlyMap<number, PlayedItems> => {
    const items = new Map<number, PlayedItems & { readonly artists: number[] }>()
    const ids = jsonIds(songIds)
    db.select(
      `SELECT s.id, s.album_id, s.folder_id FROM song s INDEXED BY song_page
       WHERE s.id IN (SELECT value FROM json_each(?)) AND ${visible.sql}`,
      [ids, ...visible.params],
      (row) =>
        items.set(row.number(0), { song: row.number(0), album: row.number(1), folder: row.number(2), artists: [] }),
    )
    db.select(
      `SELECT song_id, artist_id FROM song_artist
       WHERE song_id IN (SELECT value FROM json_each(?)) AND role = 'artist'`,
      [ids],
      (row) => items.get(row.number(0))?.artists.push(row.number(1)),
    )
    return items
  }

  const knownUsers = () => new Set(db.select('SELECT id FROM user', [], (row) => row.number(0)))

  const flush = () => {
    if (plays.size === 0) return
    db.transaction(() => {
      const users = knownUsers()
      for (const { userId, kind, itemId, tally } of plays.entries())
        if (users.has(userId)) db.run(COUNT, [userId, kind, itemId, tally.count, tally.playedAt])
      db.run('INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)', [APPLIED, String(lastJournalled)])
    })
    plays.clear()
  }

  /** The plays are safe in the journal: a full disk now must not make the client send them again. */
  const flushIfPossible = () => {
    try {
      flush()
    } catch (error) {
      if (!isAppError(error)) throw error
    }
  }

  const replay = () => {
    for (;;) {
      const rows = db.all<{ id: number; user_id: UserId; song_id: number; played_at: number }>(
        `SELECT p.id, p.user_id, p.song_id, p.played_at FROM play p WHERE p.id > ? ORDER BY p.id LIMIT ${REPLAY_SLICE}`,
        [lastJournalled],
      )
      const last = rows.at(-1)
      if (!last) return
      const users = knownUsers()
      // A play counts for its song even if that is missing now: it may come back.
      const items = playedItems(
        rows.map((row) => row.song_id),
        { sql: 's.missing IN (0, 1)', params: [] },
      )
      for (const row of rows) {
        const played = items.get(row.song_id)
        if (played && users.has(row.user_id)) plays.add(row.user_id, played, row.played_at)
      }
      lastJournalled = last.id
      if (plays.size >= flushAt) flush()
    }
  }
  replay()

  let keptUntil = lastJournalled
  const kept = async () => {
    const until = lastJournalled
    if (until <= keptUntil) return
    await db.settleSoon()
    keptUntil = Math.max(keptUntil, until)
  }

  return {
    record: (viewer, played, client) => {
      const items = playedItems(
        played.map((play) => play.songId),
        context.scope(viewer).song('s'),
      )
      const counted = played.filter((play) => items.has(play.songId))
      if (counted.length === 0) return []
      const journal = () => {
        for (const { songId, at } of counted)
          lastJournalled = db.run(JOURNAL, [viewer.userId, songId, at, client], 'bulk').lastId
      }
      const before = lastJournalled
      try {
        if (counted.length === 1) journal()
        else db.transaction(journal, 'bulk')
      } catch (error) {
        lastJournalled = before
        throw error
      }
      // Also where nobody waits for it.
      kept().catch(() => {})
      for (const { songId, at } of counted) plays.add(viewer.userId, items.get(songId) as PlayedItems, at)
      if (plays.size >= flushAt) flushIfPossible()
      return counted.map((play) => play.songId)
    },
    kept,
    flush,
    history: (viewer, page) => {
      const visible = context.scope(viewer).song('s')
      return db.select(
        `SELECT p.song_id, p.played_at, p.client FROM play p CROSS JOIN song s INDEXED BY song_page ON s.id = p.song_id
         WHERE p.user_id = ? AND ${visible.sql} ORDER BY p.id DESC LIMIT ? OFFSET ?`,
        [viewer.userId, ...visible.params, page.limit, page.offset],
        (row) => ({ songId: row.number(0) as SongId, at: row.number(1), client: row.text(2) }),
      )
    },
    list: (viewer, query) => {
      const { from = 0, until = Number.MAX_SAFE_INTEGER, limit, offset } = query
      const visible = context.scope(viewer).song('s')
      const [plays, songs] = [query.ids, query.songs].map((ids) => (ids ? jsonIds(ids) : null)) as [string, string]
      const order = query.oldestFirst ? 'ASC' : 'DESC'
      const ids = db.select(
        `SELECT p.id ${OWN_PLAYS} AND p.played_at >= ? AND p.played_at < ?
           AND (? IS NULL OR p.id IN (SELECT value FROM json_each(?)))
           AND (? IS NULL OR p.song_id IN (SELECT value FROM json_each(?)))
           AND ${visible.sql} ORDER BY p.played_at ${order}, p.id ${order}`,
        [viewer.userId, from, until, plays, plays, songs, songs, ...visible.params],
        firstColumn,
      )
      const read = (slice: readonly number[]) => {
        // Meanwhile the scanner may have taken a song away, or moved it where the viewer may not look.
        const now = context.scope(viewer).song('s')
        const found = new Map<number, ListedPlay>()
        db.select(
          `SELECT p.id, p.song_id, p.played_at ${OWN_PLAYS} AND p.id IN (SELECT value FROM json_each(?)) AND ${now.sql}`,
          [viewer.userId, jsonIds(slice), ...now.params],
          (row) => found.set(row.number(0), { id: row.number(0), songId: row.number(1) as SongId, at: row.number(2) }),
        )
        return slice.flatMap((id) => found.get(id) ?? [])
      }
      return { total: ids.length, rows: new LazyRows(ids.slice(offset, offset + limit), read) }
    },
    journal: (after, limit) =>
      db.select(
        `SELECT p.id, p.user_id, p.song_id, p.played_at, p.client FROM play p
         WHERE p.id > ? AND p.user_id <> ${NOBODY} ORDER BY p.id LIMIT ?`,
        [after, limit],
        (row) => ({
          id: row.number(0),
          userId: row.number(1) as UserId,
          songId: row.number(2) as SongId,
          at: row.number(3),
          client: row.text(4),
        }),
      ),
    forget: (userId) => {
      flush()
      db.transaction(() => {
        // The last row stays, blank: row ids grow from the highest, and a used one must not come again.
        db.run('DELETE FROM play WHERE user_id = ? AND id < (SELECT max(id) FROM play)', [userId])
        db.run(`UPDATE play SET user_id = ${NOBODY}, song_id = 0, client = '' WHERE user_id = ?`, [userId])
      })
    },
  }
}

/** The side of the journal that only this room uses. */
export interface PlayJournal {
  /** Drops a user's plays, when the user goes. */
  forget(userId: UserId): void
}

const OWN_PLAYS = `FROM play p CROSS JOIN song s INDEXED BY song_page ON s.id = p.song_id WHERE p.user_id = ?`
const JOURNAL = 'INSERT INTO play (user_id, song_id, played_at, client) VALUES (?, ?, ?, ?)'
const COUNT = `INSERT INTO annotation (user_id, kind, item_id, play_count, played_at) VALUES (?, ?, ?, ?, ?)
  ON CONFLICT (user_id, kind, item_id) DO UPDATE SET play_count = play_count + excluded.play_count,
    played_at = max(coalesce(played_at, 0), excluded.played_at)`

function appliedUntil(db: Database): number {
  return Number(db.get<{ value: string }>('SELECT value FROM meta WHERE key = ?', [APPLIED])?.value ?? 0)
}
