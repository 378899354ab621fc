import { LRUCache } from 'lru-cache'
import type { AccessScope } from '../base/access-scope.ts'
import type { Database, TableWatch } from '../db/database.ts'
import type { Viewer } from './entities.ts'
import { PendingPlays } from './pending-plays.ts'
import { compileScope, type ScopeSql } from './scope-sql.ts'
import { SettledScopes } from './settled-scopes.ts'

/** What the repositories of one database share. */
export interface LibraryContext {
  readonly db: Database
  /**
   * Compiled once for each scope object; scopes are cached by user above, so that is rare. For use at once: what it says
   * of single items holds until the catalogue moves.
   */
  scope(viewer: Viewer): ScopeSql
  compile(scope: AccessScope): ScopeSql
  /** Moves with every write that could change what a query about the library answers. */
  readonly catalogue: TableWatch
  /** Moves with every written star, rating, play and bookmark; not with plays that only wait in `plays`. */
  readonly personal: TableWatch
  /** Small answers that cost a walk (pages of ids, totals), kept until the catalogue moves. The key names the scope. */
  memo<T extends object>(key: string, compute: () => T): T
  /** Plays that are journalled and not yet counted in the tables. */
  readonly plays: PendingPlays
}

const CATALOGUE = [
  'library',
  'folder',
  'artist',
  'album',
  'song',
  'song_artist',
  'album_artist',
  'artist_stats',
  'genre',
  'song_genre',
  'album_genre',
  'genre_stats',
] as const
const PERSONAL = ['annotation', 'bookmark', 'user'] as const
/** Remembered answers: about 2 MB in all. */
const MEMO_BYTES = 2 * 1024 * 1024
const MEMO_ENTRIES = 512

export function createLibraryContext(db: Database): LibraryContext {
  const scopes = new WeakMap<AccessScope, ScopeSql>()
  const compile = (scope: AccessScope) => {
    let compiled = scopes.get(scope)
    if (!compiled) {
      compiled = compileScope(scope)
      scopes.set(scope, compiled)
    }
    return compiled
  }
  const catalogue = db.watch(CATALOGUE)
  const settled = new SettledScopes(db, catalogue)
  const answers = new LRUCache<string, object>({
    max: MEMO_ENTRIES,
    maxSize: MEMO_BYTES,
    sizeCalculation: (answer, key) => key.length + sizeOf(answer),
  })
  let version = catalogue.version
  return {
    db,
    compile,
    scope: ({ scope }) => settled.settle(scope, compile(scope)),
    catalogue,
    personal: db.watch(PERSONAL),
    memo<T extends object>(key: string, compute: () => T): T {
      if (catalogue.version !== version) {
        answers.clear()
        version = catalogue.version
      }
      const known = answers.get(key)
      if (known !== undefined) return known as T
      const answer = compute()
      answers.set(key, answer)
      return answer
    },
    plays: new PendingPlays(),
  }
}

/** Bytes, about. */
function sizeOf(answer: unknown): number {
  if (ArrayBuffer.isView(answer)) return answer.byteLength + 64
  if (typeof answer === 'string') return answer.length + 16
  if (typeof answer !== 'object' || answer === null) return 8
  return Object.values(answer).reduce((sum: number, part) => sum + sizeOf(part), 64)
}
