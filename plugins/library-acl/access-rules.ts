import type { AccessScope } from 'tonearm/plugin'
import type { Context } from './context.ts'

/** What a user may not see within the granted libraries. */
export interface Denials {
  /** A folder with all below it; path '' = the whole library. */
  readonly folders: readonly { readonly libraryId: number; readonly path: string }[]
  /** Compared without regard to case and accents. */
  readonly genres: readonly string[]
  /** Songs that are tagged explicit. */
  readonly explicit: boolean
}

export const NO_DENIALS: Denials = Object.freeze({ folders: [], genres: [], explicit: false })

/**
 * The stored denials. Each answer reads the table: it is asked rarely, since the core keeps answers until they change, and a
 * copy in memory could be old in one of two generations while the plugin reloads.
 */
export class AccessRules {
  readonly #ctx: Pick<Context, 'db' | 'guarded' | 'users' | 'now'>
  /** Changes one after the other: each sets the whole list of guarded users. */
  #last: Promise<void> = Promise.resolve()

  constructor(ctx: Pick<Context, 'db' | 'guarded' | 'users' | 'now'>) {
    this.#ctx = ctx
  }

  async start(): Promise<void> {
    await this.#ctx.guarded.set(await this.#ruled())
  }

  async of(userId: string): Promise<Denials> {
    const row = await this.#ctx.db.get<{ denials: string }>('SELECT denials FROM library_acl_rule WHERE user_id = ?', [
      userId,
    ])
    return row ? (JSON.parse(row.denials) as Denials) : NO_DENIALS
  }

  async scopeOf(userId: string): Promise<AccessScope> {
    const { folders, genres, explicit } = await this.of(userId)
    if (folders.length === 0 && genres.length === 0 && !explicit) return { libraries: 'all' }
    return {
      libraries: 'all',
      deny: {
        genres,
        paths: folders.map(({ libraryId, path }) => `${libraryId}:${path}`),
        ...(explicit ? { explicit: true as const } : {}),
      },
    }
  }

  /** In force when it resolves: every request that begins afterwards obeys. */
  set(userId: string, denials: Denials): Promise<void> {
    const isNone = denials.folders.length === 0 && denials.genres.length === 0 && !denials.explicit
    return isNone ? this.forget(userId) : this.#inTurn(() => this.#store(userId, denials))
  }

  forget(userId: string): Promise<void> {
    return this.#inTurn(async () => {
      await this.#ctx.db.run('DELETE FROM library_acl_rule WHERE user_id = ?', [userId])
      await this.#ctx.guarded.set(await this.#ruled())
    })
  }

  /** The guard comes first: a stop between the two leaves too little to see, never too much. */
  async #store(userId: string, denials: Denials): Promise<void> {
    const { db, guarded, users, now } = this.#ctx
    await guarded.set([...new Set([...(await this.#ruled()), userId])])
    await db.run(
      `INSERT INTO library_acl_rule (user_id, denials, updated_at) VALUES (?, ?, ?)
       ON CONFLICT (user_id) DO UPDATE SET denials = excluded.denials, updated_at = excluded.updated_at`,
      [userId, JSON.stringify(denials), now()],
    )
    users.invalidateScope(userId)
  }

  async #ruled(): Promise<readonly string[]> {
    const rows = await this.#ctx.db.all<{ user_id: string }>('SELECT user_id FROM library_acl_rule ORDER BY user_id')
    return rows.map((row) => row.user_id)
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    const turn = this.#last.then(work)
    this.#last = turn.catch(() => {})
    return turn
  }
}
