import { mkdir, readdir, rm, stat, utimes } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { LRUCache } from 'lru-cache'
import { systemErrorCode } from '../../base/errors.ts'
import type { Logger } from '../../log/logger.ts'
import { readStored, type StoredPicture } from './stored-picture.ts'

export interface ArtworkCacheOptions {
  readonly folder: string
  /** Of all files together. */
  readonly maxBytes: number
  readonly log: Logger
}

/**
 * `<folder>/masters` holds one bounded picture for each different cover, `<folder>/sizes` what was made of them. Both
 * survive restarts and may be deleted at any time. When they outgrow the bound, the sizes that were not asked for longest
 * go first; masters only when they alone are too much.
 */
export interface ArtworkCache {
  readonly masters: string
  masterPath(content: string): string
  /** @param name an edge in pixels or another short name. */
  sizePath(content: string, name: string | number): string
  /** Small sizes come out of memory for a while: their names tell their content, which is the same for whoever may see it. */
  open(path: string): Promise<StoredPicture | undefined>
  /** Counts what was written; now and then that brings a sweep. */
  added(bytes: number): void
  /** Brings the cache within its bound and removes leftovers. `isUsed` false: the picture belongs to nothing any more. */
  sweep(isUsed?: (content: string) => boolean): Promise<{ readonly bytes: number; readonly removed: number }>
}

interface Entry {
  readonly path: string
  readonly bytes: number
  readonly mtimeMs: number
}

const DAY_MS = 86_400_000
/** An unfinished file that is older was left by a process that died. */
const STALE_TEMP_MS = 600_000
/** A sweep leaves some room, so that the next one is not due at once. */
const KEEP = 0.9
/** Share of the bound that may be written between two sweeps. */
const SWEEP_AFTER = 0.05
/** Of small pictures that are remembered: what a few clients have on their screens. */
const REMEMBERED_BYTES = 4 << 20
const MOST_REMEMBERED_EACH = 64 << 10
/** Of each, beside its bytes. */
const OVERHEAD = 1024
/** Without any question for so long all are forgotten. */
const FORGET_MS = 60_000

export function createArtworkCache({ folder, maxBytes, log }: ArtworkCacheOptions): ArtworkCache {
  const masters = join(folder, 'masters')
  const sizes = join(folder, 'sizes')
  let sinceSweep = Number.POSITIVE_INFINITY
  let sweeping: Promise<{ readonly bytes: number; readonly removed: number }> | undefined
  let complained = false
  const remembered = new LRUCache<string, StoredPicture>({
    maxSize: REMEMBERED_BYTES,
    sizeCalculation: ({ bytes }) => bytes + OVERHEAD,
  })
  const forgetting = setTimeout(() => remembered.clear(), FORGET_MS).unref()
  const place = (root: string, name: string) => join(root, name.slice(0, 2), name)

  async function doSweep(isUsed: ((content: string) => boolean) | undefined) {
    sinceSweep = 0
    const kept: Entry[] = []
    const removed: Entry[] = []
    const remove = async (entry: Entry) => {
      await rm(entry.path, { force: true })
      removed.push(entry)
    }
    const masterFiles: Entry[] = []
    for await (const entry of walk(masters)) {
      if (isStale(entry) || (isUsed && !isTemp(entry) && !isUsed(basename(entry.path)))) await remove(entry)
      else masterFiles.push(entry)
    }
    for await (const entry of walk(sizes))
      if (isStale(entry)) await remove(entry)
      else kept.push(entry)

    let bytes = sum(masterFiles) + sum(kept)
    const order = [...kept.sort(byAge), ...masterFiles.sort(byAge)]
    if (bytes > maxBytes)
      for (const entry of order) {
        if (bytes <= maxBytes * KEEP) break
        await remove(entry)
        bytes -= entry.bytes
      }
    const mastersBytes = sum(masterFiles)
    if (mastersBytes > maxBytes && !complained) {
      complained = true
      log.warn('the cover cache is too small for the library: covers will be read from the music disks again', {
        setting: 'artwork.cacheSize',
        neededBytes: Math.ceil(mastersBytes * 1.3),
        maxBytes,
      })
    }
    return { bytes, removed: removed.length }
  }

  return {
    masters,
    masterPath: (content) => place(masters, content),
    sizePath: (content, name) => place(sizes, `${content}-${name}`),
    async open(path) {
      forgetting.refresh()
      const known = remembered.get(path)
      const stored = known ?? (await readStored(path))
      if (!stored) return undefined
      // Remembers use for the sweep, at most once a day: browsing writes next to nothing.
      const isOld = Date.now() - stored.mtimeMs > DAY_MS
      if (isOld) {
        const now = new Date()
        utimes(path, now, now).catch(() => {})
      }
      const isSmall = stored.data !== undefined && stored.bytes <= MOST_REMEMBERED_EACH
      if (isSmall && (!known || isOld) && path.startsWith(sizes))
        remembered.set(path, isOld ? { ...stored, mtimeMs: Date.now() } : stored)
      return stored
    },
    added(bytes) {
      sinceSweep += bytes
      if (bytes > 0 && sinceSweep > maxBytes * SWEEP_AFTER && !sweeping)
        void this.sweep().catch((error: unknown) =>
          log.warn('the cover cache could not be swept', { code: systemErrorCode(error) ?? String(error) }),
        )
    },
    sweep(isUsed) {
      const next = (sweeping ?? Promise.resolve())
        .catch(() => {})
        .then(() => doSweep(isUsed))
        .finally(() => {
          if (sweeping === next) sweeping = undefined
        })
      sweeping = next
      return next
    },
  }
}

async function* walk(root: string): AsyncIterable<Entry> {
  await mkdir(root, { recursive: true })
  for (const shard of await readdir(root)) {
    const names = await readdir(join(root, shard)).catch(() => [])
    for (const name of names) {
      const path = join(root, shard, name)
      const facts = await stat(path).catch(() => undefined)
      if (facts?.isFile()) yield { path, bytes: facts.size, mtimeMs: facts.mtimeMs }
    }
  }
}

function isTemp({ path }: Entry): boolean {
  return path.endsWith('.tmp')
}

function isStale(entry: Entry): boolean {
  return isTemp(entry) && Date.now() - entry.mtimeMs > STALE_TEMP_MS
}

function byAge(a: Entry, b: Entry): number {
  return a.mtimeMs - b.mtimeMs
}

function sum(entries: readonly Entry[]): number {
  return entries.reduce((total, { bytes }) => total + bytes, 0)
}
