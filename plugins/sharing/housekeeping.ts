import type { Routes, UserReader } from 'tonearm/plugin'
import type { Content } from './content.ts'
import { ENDED, type News } from './news.ts'
import type { NoteStore } from './note-store.ts'
import { DAY_MS, type Service } from './service.ts'
import type { Share } from './share.ts'
import type { Store } from './store.ts'

export interface HousekeepingParts {
  readonly store: Store
  readonly notes: NoteStore
  readonly content: Content
  readonly users: UserReader
  readonly news: News
  readonly media: Pick<Routes, 'endMedia' | 'runningMedia'>
  logActivity: Service['logActivity']
  now(): number
}

const SWEEP_MS = 3_600_000
/** A revoked share and what was told of it. */
const KEPT_MS = 30 * DAY_MS

/** What a stream or a download is given for. */
export const leaseOf = (what: 'stream' | 'download', shareId: string) => `${what} ${shareId}`

export type Housekeeping = ReturnType<typeof createHousekeeping>

/** What time does to shares. Nothing here writes unless something is due. */
export function createHousekeeping(parts: HousekeepingParts) {
  const { store, notes, content, users, news, media, now } = parts
  let nextEnd = Number.NEGATIVE_INFINITY
  let swept = Number.NEGATIVE_INFINITY

  async function endDue(): Promise<void> {
    for (const share of await store.ending(now(), 2)) {
      await tellOfEnd(share)
      if (!(await store.claim(share.id, 2))) continue
      await parts.logActivity(share.id, 'expired', { address: '', agent: '' })
      if (share.recipient.kind !== 'link') users.invalidateScope()
    }
    nextEnd = await store.nextEnd()
  }

  /** Once for an end, whoever restarts meanwhile; afterwards when nobody ran in the last day. */
  async function tellOfEnd(share: Share): Promise<void> {
    const isOver = share.expiresAt !== undefined && share.expiresAt <= now()
    const note = news.noteOf('share_expiring', share, share.ownerId)
    if (await store.claim(share.id, 1, notes.put([isOver ? { ...note, title: ENDED } : note], now(), 1)))
      await news.flush()
  }

  return {
    /** Ends what is being sent for shares that don't allow it any more, whatever the reason. */
    async look(): Promise<void> {
      for (const lease of media.runningMedia()) {
        const [what, id = ''] = lease.split(' ')
        const share = await content.alive(await store.find(id))
        if (!share?.permissions[what === 'download' ? 'download' : 'stream']) media.endMedia(lease)
      }
    },

    /** Every few seconds. */
    async tick(): Promise<void> {
      await this.look()
      if (now() >= nextEnd) await endDue()
    },

    /** A share was made or changed. */
    async changed(): Promise<void> {
      nextEnd = await store.nextEnd()
      await this.look()
    },

    /** Now and then. */
    async round(): Promise<void> {
      // What a stop, or a failure, kept from being said.
      await news.flush()
      await endDue()
      for (const share of await store.ending(now() + DAY_MS, 1)) await tellOfEnd(share)
      if (now() - swept < SWEEP_MS) return
      swept = now()
      await store.sweep(now() - KEPT_MS)
    },
  }
}
