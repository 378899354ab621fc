import { LRUCache } from 'lru-cache'
import { type AccessScope, EMPTY_SCOPE, FULL_SCOPE, intersectScopes } from '../base/access-scope.ts'
import type { Clock } from '../base/clock.ts'
import { decodeIdOf, encodeId, type SongId, type UserId } from '../base/ids.ts'
import type { HookBus } from '../hooks/hook-bus.ts'
import type { Purpose } from '../hooks/hooks.ts'
import type { User, Viewer } from '../library/entities.ts'
import type { NarrowedUsersRepository } from '../library/narrowed-users-repository.ts'
import type { UserRepository } from '../library/user-repository.ts'
import type { Logger } from '../log/logger.ts'

/** What users may see. Cached per user and purpose until invalidated; fails closed. */
export interface Scopes {
  viewer(user: User, purpose: Purpose): Viewer | Promise<Viewer>
  /** Without what `access.grants` adds. */
  ownViewer(user: User, purpose: Purpose): Viewer | Promise<Viewer>
  /** After a change of grants, roles, libraries or of the plugins that narrow. Without an id: of everybody. */
  invalidate(userId?: UserId): void
  /** Called after each invalidation: running streams are checked again. */
  onInvalidate(listener: (userId: UserId | undefined) => void): () => void
}

export interface ScopesParts {
  readonly users: UserRepository
  readonly narrowedUsers: Pick<NarrowedUsersRepository, 'of'>
  readonly hooks: HookBus
  readonly clock: Clock
  readonly log: Logger
}

const MAX_KEPT = 2048
/** A scope that plugins had a part in is asked for again after this, so that one answer that failed heals. */
const WITH_PLUGINS_MS = 60_000
/** And one that failed closed: soon, but not by each request, which would wait for the same deadline. */
const FAILED_MS = 3_000
/** Invalidated again and again while it is worked out: then nothing is visible. */
const MAX_ROUNDS = 5

interface Kept {
  readonly viewer: Viewer
  /** Monotonic ms; Infinity when only an invalidation makes it old. */
  readonly until: number
}

interface Answer {
  readonly scope: AccessScope
  readonly keepMs: number
}

/**
 * What a user may see: the granted libraries, narrowed by `access.scope`, widened by the single songs of
 * `access.grants`. A gate that failed leaves nothing, grants included: what it would have denied is not known. The same
 * where a plugin that has rules for the user is switched off, missing or failed.
 *
 * Administrators see everything and are asked about nowhere. They can give themselves any library, so a narrowed view
 * would protect nothing, and a broken plugin must not hide the library from the person who has to repair it.
 */
