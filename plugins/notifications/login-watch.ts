import { randomUUID } from 'node:crypto'
import { isLocalAddress, rowIdOf, truncatedAddress } from 'tonearm/plugin'
import type { Take } from './causes.ts'
import type { Context } from './context.ts'
import type { NewNote } from './note.ts'

interface Login {
  readonly userId: string | null
  readonly ok: boolean
  readonly address: string
  readonly client: string
}

const WINDOW_MS = 600_000
/** Addresses that are counted at the same time. */
const MAX_COUNTED = 2_000
/** Networks that are remembered of one user. */
const MAX_NETWORKS = 200
/** A network that was not seen for so long is new again. */
const FORGET_MS = 400 * 86_400_000
const DAY_MS = 86_400_000
const LONGEST_CLIENT = 60

/** Notices who tries passwords, and who logs in from where nobody did before. Typed names are never kept. */
export class LoginWatch {
  readonly #ctx: Context
  readonly #take: Take
  readonly #failed = new Map<string, { count: number; until: number }>()

  constructor(ctx: Context, take: Take) {
    this.#ctx = ctx
    this.#take = take
  }

  async seen(login: Login): Promise<void> {
    if (!login.ok) await this.#failure(login)
    else if (login.userId !== null) await this.#success(login, login.userId)
  }

  async #failure({ userId, address, client }: Login): Promise<void> {
    const count = this.#count(`${userId ?? ''} ${networkOf(address)}`)
    const { failedLogins } = this.#ctx.config
    // At the limit, and whenever it has doubled since: an attack of an hour is a handful of news.
    const steps = count / failedLogins
    if (steps < 1 || !Number.isInteger(Math.log2(steps))) return
    const note = failedLoginNote({ userId, address, client, count })
    const at = this.#ctx.now()
    if (userId !== null)
      await this.#take({ source: `login ${randomUUID()}`, at, to: { kind: 'user', id: userId }, note })
    await this.#take({ source: `login ${randomUUID()}`, at, to: { kind: 'admins' }, note })
  }

  #count(key: string): number {
    const now = this.#ctx.now()
    let counted = this.#failed.get(key)
    if (!counted || counted.until <= now) {
      this.#failed.delete(key)
      if (this.#failed.size >= MAX_COUNTED) this.#drop(now)
      counted = { count: 0, until: now + WINDOW_MS }
      this.#failed.set(key, counted)
    }
    return ++counted.count
  }

  /** Those that are over, and the oldest. */
  #drop(now: number): void {
    for (const [key, { until }] of this.#failed) if (until <= now) this.#failed.delete(key)
    for (const key of this.#failed.keys()) {
      if (this.#failed.size < MAX_COUNTED) return
      this.#failed.delete(key)
    }
  }

  async #success({ address, client }: Login, publicId: string): Promise<void> {
    const { db, now } = this.#ctx
    const userId = rowIdOf('user', publicId)
    const network = networkOf(address)
    if (userId === undefined || network === '') return
    const at = now()
    const known = await db.all<{ network: string; at: number }>(
      'SELECT network, at FROM notifications_network WHERE user_id = ?',
      [userId],
    )
    const same = known.find((one) => one.network === network)
    if (same && at - same.at < DAY_MS) return
    await db.batch([
      [
        `INSERT INTO notifications_network (user_id, network, at) VALUES (?, ?, ?)
         ON CONFLICT (user_id, network) DO UPDATE SET at = excluded.at`,
        [userId, network, at],
      ],
      [
        `DELETE FROM notifications_network WHERE user_id = ?1 AND (at < ?2 OR network IN (
           SELECT network FROM notifications_network WHERE user_id = ?1 ORDER BY at DESC LIMIT -1 OFFSET ?3))`,
        [userId, at - FORGET_MS, MAX_NETWORKS],
      ],
    ])
    // The first login of all is no news.
    if (same || known.length === 0) return
    await this.#take({
      source: `login ${randomUUID()}`,
      at,
      to: { kind: 'user', id: publicId },
      note: {
        topic: 'login.newAddress',
        level: 'warn',
        groupKey: `address ${network}`,
        data: { address, client: client.slice(0, LONGEST_CLIENT) },
      },
    })
  }
}

/**
 * By which logins are told apart: `203.0.113.0/24`, `2001:db8:1::/48`, and `local` for this machine and the networks at
 * home, where addresses are dealt out anew. '' for what is no address, such as a socket's.
 */
function networkOf(address: string): string {
  return isLocalAddress(address) ? 'local' : truncatedAddress(address)
}

/** Without a count: so many that they have to wait now. */
export function failedLoginNote(
  attempts: Pick<Login, 'userId' | 'address' | 'client'> & { readonly count?: number },
): NewNote {
  const { userId, address, client, count } = attempts
  return {
    topic: 'login.failed',
    level: 'warn',
    groupKey: `login ${userId ?? ''} ${networkOf(address)}`,
    data: {
      address,
      client: client.slice(0, LONGEST_CLIENT),
      ...(count === undefined ? {} : { count }),
      ...(userId === null ? {} : { subjectId: userId }),
    },
  }
}
