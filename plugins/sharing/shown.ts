import type { LibraryReader, Track } from 'tonearm/plugin'
import type { Content } from './content.ts'
import { keyOf, type Share, type Target } from './share.ts'
import type { Store } from './store.ts'

export interface ShownParts {
  readonly store: Store
  readonly content: Content
  readonly library: LibraryReader
}

export type Shown = ReturnType<typeof createShown>

/**
 * Shares as they may be described: what the user on whom a share stands may not see any more is neither among its
 * targets nor named. Kept is what was shared: when the right comes back, so does it.
 */
export function createShown({ store, content, library }: ShownParts) {
  /** Those of the targets that this user may see without what others share; playlists are theirs, or a copy of one. */
  async function visible(targets: readonly Target[], as: string): Promise<ReadonlySet<string>> {
    const found = new Set<string>()
    const others: Target[] = []
    for (const target of targets)
      if (target.kind === 'playlist') found.add(keyOf(target))
      else if (target.kind !== 'library') others.push(target)
      else if (!found.has(keyOf(target))) {
        const of = { libraryId: Number(target.id) || 0 }
        if ((await library.tracks({ ...of, ownOnly: true, limit: 1 }, as)).length > 0) found.add(keyOf(target))
      }
    for (const [key, songs] of await content.songIdsOf(others, as)) if (songs.length > 0) found.add(key)
    return found
  }

  async function seenOf(share: Share, isVisible: (target: Target) => boolean): Promise<Share> {
    const targets = share.targets.filter(isVisible)
    if (targets.length === share.targets.length) return share
    return { ...share, targets, contents: await labelOf(targets, library, share.rootId) }
  }

  async function many(shares: readonly Share[]): Promise<readonly Share[]> {
    const ofRoot = new Map<string, Target[]>()
    for (const { rootId, targets } of shares) {
      const list = ofRoot.get(rootId) ?? []
      list.push(...targets)
      ofRoot.set(rootId, list)
    }
    const seen = new Map<string, ReadonlySet<string>>()
    for (const [rootId, targets] of ofRoot) seen.set(rootId, await visible(targets, rootId))
    const result: Share[] = []
    for (const share of shares) {
      // What was passed on stands on what it was given by as well.
      const stands = share.sourceId === undefined || (await content.alive(await store.find(share.sourceId)))
      result.push(await seenOf(share, (target) => Boolean(stands && seen.get(share.rootId)?.has(keyOf(target)))))
    }
    return result
  }

  return { many, one: async (share: Share): Promise<Share> => (await many([share]))[0] as Share }
}

/** A line that says what is in a share, by the names that this user may see. */
export async function labelOf(
  targets: readonly Target[],
  library: LibraryReader,
  as: string,
  tracks: readonly Track[] = [],
): Promise<string> {
  const names: string[] = []
  for (const { kind, id } of targets.slice(0, 4)) {
    if (kind === 'song')
      names.push((tracks.find((track) => track.id === id) ?? (await library.track(id, as)))?.title ?? '')
    else if (kind === 'library')
      names.push((await library.libraries(as)).find((one) => String(one.id) === id)?.name ?? '')
    else names.push((await library[kind](id, as))?.name ?? '')
  }
  const text = names.filter(Boolean).join(', ')
  const cut = Array.from(text)
  return cut.length > 60 || targets.length > 4 ? `${cut.slice(0, 59).join('')}…` : text
}
