import type { LibraryReader, Track, User, UserReader } from 'tonearm/plugin'
import { both, Problem, type Share, type Target } from './share.ts'
import type { Store } from './store.ts'

export interface ContentParts {
  readonly store: Store
  readonly library: LibraryReader
  readonly users: UserReader
  readonly allowDownloads: boolean
  now(): number
}

/** What somebody wants to share: whose rights it stands on, and what is in it. */
export interface Origin {
  readonly rootId: string
  /** Given to the maker with the right to pass it on. */
  readonly source: Share | undefined
  /** Songs of playlist targets, by the target's place. */
  readonly snapshots: ReadonlyMap<number, readonly string[]>
  readonly tracks: readonly Track[]
}

export const MAX_SONGS = 10_000
const PAGE = 500
/** How often a share may be passed on and on. */
const MAX_DEPTH = 8

export type Content = ReturnType<typeof createContent>

/** What is in shares, and for whom: always in the rights of the user on whom a share stands, as they are now. */
export function createContent({ store, library, users, allowDownloads, now }: ContentParts) {
  async function pages(query: Parameters<LibraryReader['tracks']>[0], as: string): Promise<Track[]> {
    const found: Track[] = []
    for (let offset = 0; offset <= MAX_SONGS; offset += PAGE) {
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
    if (kind === 'library') return /^\d{1,9}$/.test(id) ? pages({ libraryId: Number(id) }, as) : []
    const tracks = await pages({ artistId: id }, as)
    return tracks.sort(
      (a, b) =>
        a.year - b.year ||
        a.album.localeCompare(b.album) ||
        a.discNumber - b.discNumber ||
        a.trackNumber - b.trackNumber,
    )
  }

  /** The songs of a share in order, each once. */
  async function tracks(share: Share): Promise<readonly Track[]> {
    if (!(await users.get(share.rootId))) return []
    const found = new Map<string, Track>()
    for (const { place, target } of await store.targetPlaces(share.id)) {
      const part = await tracksOf(target, share.rootId, () => store.snapshot(share.id, place))
      for (const track of part) if (found.size < MAX_SONGS && !found.has(track.id)) found.set(track.id, track)
    }
    return [...found.values()]
  }

  /** As the whole chain allows it; undefined when it is dead. */
  async function alive(share: Share | undefined, depth = 0): Promise<Share | undefined> {
    if (!share || share.revokedAt !== undefined || depth > MAX_DEPTH) return undefined
    if (share.expiresAt !== undefined && share.expiresAt <= now()) return undefined
    const granted: Share = allowDownloads ? share : { ...share, permissions: { ...share.permissions, download: false } }
    if (share.sourceId === undefined) return granted
    const source = await alive(await store.find(share.sourceId), depth + 1)
    if (!source?.permissions.reshare || !isRecipient(source, share.ownerId)) return undefined
    const end = Math.min(share.expiresAt ?? Number.POSITIVE_INFINITY, source.expiresAt ?? Number.POSITIVE_INFINITY)
    return {
      ...granted,
      permissions: both(granted.permissions, source.permissions),
      expiresAt: Number.isFinite(end) ? end : undefined,
    }
  }

  function isRecipient({ recipient, ownerId }: Share, userId: string): boolean {
    if (recipient.kind === 'user') return recipient.id === userId
    return recipient.kind === 'everyone' && ownerId !== userId
  }

  async function incoming(userId: string): Promise<readonly Share[]> {
    const list = await Promise.all((await store.incoming(userId, now())).map((share) => alive(share)))
    return list.filter((share) => share !== undefined)
  }

  async function depthOf(share: Share): Promise<number> {
    let depth = 0
    for (let id = share.sourceId; id !== undefined && depth < MAX_DEPTH; depth++) id = (await store.find(id))?.sourceId
    return depth
  }

  /** The targets in the maker's own rights; undefined when one of them is not theirs. */
  async function own(user: User, targets: readonly Target[]): Promise<Origin | undefined> {
    const snapshots = new Map<number, readonly string[]>()
    const found: Track[] = []
    for (const [place, target] of targets.entries()) {
      let songs: readonly Track[] = []
      if (target.kind !== 'playlist') songs = await tracksOf(target, user.id, async () => [])
      else if (await library.playlist(target.id, user.id)) {
        songs = await pages({ playlistId: target.id }, user.id)
        snapshots.set(
          place,
          songs.map(({ id }) => id),
        )
      }
      if (songs.length === 0) return undefined
      found.push(...songs)
      if (found.length > MAX_SONGS) throw new Problem('invalid', `A share holds at most ${MAX_SONGS} songs.`)
    }
    return { rootId: user.id, source: undefined, snapshots, tracks: found }
  }

  /** The targets by this one share. */
  async function passedOn(source: Share, targets: readonly Target[]): Promise<Origin | undefined> {
    const inside = await tracks(source)
    const ids = new Set(inside.map(({ id }) => id))
    const places = await store.targetPlaces(source.id)
    const snapshots = new Map<number, readonly string[]>()
    for (const [place, { kind, id }] of targets.entries()) {
      if (kind === 'song' && ids.has(id)) continue
      const same = places.find(({ target }) => target.kind === kind && target.id === id)
      if (!same) return undefined
      if (kind === 'playlist') snapshots.set(place, await store.snapshot(source.id, same.place))
    }
    return { rootId: source.rootId, source, snapshots, tracks: inside }
  }

  /** In the maker's own rights, or by one share that may be passed on. Throws a Problem for what is neither. */
  async function origin(user: User, targets: readonly Target[]): Promise<Origin> {
    const mine = await own(user, targets)
    if (mine) return mine
    for (const source of await incoming(user.id)) {
      if (!source.permissions.reshare || (await depthOf(source)) >= MAX_DEPTH) continue
      const passed = await passedOn(source, targets)
      if (passed) return passed
    }
    throw new Problem('not-found', 'Nothing of yours has one of these ids.')
  }

  /** Songs that a user may reach by shares addressed to them. */
  async function grants(userId: string, purpose: string): Promise<readonly string[]> {
    const songs: string[] = []
    for (const share of await incoming(userId)) {
      const { view, stream, download } = share.permissions
      const allowed = purpose === 'stream' ? stream : purpose === 'download' ? download : view || stream
      if (allowed) songs.push(...(await tracks(share)).map(({ id }) => id))
    }
    return songs
  }

  return { tracks, alive, isRecipient, incoming, origin, grants }
}
