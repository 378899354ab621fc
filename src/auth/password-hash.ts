import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto'
import { AppError } from '../base/errors.ts'

/**
 * Login hashes: `scrypt$<log2 N>$<r>$<p>$<salt>$<hash>`, the last two in base64url. N = 2^14, r = 8 takes 16 MiB for
 * some 50 ms on a desktop and a third of a second on a Pi: at most two at once keep that within a small machine.
 */
const LOG_N = 14
const R = 8
const P = 1
const SALT_BYTES = 16
const HASH_BYTES = 32
/** What a stored string may ask for: a foreign row must not take all memory. */
const MAX_LOG_N = 17
const MAX_R = 16
const MAX_P = 4

const MAX_RUNNING = 2
/** Waiting ones: some ten seconds of work on a Pi. */
const MAX_WAITING = 48

export interface PasswordHasher {
  hash(password: string): Promise<string>
  /** Also for a user that does not exist (undefined): the same work, then false. Rejects with BUSY when many wait. */
  verify(password: string, stored: string | undefined): Promise<boolean>
}

interface Parameters {
  readonly logN: number
  readonly r: number
  readonly p: number
  readonly salt: Uint8Array
  readonly hash: Uint8Array
}

/** `logN` smaller than the default is for tests only. */
export function createPasswordHasher(logN: number = LOG_N): PasswordHasher {
  const waiting: (() => void)[] = []
  let running = 0

  async function turn<T>(work: () => Promise<T>): Promise<T> {
    if (running >= MAX_RUNNING) {
      if (waiting.length >= MAX_WAITING) {
        throw new AppError('BUSY', 'Too many logins at once. Try again in a moment.', { retryAfter: 5 })
      }
      await new Promise<void>((resolve) => waiting.push(resolve))
    } else running++
    try {
      return await work()
    } finally {
      // The place goes to the next in line, or is free again.
      const next = waiting.shift()
      if (next) next()
      else running--
    }
  }

  const nobody: Parameters = { logN, r: R, p: P, salt: randomBytes(SALT_BYTES), hash: randomBytes(HASH_BYTES) }

  return {
    async hash(password) {
      const salt = randomBytes(SALT_BYTES)
      const hash = await turn(() => derive(password, { logN, r: R, p: P, salt }, HASH_BYTES))
      return ['scrypt', logN, R, P, salt.toString('base64url'), hash.toString('base64url')].join('$')
    },
    async verify(password, stored) {
      const known = stored === undefined ? undefined : parse(stored)
      const { hash, ...parameters } = known ?? nobody
      const offered = await turn(() => derive(password, parameters, hash.length))
      return timingSafeEqual(offered, hash) && known !== undefined
    },
  }
}

function derive(password: string, parameters: Omit<Parameters, 'hash'>, length: number): Promise<Buffer> {
  const { logN, r, p, salt } = parameters
  const N = 2 ** logN
  return new Promise((resolve, reject) => {
    scrypt(password, salt, length, { N, r, p, maxmem: 256 * N * r }, (error, key) => {
      if (error) reject(error)
      else resolve(key)
    })
  })
}

/** Undefined for a string that is no hash of ours: nothing matches it. */
function parse(stored: string): Parameters | undefined {
  const match = /^scrypt\$(\d{1,2})\$(\d{1,2})\$(\d{1,2})\$([\w-]{16,})\$([\w-]{20,})$/.exec(stored)
  if (!match) return undefined
  const [logN, r, p] = [Number(match[1]), Number(match[2]), Number(match[3])]
  if (logN < 1 || logN > MAX_LOG_N || r < 1 || r > MAX_R || p < 1 || p > MAX_P) return undefined
  const salt = Buffer.from(match[4] as string, 'base64url')
  return { logN, r, p, salt, hash: Buffer.from(match[5] as string, 'base64url') }
}
