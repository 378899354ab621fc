import { LRUCache } from 'lru-cache'
import type { AccessScope } from '../base/access-scope.ts'
import type { Database, TableWatch } from '../db/database.ts'
import { type Condition, markCondition } from './condition.ts'
import { firstColumn } from './first-column.ts'
import { pathRanges } from './folder-range.ts'
import { IdleWork } from './idle-work.ts'
import { ScopeMarks } from './scope-marks.ts'
import { compileScope, type ScopeSql } from './scope-sql.ts'

/** All marks together; a scope takes about 200 KB in a library of 100,000 songs. */
const MAX_BYTES = 4 * 1024 * 1024
/** A scope that was pushed out by others is worked out again after so many uses: not at each, by turns with them. */
const USES_AFTER = 32
/** Above, a byte for each id would cost more than it saves. */
const MAX_SONG_ID = 2_000_000

/**
 * Scopes with denials or grants in the cheap form (`ScopeMarks`), worked out when they are used a second time while the
 * catalogue stands still: during a scan, which moves it all the time, the direct form answers, equally exact.
 */
export class SettledScopes {
  readonly #db: Database
  readonly #catalogue: TableWatch
  readonly #idle: IdleWork
  readonly #kept: LRUCache<string, ScopeSql>
  /** Uses that are left until a scope is worked out. */
  readonly #wait = new LRUCache<string, number>({ max: 256 })
  #version = -1

  constructor(db: Database, catalogue: TableWatch, maxBytes = MAX_BYTES) {
    this.#db = db
    this.#catalogue = catalogue
    this.#kept = new LRUCache({ maxSize: maxBytes, sizeCalculation: (one) => one.marks?.bytes ?? 256 })
    this.#idle = new IdleWork(db, catalogue)
  }

  /** `direct` is `scope`, compiled; it is the answer as well when nothing better is at hand. */
  settle(scope: AccessScope, direct: ScopeSql): ScopeSql {
    if (direct.whole) return direct
    const { version } = this.#catalogue
    if (version !== this.#version) {
      this.#kept.clear()
      this.#wait.clear()
      this.#version = version
    }
    const known = this.#kept.get(direct.key)
    if (known) return known
    const wait = this.#wait.get(direct.key) ?? 1
    if (wait > 0) {
      this.#wait.set(direct.key, wait - 1)
      return direct
    }
    if (!this.#canSettle(scope)) return direct
    const settled = settledSql(direct, new ScopeMarks(this.#db, this.#idle, scope, direct.library), scope)
    this.#kept.set(direct.key, settled)
    const isKept = this.#kept.has(direct.key)
    this.#wait.set(direct.key, isKept ? USES_AFTER : Number.POSITIVE_INFINITY)
    return isKept ? settled : direct
  }

  #canSettle(scope: AccessScope): boolean {
    if (scope.deny?.paths?.some((path) => pathRanges(path) === undefined)) return false
    return (this.#db.select('SELECT max(id) FROM song', [], firstColumn)[0] ?? 0) <= MAX_SONG_ID
  }
}

function settledSql(direct: ScopeSql, marks: ScopeMarks, scope: AccessScope): ScopeSql {
  const whole = compileScope({ libraries: scope.libraries })
  if (marks.isEmpty) return whole
  const { key, library, holds } = direct
  const marked = (table: 'album' | 'artist' | 'folder', alias: string, untouched: Condition): Condition => {
    const mark = markCondition(`${alias}.id`, marks.of(table), { untouched })
    return { sql: `${alias}.missing = 0 AND ${mark.sql}`, params: mark.params }
  }
  return {
    key,
    whole: false,
    library,
    holds,
    marks,
    song: (alias) => marks.song(alias),
    album: (alias) => marked('album', alias, library(`${alias}.library_id`)),
    artist: (alias) => marked('artist', alias, whole.artist(alias)),
    folder: (alias) => marked('folder', alias, whole.folder(alias)),
  }
}
