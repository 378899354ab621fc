import { type LibraryReader, rowIdOf, truncatedAddress, type User, type UserReader } from 'tonearm/plugin'
import type { Content } from './content.ts'
import { type News, TITLES } from './news.ts'
import type { NoteStore } from './note-store.ts'
import { hashPassword, newSecret, newShareId } from './secrets.ts'
import { both, type Permissions, Problem, type Share, type ShareInput, type Target } from './share.ts'
import { labelOf } from './shown.ts'
import type { Action, Count, LogEntry, Store } from './store.ts'

export interface Limits {
  readonly defaultDownloadable: boolean
  /** Seconds; 0 = never. */
  readonly defaultExpiry: number
}

export interface Visitor {
  readonly userId?: string
  readonly name?: string
  readonly address: string
  readonly agent: string
}

export interface Parts {
  readonly store: Store
  readonly notes: NoteStore
  readonly content: Content
  readonly library: LibraryReader
  readonly users: UserReader
  readonly limits: Limits
  readonly news: News
  now(): number
  /** Something ends sooner or may be heard by fewer: looks at what is being sent, and at when the next share ends. */
  narrowed(): Promise<void>
  /** Ends what is being sent for a share. */
  endMedia(shareId: string): void
}

const MAX_TARGETS = 1_000
const MAX_OWNED = 10_000
export const DAY_MS = 86_400_000

export type Service = ReturnType<typeof createService>

