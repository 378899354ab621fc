import { type Notification, oneAtATime, type PluginLogger, type UserReader } from 'tonearm/plugin'
import type { NewNote, NoteStore, PendingNote } from './note-store.ts'
import type { NewsType, Share, Target } from './share.ts'
import type { Shown } from './shown.ts'
import type { Store } from './store.ts'

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
  readonly store: Pick<Store, 'find'>
  readonly notes: NoteStore
  readonly shown: Shown
  readonly users: UserReader
  readonly log: PluginLogger
  readonly signal: AbortSignal
  emit(type: NewsType, news: ShareNews): void
  send(notification: Notification): void
}

const BATCH = 100
/** Things of a share that a notification names; `truncated` tells of more. */
const MAX_TARGETS = 20

export type News = ReturnType<typeof createNews>

/**
 * Tells users. A note is written together with what it tells of (`NoteStore.put`), and said afterwards: as a notification,
 * which the server keeps until it is delivered, and as an event. What a stop kept from being said is said after the start;
 * receivers know one that comes twice by its `key`.
 */
export function createNews({ store, notes, shown, users, log, signal, emit, send }: NewsParts) {
  const noteOf = (type: NewsType, { id: shareId, description: body }: Share, userId: string): NewNote => {
    return { type, shareId, userId, title: TITLES[type], body }
  }

  /** All to whom a share is addressed, its owner aside. */
  async function recipientsOf({
    recipient,
    ownerId,
  }: Pick<Share, 'recipient' | 'ownerId'>): Promise<readonly string[]> {
    if (recipient.kind === 'link') return []
    if (recipient.kind === 'user') return [recipient.id]
    return (await users.list()).map(({ id }) => id).filter((id) => id !== ownerId)
  }

  /** What recipients are told when a share becomes another, or comes, or goes. */
  async function forRecipients(before: Share | undefined, after: Share | undefined): Promise<readonly NewNote[]> {
    const had = before ? await recipientsOf(before) : []
    const have = after ? await recipientsOf(after) : []
    const [lost, kept] = [new Set(had), new Set(have)]
    return [
      ...had.flatMap((id) => (before && !kept.has(id) ? [noteOf('share_revoked', before, id)] : [])),
      ...have.flatMap((id) => (after ? [noteOf(lost.has(id) ? 'share_changed' : 'share_received', after, id)] : [])),
    ]
  }

  async function sayAll(): Promise<void> {
    for (;;) {
      const waiting = await notes.pending(BATCH)
      if (waiting.length === 0 || signal.aborted) break
      await say(waiting)
    }
  }

  async function say(waiting: readonly PendingNote[]): Promise<void> {
    const shares = new Map<string, Share>()
    for (const id of new Set(waiting.map(({ shareId }) => shareId))) {
      const found = await store.find(id)
      if (found) shares.set(id, await shown.one(found))
    }
    for (const note of waiting)
      if (shares.has(note.shareId)) send(notificationOf(note, shares.get(note.shareId) as Share))
    const said = await notes.said(waiting.map(({ id }) => id))
    for (const { id, shareId, userId, type, title, body: description } of waiting) {
      const share = shares.get(shareId)
      if (!share || !said.has(id)) continue
      emit(type, { shareId, userId, title, body: description || share.contents, description, targets: share.targets })
    }
  }

  return {
    noteOf,
    forRecipients,

    /** Says what waits; resolves when it is said, and never rejects: what fails is said later. */
    flush: oneAtATime(() =>
      sayAll().catch((error: unknown) => log.warn('news of shares not told yet', { error: String(error) })),
    ),
  }
}

function notificationOf({ id, shareId, userId, type, title, body }: PendingNote, { targets }: Share) {
  const data = {
    key: `${shareId} ${id}`,
    shareId,
    targets: targets.slice(0, MAX_TARGETS),
    ...(targets.length > MAX_TARGETS ? { truncated: true } : {}),
    ...(title === ENDED ? { ended: true } : {}),
  }
  return { topic: TOPICS[type], title, body, userId, data }
}

export const ENDED = 'A share of yours has ended'

export const TITLES: Readonly<Record<NewsType, string>> = {
  share_received: 'Somebody shares music with you',
  share_changed: 'A share for you has changed',
  share_revoked: 'A share for you was taken back',
  share_expiring: 'A share of yours ends within a day',
  link_first_used: 'A link of yours was opened for the first time',
  link_exhausted: 'A link of yours is used up',
}

/** As `ctx.notify` names them. */
const TOPICS: Readonly<Record<NewsType, string>> = {
  share_received: 'share.received',
  share_changed: 'share.changed',
  share_revoked: 'share.revoked',
  share_expiring: 'share.expiring',
  link_first_used: 'share.firstUsed',
  link_exhausted: 'share.exhausted',
}
