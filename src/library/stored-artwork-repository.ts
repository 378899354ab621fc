import type { Database } from '../db/database.ts'

/** What the cover cache knows of a version: the picture made of it, or why there is none. */
export interface StoredArtwork {
  readonly version: string
  /** Names the stored picture; '' = none could be made. */
  readonly content: string
  readonly reason: string
  /** Which of the candidates it was made of. */
  readonly choice: number
  /** Of the stored picture; 0 = unknown (kept without a resizer). */
  readonly width: number
  readonly height: number
  /** The stored picture is the original, byte for byte. */
  readonly original: boolean
  readonly madeAt: number
}

export type CoveredKind = 'album' | 'artist' | 'folder' | 'song'

export interface VersionPage {
  /** Versions without an entry, each with one row that shows it. */
  readonly unmade: readonly { readonly version: string; readonly key: number }[]
  /** Where the next page starts; undefined at the end. */
  readonly next: string | undefined
}

/** The table `artwork`: bookkeeping of the cover cache. It names no owner and is asked only with a version in hand. */
export interface StoredArtworkRepository {
  find(version: string): StoredArtwork | undefined
  /** One transaction. */
  save(entries: readonly StoredArtwork[]): void
  /** A bounded look at the versions after `after` (''), in order. Failures older than `retryBefore` that may pass count as unmade. */
  versions(kind: CoveredKind, after: string, retryBefore: number): VersionPage
  /** Drops entries of versions that nothing shows any more, and of plugins' pictures older than `before`. A bounded step, as `versions`. */
  dropGone(after: string, before: number): { readonly dropped: number; readonly next: string | undefined }
  /** Forgets what was kept or refused for want of a resizer. */
  dropUnresized(): void
  /** The cache was emptied: everything is to be made again. */
  clear(): void
  isUsed(content: string): boolean
}

/** Entries of pictures that plugins gave begin so; the others are hex. */
export const PROVIDED_PREFIX = 'x-'
const PAGE = 1000

interface Row {
  version: string
  content: string
  reason: string
  choice: number
  width: number
  height: number
  original: number
  made_at: number
}

export function createStoredArtworkRepository(db: Database): StoredArtworkRepository {
  return {
    find(version) {
      const row = db.get<Row>('SELECT * FROM artwork WHERE version = ?', [version])
      if (!row) return undefined
      const { made_at: madeAt, original, ...rest } = row
      return { ...rest, original: original === 1, madeAt }
    },
    save(entries) {
      db.transaction(() => {
        for (const entry of entries)
          db.run(
            `INSERT INTO artwork (version, content, reason, choice, width, height, original, made_at)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?)
             ON CONFLICT (version) DO UPDATE SET content = excluded.content, reason = excluded.reason,
               choice = excluded.choice, width = excluded.width, height = excluded.height,
               original = excluded.original, made_at = excluded.made_at`,
            [
              entry.version,
              entry.content,
              entry.reason,
              entry.choice,
              entry.width,
              entry.height,
              entry.original ? 1 : 0,
              entry.madeAt,
            ],
          )
      })
    },
    versions(kind, after, retryBefore) {
      const rows = db.select(
        `SELECT version, MIN(id), EXISTS (
           SELECT 1 FROM artwork w WHERE w.version = page.version
             AND NOT (w.reason IN ('crashed', 'timeout') AND w.made_at < ?)
         )
         FROM (SELECT cover_version AS version, id FROM ${kind}
           WHERE cover_version > ? AND missing = 0 ORDER BY cover_version LIMIT ${PAGE}) page
         GROUP BY version ORDER BY version`,
        [retryBefore, after],
        (row) => ({ version: row.text(0), key: row.number(1), made: row.number(2) === 1 }),
      )
      const unmade = rows.filter(({ made }) => !made).map(({ version, key }) => ({ version, key }))
      return { unmade, next: rows.at(-1)?.version }
    },
    dropGone(after, before) {
      const versions = db.select(
        `SELECT version FROM artwork WHERE version > ? ORDER BY version LIMIT ${PAGE}`,
        [after],
        (row) => row.text(0),
      )
      const next = versions.at(-1)
      if (next === undefined) return { dropped: 0, next }
      const unshown = (['song', 'album', 'artist', 'folder'] as const)
        .map((kind) => `NOT EXISTS (SELECT 1 FROM ${kind} t WHERE t.cover_version = artwork.version)`)
        .join(' AND ')
      const { changes } = db.run(
        `DELETE FROM artwork WHERE version > ? AND version <= ?
         AND CASE WHEN version LIKE '${PROVIDED_PREFIX}%' THEN made_at < ? ELSE ${unshown} END`,
        [after, next, before],
      )
      return { dropped: changes, next }
    },
    dropUnresized() {
      db.run("DELETE FROM artwork WHERE reason = 'unresized' OR (content <> '' AND width = 0)")
    },
    clear() {
      db.run('DELETE FROM artwork')
    },
    isUsed: (content) => db.get('SELECT 1 FROM artwork WHERE content = ? LIMIT 1', [content]) !== undefined,
  }
}