/** What all faces do; they only translate. */
export function createService(parts: Parts) {
  const { store, notes, content, library, users, limits, news, now } = parts

  function assertMayShare(user: User): void {
    if (!user.isAdmin && !user.roles.includes('share'))
      throw new Problem('forbidden', 'You may not share music. An administrator can give you the role to share.')
  }

  async function assertRecipient({ recipient }: Pick<Share, 'recipient'>, ownerId: string): Promise<void> {
    if (recipient.kind === 'user' && (recipient.id === ownerId || !(await users.get(recipient.id))))
      throw new Problem('invalid', 'The recipient is no other user of this server.')
  }

  async function create(user: User, targets: readonly Target[], input: ShareInput, visitor: Visitor): Promise<Share> {
    assertMayShare(user)
    const unique = [...new Map(targets.map((target) => [`${target.kind} ${target.id}`, target])).values()]
    if (unique.length === 0) throw new Problem('invalid', 'Name at least one song, album, artist or playlist.')
    if (unique.length > MAX_TARGETS) throw new Problem('invalid', `A share holds at most ${MAX_TARGETS} things.`)
    if ((await store.countOwned(user.id)) >= MAX_OWNED)
      throw new Problem('invalid', `You have ${MAX_OWNED} shares, which is the most. Delete some first.`)
    const recipient = input.recipient ?? { kind: 'link' as const }
    await assertRecipient({ recipient }, user.id)
    assertFits(recipient.kind, input)
    const { rootId, source, snapshots, tracks } = await content.origin(user, unique)
    const at = now()
    const wanted = input.expiresAt === undefined ? defaultEnd(at) : (input.expiresAt ?? undefined)
    const expiresAt = source?.expiresAt === undefined ? wanted : Math.min(wanted ?? source.expiresAt, source.expiresAt)
    const asked: Permissions = {
      view: true,
      stream: true,
      download: limits.defaultDownloadable,
      reshare: false,
      ...defined(input.permissions),
    }
    const share = {
      id: newShareId(),
      ownerId: user.id,
      rootId,
      sourceId: source?.id,
      recipient,
      targets: unique,
      snapshots,
      description: input.description ?? '',
      contents: await labelOf(unique, library, rootId, tracks),
      format: input.format ?? '',
      maxBitRate: input.maxBitRate ?? 0,
      permissions: source ? both(asked, source.permissions) : asked,
      password: input.password ? await hashPassword(input.password) : '',
      salt: newSalt(),
      expiresAt,
      maxViews: input.maxViews ?? 0,
      maxDownloads: input.maxDownloads ?? 0,
      createdAt: at,
      updatedAt: at,
      told: isSoon(expiresAt, at) ? 1 : 0,
    }
    const { snapshots: _snapshots, told: _told, ...fresh } = share
    const living = await content.alive({
      ...fresh,
      views: 0,
      downloads: 0,
      lastVisitedAt: undefined,
      revokedAt: undefined,
    })
    const told = notes.put(await news.forRecipients(undefined, living), at)
    await store.insert(share, told)
    await logActivity(share.id, 'created', visitor)
    await parts.narrowed()
    const made = (await store.find(share.id)) as Share
    await tell(told.length > 0)
    return made
  }

  /** What they may reach is worked out anew before they hear of it. */
  async function tell(isForRecipients: boolean): Promise<void> {
    if (isForRecipients) users.invalidateScope()
    await news.flush()
  }

  function defaultEnd(at: number): number | undefined {
    return limits.defaultExpiry === 0 ? undefined : at + limits.defaultExpiry * 1000
  }

  /** Only what is named changes, and what is named as it is changes nothing. */
  async function update(share: Share, input: ShareInput, visitor: Visitor): Promise<Share> {
    const recipient = input.recipient ?? share.recipient
    await assertRecipient({ recipient }, share.ownerId)
    assertFits(recipient.kind, { ...share, ...input })
    const { columns, revokesAddresses } = await changesOf(share, input, visitor)
    if (Object.keys(columns).length === 0 && !revokesAddresses) return share
    const before = await content.alive(share)
    if (revokesAddresses) Object.assign(columns, { salt: newSalt() })
    const expiresAt = input.expiresAt === undefined ? share.expiresAt : (input.expiresAt ?? undefined)
    const description = input.description ?? share.description
    const after = await content.alive({ ...share, recipient, expiresAt, description })
    const told = notes.put(await news.forRecipients(before, after), now())
    await store.update(share.id, { ...columns, updated_at: now() }, told)
    if (revokesAddresses) parts.endMedia(share.id)
    await parts.narrowed()
    await logActivity(share.id, 'updated', visitor)
    await tell(told.length > 0)
    return (await store.find(share.id)) as Share
  }

  async function changesOf(share: Share, input: ShareInput, visitor: Visitor) {
    const columns: Record<string, string | number | null> = {}
    const set = (column: string, wanted: string | number | null | undefined, is: string | number | null) => {
      if (wanted !== undefined && wanted !== is) columns[column] = wanted
    }
    set('description', input.description, share.description)
    set('format', input.format, share.format)
    set('max_bit_rate', input.maxBitRate, share.maxBitRate)
    set('max_views', input.maxViews, share.maxViews)
    set('max_downloads', input.maxDownloads, share.maxDownloads)
    set('expires_at', input.expiresAt, share.expiresAt ?? null)
    // Owners who name an end that is near know of it; when somebody else does, they are told.
    if ('expires_at' in columns)
      columns.told = visitor.userId === share.ownerId && isSoon(input.expiresAt ?? undefined, now()) ? 1 : 0
    for (const name of ['view', 'stream', 'download', 'reshare'] as const) {
      const wanted = input.permissions?.[name]
      set(`can_${name}`, wanted === undefined ? undefined : Number(wanted), Number(share.permissions[name]))
    }
    const hasNewPassword = input.password !== undefined && (input.password !== '' || share.password !== '')
    if (hasNewPassword) columns.password = input.password ? await hashPassword(input.password) : ''
    const { recipient = share.recipient } = input
    const idOf = (one: Share['recipient']) => (one.kind === 'user' ? one.id : '')
    const isMoved = recipient.kind !== share.recipient.kind || idOf(recipient) !== idOf(share.recipient)
    if (isMoved) {
      const id = recipient.kind === 'user' ? (rowIdOf('user', recipient.id) ?? null) : null
      Object.assign(columns, { recipient: recipient.kind, recipient_id: id })
    }
    return { columns, revokesAddresses: hasNewPassword || isMoved }
  }

  /** With all that was passed on from them. */
  async function revoke(shares: readonly Share[], visitor: Visitor): Promise<void> {
    const ids = shares.map(({ id }) => id)
    const doomed = await Promise.all((await store.heirs(ids)).map((id) => store.find(id)))
    // What had ended before is no news to anybody.
    const heard = (await Promise.all(doomed.map((share) => content.alive(share)))).filter(
      (share) => share !== undefined,
    )
    const all = (await Promise.all(heard.map((share) => news.forRecipients(share, undefined)))).flat()
    const told = notes.put(all, now())
    await store.revoke(ids, now(), told, entryOf('revoked', visitor))
    await parts.narrowed()
    await tell(told.length > 0)
  }

  function entryOf(action: Action, { name = '', address, agent }: Visitor): LogEntry {
    return { at: now(), action, actor: name, address: truncatedAddress(address), agent: agent.slice(0, 200) }
  }

  function logActivity(shareId: string, action: Action, visitor: Visitor): Promise<unknown> {
    return store.log(shareId, entryOf(action, visitor))
  }

  /** Views and downloads are taken, all or none. False: used up or dead since. */
  async function take(share: Share, counts: readonly Count[], visitor: Visitor): Promise<boolean> {
    const taken = [Number(counts.includes('view')), Number(counts.includes('download'))] as const
    const at = now()
    const titles = { first: TITLES.link_first_used, last: TITLES.link_exhausted }
    if (!(await store.count(share.id, taken, at, notes.putCounted(share.id, taken, titles, at)))) return false
    for (const count of counts) await logActivity(share.id, count === 'view' ? 'viewed' : 'downloaded', visitor)
    await tell(false)
    return true
  }

  return { create, update, revoke, take, logActivity }
}

const newSalt = () => newSecret().slice(0, 16)

function isSoon(end: number | undefined, at: number): boolean {
  return end !== undefined && end - at <= DAY_MS
}

function defined(given: Partial<Permissions> = {}): Partial<Permissions> {
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined))
}

function assertFits(
  kind: string,
  { password, maxViews, maxDownloads }: Pick<ShareInput, 'password' | 'maxViews' | 'maxDownloads'>,
): void {
  if (kind !== 'link' && (password || maxViews || maxDownloads))
    throw new Problem('invalid', 'Passwords and limits are for links: users of the server are known.')
}
