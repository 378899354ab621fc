import type { Clock } from '../base/clock.ts'
import type { ApiKeyId, UserId } from '../base/ids.ts'
import type { User } from '../library/entities.ts'
import type { Repositories } from '../library/repositories.ts'
import type { Logger } from '../log/logger.ts'

/** When users and keys were last seen: remembered here and written together, since a memory card counts every write. */
export interface LastSeen {
  user(id: UserId, isLogin: boolean): void
  apiKey(id: ApiKeyId): void
  /** The user with what is not written yet. */
  upToDate(user: User): User
  /** Writes what waits and lets the timer go. */
  stop(): void
}

const WRITE_AFTER_MS = 5 * 60_000
/** Written earlier rather than remembered beyond this. */
const MAX_WAITING = 10_000

export function createLastSeen(
  { users, apiKeys }: Pick<Repositories, 'users' | 'apiKeys'>,
  { clock, log }: { readonly clock: Clock; readonly log: Logger },
): LastSeen {
  const seenUsers = new Map<UserId, { loginAt?: number; accessAt: number }>()
  const seenKeys = new Set<ApiKeyId>()
  let timer: NodeJS.Timeout | undefined

  /** The clock ticks only while something waits: an idle server writes nothing. */
  function later(): void {
    if (seenUsers.size + seenKeys.size > MAX_WAITING) flush()
    else if (!timer) timer = setTimeout(flush, WRITE_AFTER_MS).unref()
  }

  function flush(): void {
    clearTimeout(timer)
    timer = undefined
    const entries = [...seenUsers].map(([id, seen]) => ({ id, ...seen }))
    const keys = [...seenKeys]
    seenUsers.clear()
    seenKeys.clear()
    try {
      if (entries.length > 0) users.touch(entries)
      if (keys.length > 0) apiKeys.touch(keys, clock.now())
    } catch (error) {
      // Not worth failing anything for; the next visit says it again.
      log.warn('last seen times not written', { error: String(error) })
    }
  }

  return {
    user(id, isLogin) {
      const now = clock.now()
      const seen = seenUsers.get(id)
      if (seen) {
        seen.accessAt = now
        if (isLogin) seen.loginAt = now
        return
      }
      seenUsers.set(id, isLogin ? { loginAt: now, accessAt: now } : { accessAt: now })
      later()
    },
    apiKey(id) {
      if (seenKeys.has(id)) return
      seenKeys.add(id)
      later()
    },
    upToDate(user) {
      const seen = seenUsers.get(user.id)
      return seen ? { ...user, lastAccessAt: seen.accessAt, lastLoginAt: seen.loginAt ?? user.lastLoginAt } : user
    },
    stop: flush,
  }
}
