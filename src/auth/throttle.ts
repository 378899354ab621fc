import { LRUCache } from 'lru-cache'
import { addressGroup, isLocalAddress, isLoopbackAddress } from '../base/address.ts'
import type { Clock } from '../base/clock.ts'
import { AppError } from '../base/errors.ts'
import type { LoginOrigin } from './authenticator.ts'
import { createFamiliarPlaces, type FamiliarPlaces } from './familiar-places.ts'

export interface ThrottleSettings {
  /** Failures of one address in `attemptWindowMs` before it must wait; 0 switches throttling off. */
  readonly attempts: number
  readonly attemptWindowMs: number
}

/**
 * Slows guessing down without giving anybody the power to lock somebody else out.
 *
 * - An address (an IPv6 /64) that fails `attempts` times in a window waits for one window, then two, four, eight, up to
 *   a quarter of an hour; quiet for that long, it starts afresh.
 * - Guesses at one user from many addresses share a second, wider count. It never grows, and it stops only origins
 *   from which that user has not logged in before. The world, the network at home and this machine have one each: guesses
 *   from the Internet don't keep a new device out at home.
 * - Where a user's client has logged in before (`familiar-places.ts`: address, user and client together), it has a count
 *   of its own and neither of the other two touches it. So an attacker elsewhere can't lock a user out at home, somebody
 *   in the same house or behind the same proxy can't either, and an old phone that keeps trying last year's password
 *   stops only itself. What an attacker gains at a familiar address is one further count for each client in use there.
 * - Nobody guesses API keys: a good one is not asked for here, bad ones are counted by address, apart from passwords.
 *
 * A success forgets the failures of that user there, not those of others: an attacker with an account of his own can't
 * wash his guesses away. While one waits, nothing is checked: the answer tells nothing about the password.
 * Counts are in memory and bounded; a restart forgets them, which costs a guesser more than it gives.
 */
export interface Throttle {
  /**
   * Throws TOO_MANY_ATTEMPTS with `retryAfter`. `who` stands for the user, existing or not (`~name`), or for what else is
   * asked for; '' for an API key.
   */
  admit(origin: LoginOrigin, who: string): void
  /**
   * Around a check that takes time: it counts as a failure until the returned function is called, so that guesses sent
   * all at once gain nothing. Throws as `admit` does.
   */
  begin(origin: LoginOrigin, who: string): () => void
  /** @returns true when this failure was one too many: whoever comes from there now waits. */
  failed(origin: LoginOrigin, who: string): boolean
  succeeded(origin: LoginOrigin, who: string): void
}

const LONGEST_WAIT_MS = 15 * 60_000
/** Failures at one user from unfamiliar origins, as a multiple of an address's. */
const USER_FACTOR = 5
const MAX_COUNTS = 4096

interface Count {
  failures: { readonly at: number; readonly who: string }[]
  /** Monotonic ms. */
  waitUntil: number
  /** Waits imposed one after the other. */
  level: number
  /** Checks that have not ended. */
  open: number
}

export function createThrottle(
  settings: ThrottleSettings,
  clock: Clock,
  places: FamiliarPlaces = createFamiliarPlaces({ clock }),
): Throttle {
  const { attempts, attemptWindowMs: window } = settings
  const addresses = new LRUCache<string, Count>({ max: MAX_COUNTS })
  const users = new LRUCache<string, Count>({ max: MAX_COUNTS })
  const familiar = new LRUCache<string, Count>({ max: MAX_COUNTS })
  const groups = new LRUCache<string, string>({ max: 256 })

  function groupOf(address: string): string {
    const known = groups.get(address)
    if (known !== undefined) return known
    const group = addressGroup(address)
    groups.set(address, group)
    return group
  }

  const entryOf = (origin: LoginOrigin, who: string) => places.entryOf(who, groupOf(origin.address), clientOf(origin))
  const addressKey = (origin: LoginOrigin, who: string) => `${who === '' ? 'key ' : ''}${groupOf(origin.address)}`
  const userKey = (origin: LoginOrigin, who: string) => `${realmOf(origin.address)} ${who}`

  function countOf(counts: LRUCache<string, Count>, key: string): Count {
    const known = counts.get(key)
    if (known) return known
    const count = newCount()
    counts.set(key, count)
    return count
  }

  function assertMayTry(count: Count | undefined): void {
    if (!count) return
    const wait = count.waitUntil - clock.monotonic()
    if (wait > 0) throw tooMany(wait)
  }

  /** The counts that a failure of this origin would go to, with what each allows. */
  function countsOf(origin: LoginOrigin, who: string): readonly { count: Count; limit: number; growing: boolean }[] {
    const own = entryOf(origin, who)
    if (own !== undefined) return [{ count: countOf(familiar, own), limit: attempts, growing: true }]
    const atUser = { limit: attempts * USER_FACTOR, growing: false }
    return [
      { count: countOf(addresses, addressKey(origin, who)), limit: attempts, growing: true },
      ...(who === '' ? [] : [{ count: countOf(users, userKey(origin, who)), ...atUser }]),
    ]
  }

  function add(count: Count, who: string, limit: number, growing: boolean): boolean {
    const now = clock.monotonic()
    if (now > count.waitUntil + LONGEST_WAIT_MS) count.level = 0
    count.failures = count.failures.filter(({ at }) => at > now - window)
    count.failures.push({ at: now, who })
    if (count.failures.length < limit) return false
    count.failures = []
    count.waitUntil = now + Math.min(LONGEST_WAIT_MS, window * 2 ** (growing ? count.level : 0))
    count.level = Math.min(count.level + 1, 20)
    return true
  }

  if (attempts === 0) return { admit: () => {}, begin: () => () => {}, failed: () => false, succeeded: () => {} }
  return {
    admit(origin, who) {
      const own = entryOf(origin, who)
      if (own !== undefined) return assertMayTry(familiar.get(own))
      assertMayTry(addresses.get(addressKey(origin, who)))
      if (who !== '') assertMayTry(users.get(userKey(origin, who)))
    },
    begin(origin, who) {
      const since = clock.monotonic() - window
      const counts = countsOf(origin, who)
      for (const { count, limit } of counts) {
        if (count.open + count.failures.filter(({ at }) => at > since).length >= limit) throw tooMany(1000)
      }
      for (const { count } of counts) count.open++
      return () => {
        for (const { count } of counts) count.open--
      }
    },
    failed(origin, who) {
      const full = countsOf(origin, who).filter(({ count, limit, growing }) => add(count, who, limit, growing))
      return full.length > 0
    },
    succeeded(origin, who) {
      const own = entryOf(origin, who)
      places.remember(who, groupOf(origin.address), clientOf(origin))
      if (own !== undefined) {
        familiar.delete(own)
        return
      }
      const count = addresses.get(addressKey(origin, who))
      if (count) count.failures = count.failures.filter((failure) => failure.who !== who)
    },
  }
}

const clientOf = ({ client }: LoginOrigin) => client.slice(0, 64)

function realmOf(address: string): 'world' | 'home' | 'machine' {
  // A Unix socket has no address.
  if (address === '' || isLoopbackAddress(address)) return 'machine'
  return isLocalAddress(address) ? 'home' : 'world'
}

function tooMany(waitMs: number): AppError {
  return new AppError('TOO_MANY_ATTEMPTS', 'Too many failed logins. Wait a little, then try again.', {
    retryAfter: Math.ceil(waitMs / 1000),
  })
}

function newCount(): Count {
  return { failures: [], waitUntil: Number.NEGATIVE_INFINITY, level: 0, open: 0 }
}
