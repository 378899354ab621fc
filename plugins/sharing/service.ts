import type { LibraryReader, PluginLogger, Track, User, UserReader } from 'tonearm/plugin'
import { hashPassword, newSecret, newShareId } from './secrets.ts'
import { type Permissions, Problem, type Share, type ShareInput, type Target } from './share.ts'
import type { Action, Store } from './store.ts'

export interface Limits {
  readonly allowDownloads: boolean
  readonly defaultDownloadable: boolean
  /** kbit/s; 0 = no limit. */
  readonly maxBitrate: number
  /** Seconds; 0 = never. */
  readonly defaultExpiry: number
}

export interface Visitor {
  readonly userId?: string
  readonly name?: string
  readonly address: string
  readonly agent: string
}

export type NewsType =
  | 'share_received'
  | 'share_changed'
  | 'share_revoked'
  | 'share_expiring'
  | 'link_first_used'
  | 'link_exhausted'

export interface Parts {
  readonly store: Store
  readonly library: LibraryReader
  readonly users: UserReader
  readonly limits: Limits
  readonly log: PluginLogger
  now(): number
  /** Ends what is being sent for a share. */
  endMedia(shareId: string): void
  news(type: NewsType, share: Share, toUserId: string): void
}

const MAX_TARGETS = 1_000
const MAX_SONGS = 10_000
const PAGE = 500
const DAY_MS = 86_400_000

export type Service = ReturnType<typeof createService>

