import type { PluginLogger, UserReader } from 'tonearm/plugin'
import type { Share, Target } from './share.ts'
import type { Shown } from './shown.ts'
import type { Store } from './store.ts'

export type NewsType =
  | 'share_received'
  | 'share_changed'
  | 'share_revoked'
  | 'share_expiring'
  | 'link_first_used'
  | 'link_exhausted'

/** What other plugins hear: who is told what about which share. */
export interface ShareNews {
  readonly shareId: string
  /** Who is told: recipients of `share_received`, `share_changed` and `share_revoked`, the owner of the others. */
  readonly userId: string
  /** A sentence for people, in English. */
  readonly title: string
  /** The share's description, or what is in it. */
  readonly body: string
  /** Its owner's words alone. */
  readonly description: string
  /** What is in it, for those who name it only as the reader sees it then. */
  readonly targets: readonly Target[]
}

export interface NewsParts {
  readonly store: Store
  readonly shown: Shown
  readonly users: UserReader
  readonly log: PluginLogger
  now(): number
  emit(type: NewsType, news: ShareNews): void
}

export type News = ReturnType<typeof createNews>

/** Tells users: as a notification that Pinakes' API lists, and as an event that other plugins hear. */
export function createNews({ store, shown, users, log, now, emit }: NewsParts) {
  async function tell(type: NewsType, share: Share, userId: string, title = TITLES[type]): Promise<void> {
    const { id: shareId, description, contents, targets } = await shown.one(share)
    const body = description || contents
    emit(type, { shareId, userId, title, body, description, targets })
    try {
      await store.note(userId, { shareId: share.id, type, at: now(), title, body: description })
    } catch (error) {
      log.warn('note of a share not kept', { error: String(error) })
    }
  }

  /** All to whom a share is addressed, its owner aside. */
  async function recipientsOf({ recipient, ownerId }: Share): Promise<readonly string[]> {
    if (recipient.kind === 'link') return []
    if (recipient.kind === 'user') return [recipient.id]
    return (await users.list()).map(({ id }) => id).filter((id) => id !== ownerId)
  }

  /** What they may reach is worked out anew before they hear of it. */
  async function tellRecipients(before: Share | undefined, after: Share | undefined): Promise<void> {
    const [had, have] = await Promise.all([before, after].map((share) => (share ? recipientsOf(share) : [])))
    if (!had?.length && !have?.length) return
    users.invalidateScope()
    for (const id of had ?? []) if (before && !have?.includes(id)) await tell('share_revoked', before, id)
    for (const id of have ?? [])
      if (after) await tell(had?.includes(id) ? 'share_changed' : 'share_received', after, id)
  }

  return { tell, tellRecipients }
}

export const ENDED = 'A share of yours has ended'

const TITLES: Readonly<Record<NewsType, string>> = {
  share_received: 'Somebody shares music with you',
  share_changed: 'A share for you has changed',
  share_revoked: 'A share for you was taken back',
  share_expiring: 'A share of yours ends within a day',
  link_first_used: 'A link of yours was opened for the first time',
  link_exhausted: 'A link of yours is used up',
}