export function createScopes({ users, narrowedUsers, hooks, clock, log }: ScopesParts): Scopes {
  const kept = new LRUCache<string, Kept>({ max: MAX_KEPT })
  const running = new Map<string, Promise<Viewer>>()
  const listeners = new Set<(userId: UserId | undefined) => void>()
  /** Plugins that the log has named since the last change. */
  const warned = new Set<string>()
  /** Grows with each invalidation: an answer that was begun before is not kept. */
  let generation = 0

  const keyOf = (id: UserId, purpose: Purpose, withGrants = true) => `${id} ${purpose}${withGrants ? '' : ' own'}`

  /** The plugin without whose answer this user may see nothing, and which gives none. */
  function silentPlugin(id: UserId): string | undefined {
    const silent = narrowedUsers.of(id).find((plugin) => !hooks.isAnsweredBy('access.scope', plugin))
    if (silent !== undefined && !warned.has(silent)) {
      warned.add(silent)
      log.warn('users with access rules see nothing: the plugin that keeps the rules is not running', {
        plugin: silent,
      })
    }
    return silent
  }

  function ask(id: UserId, purpose: Purpose, withGrants = true): Answer | Promise<Answer> {
    if (silentPlugin(id) !== undefined) return { scope: EMPTY_SCOPE, keepMs: FAILED_MS }
    const base: AccessScope = { libraries: users.libraries(id) }
    const input = { userId: encodeId('user', id), purpose }
    const gated = hooks.has('access.scope')
    const granting = withGrants && hooks.has('access.grants')
    if (!gated && !granting) return { scope: base, keepMs: Number.POSITIVE_INFINITY }
    const narrowed = gated ? hooks.narrow('access.scope', input) : undefined
    const grants = granting ? hooks.collect('access.grants', input) : []
    if (narrowed instanceof Promise || grants instanceof Promise) {
      return Promise.all([narrowed, grants]).then((answers) => combine(base, ...answers))
    }
    return combine(base, narrowed, grants)
  }

  function keep(key: string, { scope, keepMs }: Answer, id: UserId): Viewer {
    const viewer: Viewer = Object.freeze({ userId: id, scope })
    kept.set(key, { viewer, until: clock.monotonic() + keepMs })
    return viewer
  }

  /** Asks again for as long as the ground shifts meanwhile. `asked` was begun in generation `begun`. */
  async function settle(
    id: UserId,
    purpose: Purpose,
    first: { readonly asked: Answer | Promise<Answer>; readonly begun: number; readonly withGrants: boolean },
  ): Promise<Viewer> {
    let { asked, begun } = first
    for (let round = 1; round <= MAX_ROUNDS; round++) {
      const answer = await asked
      if (begun === generation) return keep(keyOf(id, purpose, first.withGrants), answer, id)
      begun = generation
      asked = ask(id, purpose, first.withGrants)
    }
    log.warn('access scope changed too often while it was worked out', { userId: id, purpose })
    return { userId: id, scope: EMPTY_SCOPE }
  }

  function viewerOf(user: User, purpose: Purpose, withGrants: boolean): Viewer | Promise<Viewer> {
    if (user.isAdmin) return viewerOfAdmin(user)
    const key = keyOf(user.id, purpose, withGrants)
    const known = kept.get(key)
    if (known && clock.monotonic() < known.until) return known.viewer
    const same = running.get(key)
    if (same) return same
    const begun = generation
    const asked = ask(user.id, purpose, withGrants)
    if (!(asked instanceof Promise) && begun === generation) return keep(key, asked, user.id)
    const work = settle(user.id, purpose, { asked, begun, withGrants })
      .catch((error: unknown) => {
        log.error('access scope not worked out', { userId: user.id, purpose, error: String(error) })
        return { userId: user.id, scope: EMPTY_SCOPE }
      })
      .finally(() => running.delete(key))
    running.set(key, work)
    return work
  }

  return {
    viewer: (user, purpose) => viewerOf(user, purpose, true),
    ownViewer: (user, purpose) => viewerOf(user, purpose, false),

    invalidate(userId) {
      generation++
      if (userId === undefined) warned.clear()
      // What one user may see may be granted to others, so theirs is old as well.
      const everybody = userId === undefined || hooks.has('access.grants')
      if (everybody) kept.clear()
      else for (const purpose of PURPOSES) for (const own of [true, false]) kept.delete(keyOf(userId, purpose, own))
      for (const listener of [...listeners]) {
        try {
          listener(everybody ? undefined : userId)
        } catch (error) {
          log.error('listener for changed access failed', { error: String(error) })
        }
      }
    },

    onInvalidate(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}

const PURPOSES = Object.keys({ browse: 0, stream: 0, download: 0, cover: 0 } satisfies Record<Purpose, 0>) as Purpose[]

function viewerOfAdmin(user: User): Viewer {
  return { userId: user.id, scope: FULL_SCOPE }
}

function combine(base: AccessScope, narrowed: AccessScope | undefined, grants: readonly string[]): Answer {
  // The runner's own constant: a gate failed. A handler's answer that allows no library is another object.
  if (narrowed === EMPTY_SCOPE) return { scope: EMPTY_SCOPE, keepMs: FAILED_MS }
  const scope = narrowed ? intersectScopes(base, narrowed) : base
  const songs = grants.map((id) => decodeIdOf('song', id)).filter((id): id is SongId => id !== undefined)
  return { scope: songs.length > 0 ? { ...scope, grants: songs } : scope, keepMs: WITH_PLUGINS_MS }
}
