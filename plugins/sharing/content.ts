import type { LibraryReader, Track, User, UserReader } from 'tonearm/plugin'
import type { Allowed } from './incoming-store.ts'
import { both, keyOf, Problem, type Share, type Target } from './share.ts'
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

/** Each once, as many as a share may hold. */
const firstOf = (ids: readonly string[]) => [...new Set(ids)].slice(0, MAX_SONGS)

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

  /** Ids of what is in things, by the same names, in one user's rights. */
  async function songIdsOf(targets: readonly Target[], as: string): Promise<ReadonlyMap<string, readonly string[]>> {
    const found = new Map<string, readonly string[]>()
    if (!(await users.get(as))) return found
    const distinct = [...new Map(targets.map((target) => [keyOf(target), target])).values()]
    const things = distinct.flatMap(({ kind, id }) =>
      kind === 'song' || kind === 'album' || kind === 'artist' ? [{ kind, id }] : [],
    )
    for (let from = 0; from < things.length; from += PAGE) {
      const part = things.slice(from, from + PAGE)
      const lists = await library.songIds(part, as)
      for (const [index, thing] of part.entries()) found.set(keyOf(thing), lists[index] ?? [])
    }
    for (const target of distinct)
      if (target.kind === 'library') {
        const songs = await tracksOf(target, as, async () => [])
        found.set(
          keyOf(target),
          songs.map(({ id }) => id),
        )
      }
    return found
  }

  /** Looks up the songs of many shares at once; what it gives tells those of one target of a share. */
  async function songLookup(
    shares: readonly Share[],
    isWanted: (target: Target) => boolean = () => true,
  ): Promise<(share: Share, target: Target) => readonly string[]> {
    const withPlaylists = shares.filter(({ targets }) => targets.some(({ kind }) => kind === 'playlist'))
    const snapshots = await store.snapshots(withPlaylists.map(({ id }) => id))
    const songsOf = (share: Share, { kind, id }: Target): readonly Target[] =>
      kind === 'playlist'
        ? (snapshots.get(`${share.id} ${id}`) ?? []).map((song) => ({ kind: 'song', id: song }))
        : [{ kind, id }]
    const byRoot = new Map<string, Target[]>()
    for (const share of shares) {
      const list = byRoot.get(share.rootId) ?? []
      for (const target of share.targets.filter(isWanted)) for (const one of songsOf(share, target)) list.push(one)
      byRoot.set(share.rootId, list)
    }
    const found = new Map<string, ReadonlyMap<string, readonly string[]>>()
    for (const [rootId, targets] of byRoot) found.set(rootId, await songIdsOf(targets, rootId))
    return (share, target) => songsOf(share, target).flatMap((one) => found.get(share.rootId)?.get(keyOf(one)) ?? [])
  }

  /** The songs of many shares, as `tracks` has those of one: by share, in order, each once. */
  async function songIds(shares: readonly Share[]): Promise<ReadonlyMap<string, readonly string[]>> {
    const songsOf = await songLookup(shares)
    return new Map(shares.map((share) => [share.id, firstOf(share.targets.flatMap((one) => songsOf(share, one)))]))
  }

  /** What lists of shares show: ids of songs, albums and artists; playlists and libraries as their songs. */
  async function entryIds(shares: readonly Share[]): Promise<ReadonlyMap<string, readonly string[]>> {
    const isList = ({ kind }: Target) => kind === 'playlist' || kind === 'library'
    const songsOf = await songLookup(shares, isList)
    const idsOf = (share: Share) =>
      share.targets.flatMap((target) => (isList(target) ? songsOf(share, target) : [target.id]))
    return new Map(shares.map((share) => [share.id, firstOf(idsOf(share))]))
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

  async function living(shares: readonly Share[]): Promise<readonly Share[]> {
    return (await Promise.all(shares.map((share) => alive(share)))).filter((share) => share !== undefined)
  }

  async function incoming(userId: string): Promise<readonly Share[]> {
    return living(await store.incoming(userId, now()))
  }

  /** A page of them. Those that were passed on may have died with what they came by: then all are looked at. */
  async function incomingPage(
    userId: string,
    page: { readonly limit: number; readonly offset: number },
  ): Promise<{ readonly shares: readonly Share[]; readonly total: number }> {
    const { all, passedOn } = await store.countIncoming(userId, now())
    if (passedOn === 0) return { shares: await living(await store.incoming(userId, now(), page)), total: all }
    const shares = await incoming(userId)
    return { shares: shares.slice(page.offset, page.offset + page.limit), total: shares.length }
  }

  /** One share, if it is addressed to this user and lives. */
  async function incomingOne(userId: string, id: string): Promise<Share | undefined> {
    const share = await alive(await store.find(id))
    return share && isRecipient(share, userId) ? share : undefined
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
    if (purpose === 'download' && !allowDownloads) return []
    const may: Allowed = purpose === 'stream' || purpose === 'download' ? purpose : 'look'
    const songs = new Set<string>()
    const byRoot = new Map<string, Target[]>()
    for (const { rootId, ...target } of await store.incomingTargets(userId, now(), may)) {
      const list = byRoot.get(rootId) ?? []
      list.push(target)
      byRoot.set(rootId, list)
    }
    for (const [rootId, targets] of byRoot)
      for (const ids of (await songIdsOf(targets, rootId)).values()) for (const id of ids) songs.add(id)
    const passedOn = (await living(await store.incomingPassedOn(userId, now()))).filter(
      ({ permissions: { view, stream, download } }) =>
        may === 'stream' ? stream : may === 'download' ? download : view || stream,
    )
    for (const ids of (await songIds(passedOn)).values()) for (const id of ids) songs.add(id)
    return [...songs]
  }

  return {
    tracks,
    songIds,
    entryIds,
    songIdsOf,
    alive,
    isRecipient,
    incoming,
    incomingPage,
    incomingOne,
    origin,
    grants,
  }
}
