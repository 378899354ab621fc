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
    const known = buckets.get(address) ?? { left: perMinute, at }
    const left = Math.min(perMinute, known.left + ((at - known.at) / MINUTE_MS) * perMinute)
    buckets.delete(address)
    if (buckets.size >= MAX_KEPT) buckets.delete(buckets.keys().next().value as string)
    buckets.set(address, { left: left < 1 ? left : left - 1, at })
    if (left < 1)
      throw new Problem('busy', 'Too many requests. Try again in a moment.', Math.ceil(((1 - left) / perMinute) * 60))
  }
}

/** `most` wrong passwords a quarter of an hour, for one share from one address. */
export function createPasswordThrottle(most: number, now: () => number) {
  const failures = new Map<string, { count: number; until: number }>()
  const entry = (key: string) => {
    const known = failures.get(key)
    return known && known.until > now() ? known : undefined
  }
  return {
    assert(key: string): void {
      const known = entry(key)
      if (known && known.count >= most)
        throw new Problem('busy', 'Too many wrong passwords. Try again later.', Math.ceil((known.until - now()) / 1000))
    },
    /** Before the password is looked at, so that guesses sent at once count. */
    begin(key: string): void {
      const known = entry(key) ?? { count: 0, until: now() + 15 * MINUTE_MS }
      known.count++
      failures.delete(key)
      if (failures.size >= MAX_KEPT) failures.delete(failures.keys().next().value as string)
      failures.set(key, known)
    },
    forget: (key: string) => void failures.delete(key),
  }
}

/** CIDR ranges; none = everybody. */
export function createNetworkCheck(networks: readonly string[]): (address: string) => boolean {
  const ranges = networks.map((text) => {
    const [ip = '', bits] = text.split('/')
    const base = bitsOf(ip)
    const length = bits === undefined ? base.length : Number(bits)
    if (base === '' || !(length >= 0 && length <= base.length))
      throw new Error(`${text} is no network such as 192.168.0.0/16`)
    return { family: base.length, prefix: base.slice(0, length) }
  })
  return (address) => {
    if (ranges.length === 0) return true
    const bits = bitsOf(address.replace(/^::ffff:(?=\d+\.)/, ''))
    return ranges.some(({ family, prefix }) => bits.length === family && bits.startsWith(prefix))
  }
}

function bitsOf(address: string): string {
  if (/^\d+(\.\d+){3}$/.test(address))
    return address
      .split('.')
      .map((part) => Number(part).toString(2).padStart(8, '0'))
      .join('')
  if (!address.includes(':')) return ''
  const [head = '', tail] = address.split('::')
  const left = head.split(':').filter(Boolean)
  const right = (tail ?? '').split(':').filter(Boolean)
  const middle = tail === undefined ? [] : Array<string>(Math.max(0, 8 - left.length - right.length)).fill('0')
  return [...left, ...middle, ...right].map((part) => Number.parseInt(part, 16).toString(2).padStart(16, '0')).join('')
}