/** What all faces do; they only translate. */
export function createService(parts: Parts) {
  const { store, library, users, limits, now } = parts

  async function pages(query: Parameters<LibraryReader['tracks']>[0], as: string): Promise<Track[]> {
    const found: Track[] = []
    for (let offset = 0; offset < MAX_SONGS; offset += PAGE) {
      const page = await library.tracks({ ...query, ownOnly: true, limit: PAGE, offset }, as)
      found.push(...page)
      if (page.length < PAGE) break
    }
    return found
  }

  async function byIds(ids: readonly string[], as: string): Promise<Track[]> {
    const found: Track[] = []
    for (let from = 0; from < ids.length; from += PAGE)
      found.push(...(await library.tracks({ ids: ids.slice(from, from + PAGE), ownOnly: true }, as)))
    return found
  }

  async function tracksOf({ kind, id }: Target, as: string, snapshot: () => Promise<readonly string[]>) {
    if (kind === 'song') return byIds([id], as)
    if (kind === 'playlist') return byIds(await snapshot(), as)
    if (kind === 'album') return pages({ albumId: id }, as)
    if (kind === 'library') return pages({ libraryId: Number(id) }, as)
    const tracks = await pages({ artistId: id }, as)
    return tracks.sort(
      (a, b) =>
        a.year - b.year ||
        a.album.localeCompare(b.album) ||
        a.discNumber - b.discNumber ||
        a.trackNumber - b.trackNumber,
    )
  }

  /** The songs of a share in order, each once, as its root may see them now. */
  async function content(share: Share): Promise<readonly Track[]> {
    if (!(await users.get(share.rootId))) return []
    const found = new Map<string, Track>()
    for (const { place, target } of await store.targetPlaces(share.id)) {
      const tracks = await tracksOf(target, share.rootId, () => store.snapshot(share.id, place))
      for (const track of tracks) if (found.size < MAX_SONGS && !found.has(track.id)) found.set(track.id, track)
    }
    return [...found.values()]
  }

  /** As the whole chain allows it; undefined when it is dead. */
  async function alive(share: Share | undefined): Promise<Share | undefined> {
    if (!share || share.revokedAt !== undefined) return undefined
    if (share.expiresAt !== undefined && share.expiresAt <= now()) return undefined
    const granted: Share = limits.allowDownloads
      ? share
      : { ...share, permissions: { ...share.permissions, download: false } }
    if (share.sourceId === undefined) return granted
    const source = await alive(await store.find(share.sourceId))
    if (!source?.permissions.reshare || !(await isRecipient(source, share.ownerId))) return undefined
    const end = Math.min(share.expiresAt ?? Number.POSITIVE_INFINITY, source.expiresAt ?? Number.POSITIVE_INFINITY)
    return {
      ...granted,
      permissions: both(granted.permissions, source.permissions),
      expiresAt: Number.isFinite(end) ? end : undefined,
    }
  }

  async function isRecipient(share: Share, userId: string): Promise<boolean> {
    const { recipient } = share
    if (recipient.kind === 'user') return recipient.id === userId
    return recipient.kind === 'everyone' && share.ownerId !== userId
  }

  const incoming = async (userId: string): Promise<readonly Share[]> => {
    const list = await Promise.all((await store.incoming(userId, now())).map(alive))
    return list.filter((share) => share !== undefined)
  }

  function assertMayShare(user: User): void {
    if (!user.isAdmin && !user.roles.includes('share'))
      throw new Problem('forbidden', 'You may not share music. An administrator can give you the role to share.')
  }

  /** What the targets are, in the maker's own rights, or by one share that may be passed on. */
  async function origin(user: User, targets: readonly Target[]) {
    const snapshots = new Map<number, readonly string[]>()
    const tracks: Track[] = []
    let own = true
    for (const [place, target] of targets.entries()) {
      if (target.kind === 'playlist') {
        const playlist = await library.playlist(target.id, user.id)
        const songs = playlist ? await pages({ playlistId: target.id }, user.id) : []
        snapshots.set(
          place,
          songs.map(({ id }) => id),
        )
        tracks.push(...songs)
        if (!playlist || songs.length === 0) own = false
      } else {
        const songs = await tracksOf(target, user.id, async () => [])
        tracks.push(...songs)
        if (songs.length === 0) own = false
      }
      if (!own) break
    }
    if (own) return { rootId: user.id, source: undefined, snapshots, tracks }
    for (const source of await incoming(user.id)) {
      if (!source.permissions.reshare) continue
      const inside = await content(source)
      const ids = new Set(inside.map(({ id }) => id))
      const copied = new Map<number, readonly string[]>()
      const places = await store.targetPlaces(source.id)
      const covered = await Promise.all(
        targets.map(async ({ kind, id }, place) => {
          if (kind === 'song') return ids.has(id)
          const same = places.find(({ target }) => target.kind === kind && target.id === id)
          if (same && kind === 'playlist') copied.set(place, await store.snapshot(source.id, same.place))
          return same !== undefined
        }),
      )
      if (covered.every(Boolean)) return { rootId: source.rootId, source, snapshots: copied, tracks: inside }
    }
    throw new Problem('not-found', 'Nothing of yours has one of these ids.')
  }

  async function create(user: User, targets: readonly Target[], input: ShareInput, visitor: Visitor): Promise<Share> {
    assertMayShare(user)
    const unique = [...new Map(targets.map((target) => [`${target.kind} ${target.id}`, target])).values()]
    if (unique.length === 0) throw new Problem('invalid', 'Name at least one song, album, artist or playlist.')
    if (unique.length > MAX_TARGETS) throw new Problem('invalid', `A share holds at most ${MAX_TARGETS} things.`)
    const recipient = input.recipient ?? { kind: 'link' as const }
    if (recipient.kind === 'user' && (recipient.id === user.id || !(await users.get(recipient.id))))
      throw new Problem('invalid', 'The recipient is no other user of this server.')
    assertFits(recipient.kind, input)
    const { rootId, source, snapshots, tracks } = await origin(user, unique)
    const at = now()
    const expiresAt = input.expiresAt === undefined ? defaultEnd(at) : (input.expiresAt ?? undefined)
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
      contents: await labelOf(unique, tracks, rootId),
      format: input.format ?? '',
      maxBitRate: input.maxBitRate ?? 0,
      permissions: source ? both(asked, source.permissions) : asked,
      password: input.password ? await hashPassword(input.password) : '',
      salt: newSecret().slice(0, 16),
      expiresAt:
        source?.expiresAt === undefined ? expiresAt : Math.min(expiresAt ?? source.expiresAt, source.expiresAt),
      maxViews: input.maxViews ?? 0,
      maxDownloads: input.maxDownloads ?? 0,
      createdAt: at,
      updatedAt: at,
    }
    await store.insert(share)
    await note(share.id, 'created', visitor)
    const made = (await store.find(share.id)) as Share
    await tellRecipients(made, 'share_received')
    return made
  }

  function defaultEnd(at: number): number | undefined {
    return limits.defaultExpiry === 0 ? undefined : at + limits.defaultExpiry * 1000
  }

  /** Only what is named changes. */
  async function update(share: Share, input: ShareInput, visitor: Visitor): Promise<Share> {
    const recipient = input.recipient ?? share.recipient
    if (recipient.kind === 'user' && (recipient.id === share.ownerId || !(await users.get(recipient.id))))
      throw new Problem('invalid', 'The recipient is no other user of this server.')
    assertFits(recipient.kind, input)
    const permissions = { ...share.permissions, ...defined(input.permissions) }
    const changes: Record<string, string | number | null> = { updated_at: now() }
    if (input.description !== undefined) changes.description = input.description
    if (input.format !== undefined) changes.format = input.format
    if (input.maxBitRate !== undefined) changes.max_bit_rate = input.maxBitRate
    if (input.maxViews !== undefined) changes.max_views = input.maxViews
    if (input.maxDownloads !== undefined) changes.max_downloads = input.maxDownloads
    if (input.expiresAt !== undefined) Object.assign(changes, { expires_at: input.expiresAt, told: 0 })
    if (input.permissions !== undefined)
      Object.assign(changes, {
        can_view: Number(permissions.view),
        can_stream: Number(permissions.stream),
        can_download: Number(permissions.download),
        can_reshare: Number(permissions.reshare),
      })
    if (input.password !== undefined)
      Object.assign(changes, {
        password: input.password === '' ? '' : await hashPassword(input.password),
        salt: newSecret().slice(0, 16),
      })
    if (input.recipient !== undefined)
      Object.assign(changes, {
        recipient: recipient.kind,
        recipient_id: null,
        salt: newSecret().slice(0, 16),
      })
    await store.update(share.id, changes)
    if (input.recipient?.kind === 'user') await store.setRecipient(share.id, input.recipient.id)
    const changed = (await store.find(share.id)) as Share
    const narrower =
      input.recipient !== undefined ||
      input.password !== undefined ||
      !(await alive(changed))?.permissions.stream ||
      (input.permissions?.download === false && share.permissions.download) ||
      input.expiresAt !== undefined
    if (narrower) parts.endMedia(share.id)
    await note(share.id, 'updated', visitor)
    if (share.recipient.kind !== 'link') users.invalidateScope()
    await tellRecipients(changed, 'share_changed')
    return changed
  }

  async function revoke(shares: readonly Share[], visitor: Visitor): Promise<void> {
    const dead = await store.revoke(
      shares.map(({ id }) => id),
      now(),
    )
    for (const id of dead) {
      parts.endMedia(id)
      await note(id, 'revoked', visitor)
      const share = await store.find(id)
      if (share) await tellRecipients(share, 'share_revoked')
    }
  }

  async function tellRecipients(share: Share, type: NewsType): Promise<void> {
    const { recipient } = share
    if (recipient.kind === 'link') return
    users.invalidateScope(recipient.kind === 'user' ? recipient.id : undefined)
    if (recipient.kind === 'user') parts.news(type, share, recipient.id)
    else for (const user of await users.list()) if (user.id !== share.ownerId) parts.news(type, share, user.id)
  }

  function note(shareId: string, action: Action, { name = '', address, agent }: Visitor): Promise<unknown> {
    return store.log(shareId, {
      at: now(),
      action,
      actor: name,
      address: truncated(address),
      agent: agent.slice(0, 200),
    })
  }

  /** A view or download is taken. False: used up or dead since. */
  async function take(share: Share, what: 'view' | 'download', visitor: Visitor): Promise<boolean> {
    if (!(await store.countVisit(share.id, what, now()))) return false
    await note(share.id, what === 'view' ? 'viewed' : 'downloaded', visitor)
    if (what === 'view' && share.views === 0 && share.recipient.kind === 'link')
      parts.news('link_first_used', share, share.ownerId)
    const most = what === 'view' ? share.maxViews : share.maxDownloads
    const after = await store.find(share.id)
    if (after && most > 0 && (what === 'view' ? after.views : after.downloads) === most)
      parts.news('link_exhausted', share, share.ownerId)
    return true
  }

  async function labelOf(targets: readonly Target[], tracks: readonly Track[], as: string): Promise<string> {
    const names: string[] = []
    for (const { kind, id } of targets.slice(0, 4)) {
      if (kind === 'song') names.push(tracks.find((track) => track.id === id)?.title ?? '')
      else if (kind === 'library')
        names.push((await library.libraries(as)).find((one) => String(one.id) === id)?.name ?? '')
      else names.push((await library[kind](id, as))?.name ?? '')
    }
    const text = names.filter(Boolean).join(', ')
    const cut = Array.from(text)
    return cut.length > 60 || targets.length > 4 ? `${cut.slice(0, 59).join('')}…` : text
  }

  /** Marks what has ended, and tells owners of what ends within a day. */
  async function housekeeping(): Promise<void> {
    for (const share of await store.ending(now(), 2)) {
      await store.update(share.id, { told: 2 })
      await note(share.id, 'expired', { address: '', agent: '' })
      parts.endMedia(share.id)
      if (share.recipient.kind !== 'link') users.invalidateScope()
    }
    for (const share of await store.ending(now() + DAY_MS, 1)) {
      await store.update(share.id, { told: 1 })
      if (share.expiresAt !== undefined && share.expiresAt - share.createdAt > DAY_MS)
        parts.news('share_expiring', share, share.ownerId)
    }
    await store.sweep(now() - 30 * DAY_MS)
  }

  /** Songs that a user may reach by shares addressed to them. */
  async function grants(userId: string, purpose: string): Promise<readonly string[]> {
    const songs: string[] = []
    for (const share of await incoming(userId)) {
      const { view, stream, download } = share.permissions
      const allowed = purpose === 'stream' ? stream : purpose === 'download' ? download : view || stream
      if (allowed) songs.push(...(await content(share)).map(({ id }) => id))
    }
    return songs
  }

  return { create, update, revoke, alive, content, incoming, isRecipient, take, note, housekeeping, grants }
}

function both(a: Permissions, b: Permissions): Permissions {
  return {
    view: a.view && b.view,
    stream: a.stream && b.stream,
    download: a.download && b.download,
    reshare: a.reshare && b.reshare,
  }
}

function defined(given: Partial<Permissions> = {}): Partial<Permissions> {
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined))
}

function assertFits(kind: string, { password, maxViews, maxDownloads }: ShareInput): void {
  if (kind !== 'link' && (password || maxViews || maxDownloads))
    throw new Problem('invalid', 'Passwords and limits are for links: users of the server are known.')
}

/** To a /24 or /48: enough to tell visitors apart, too little to find one. */
function truncated(address: string): string {
  if (address.includes('.')) return address.replace(/^::ffff:/, '').replace(/\.\d+$/, '.0/24')
  if (!address.includes(':')) return ''
  const [head = '', tail = ''] = address.split('::')
  const left = head.split(':').filter(Boolean)
  const right = tail.split(':').filter(Boolean)
  const groups = address.includes('::')
    ? [...left, ...Array(Math.max(0, 8 - left.length - right.length)).fill('0'), ...right]
    : left
  return `${groups.slice(0, 3).join(':')}::/48`
}
