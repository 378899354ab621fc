import { addressGroup, createNetworkMatcher, isNetwork } from 'tonearm/plugin'
import { Problem } from './share.ts'

/** Who may knock, how often, and how many passwords may be tried. In memory, bounded. */

const MAX_KEPT = 5_000
const MINUTE_MS = 60_000

interface Bucket {
  left: number
  at: number
}

/** `perMinute` requests of one address, with that many at once; 0 = no limit. */
export function createRateLimit(perMinute: number, now: () => number): (address: string) => void {
  const buckets = new Map<string, Bucket>()
  return (address) => {
    if (perMinute === 0) return
    const at = now()
    const group = addressGroup(address)
    const known = buckets.get(group) ?? { left: perMinute, at }
    // A clock that was set back gives nothing, and takes nothing.
    const left = Math.min(perMinute, known.left + (Math.max(0, at - known.at) / MINUTE_MS) * perMinute)
    buckets.delete(group)
    forgetOldest(buckets)
    buckets.set(group, { left: left < 1 ? left : left - 1, at })
    if (left < 1)
      throw new Problem('busy', 'Too many requests. Try again in a moment.', Math.ceil(((1 - left) / perMinute) * 60))
  }
}

/** `most` wrong passwords a quarter of an hour, for one share from one address. */
export function createPasswordThrottle(most: number, now: () => number) {
  const failures = new Map<string, { count: number; until: number }>()
  const keyOf = (shareId: string, address: string) => `${shareId} ${addressGroup(address)}`
  const entry = (key: string) => {
    const known = failures.get(key)
    return known && known.until > now() ? known : undefined
  }
  return {
    /** Before the password is looked at, so that guesses sent at once count. Throws a Problem after too many. */
    begin(shareId: string, address: string): void {
      const key = keyOf(shareId, address)
      const known = entry(key) ?? { count: 0, until: now() + 15 * MINUTE_MS }
      if (known.count >= most)
        throw new Problem('busy', 'Too many wrong passwords. Try again later.', Math.ceil((known.until - now()) / 1000))
      known.count++
      failures.delete(key)
      forgetOldest(failures)
      failures.set(key, known)
    },
    /** It was the right one, or none was looked at: that one does not count. */
    forgive(shareId: string, address: string): void {
      const known = entry(keyOf(shareId, address))
      if (known) known.count--
    },
  }
}

/** True once in `everyMs` for a key: for logs that the same thing should not fill. */
export function createOnceIn(everyMs: number, now: () => number): (key: string) => boolean {
  const seen = new Map<string, number>()
  return (key) => {
    const at = now()
    const last = seen.get(key)
    if (last !== undefined && at - last < everyMs && at >= last) return false
    seen.delete(key)
    forgetOldest(seen)
    seen.set(key, at)
    return true
  }
}

function forgetOldest(map: Map<string, unknown>): void {
  if (map.size >= MAX_KEPT) map.delete(map.keys().next().value as string)
}

/** CIDR ranges; none = everybody. Throws for what is none. */
export function createNetworkCheck(networks: readonly string[]): (address: string) => boolean {
  const wrong = networks.find((text) => !isNetwork(text.trim()))
  if (wrong !== undefined) throw new Error(`sharing.allowedNetworks: '${wrong}' is no network such as 192.168.0.0/16`)
  return networks.length === 0 ? () => true : createNetworkMatcher(networks.map((text) => text.trim()))
}
