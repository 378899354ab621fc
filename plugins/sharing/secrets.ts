import { createHmac, randomBytes, randomInt, scrypt, timingSafeEqual } from 'node:crypto'
import { Problem } from './share.ts'

const LETTERS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

export function newShareId(): string {
  return Array.from({ length: 10 }, () => LETTERS[randomInt(LETTERS.length)]).join('')
}

export const newSecret = () => randomBytes(32).toString('base64url')

function hash(password: string, salt: string): Promise<Buffer> {
  return new Promise((resolve, reject) =>
    scrypt(password.normalize('NFC'), salt, 32, (error, key) => (error ? reject(error) : resolve(key))),
  )
}

export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(16).toString('base64url')
  return `${salt}$${(await hash(password, salt)).toString('base64url')}`
}

const MAX_WAITING = 16

/** One at a time, since each takes 16 MB and a core while it works; throws a Problem when too many wait. */
export function createPasswordCheck(): (stored: string, password: string) => Promise<boolean> {
  let last: Promise<unknown> = Promise.resolve()
  let waiting = 0
  return async (stored, password) => {
    if (waiting >= MAX_WAITING) throw new Problem('busy', 'Too many passwords are being tried. Try again soon.', 5)
    const [salt = '', key = ''] = stored.split('$')
    const work = last.then(async () => {
      const wanted = Buffer.from(key, 'base64url')
      const given = await hash(password, salt)
      return wanted.length === given.length && timingSafeEqual(wanted, given)
    })
    last = work.catch(() => {})
    waiting++
    try {
      return await work
    } finally {
      waiting--
    }
  }
}

/** `<end in base 36>.<mac>`: what it is for is in the mac, so it opens nothing else. */
export function createSigner(secret: string) {
  const mac = (parts: readonly string[], end: string) =>
    createHmac('sha256', secret)
      .update(JSON.stringify([...parts, end]))
      .digest('base64url')
      .slice(0, 27)
  return {
    sign(parts: readonly string[], until: number | undefined): string {
      const end = until === undefined ? '' : Math.ceil(until).toString(36)
      return `${end}.${mac(parts, end)}`
    },
    verify(parts: readonly string[], token: string, now: number): boolean {
      const [end = '', given = ''] = token.split('.')
      const wanted = Buffer.from(mac(parts, end))
      const sent = Buffer.from(given)
      if (wanted.length !== sent.length || !timingSafeEqual(wanted, sent)) return false
      return end === '' || now < Number.parseInt(end, 36)
    },
  }
}

export type Signer = ReturnType<typeof createSigner>
