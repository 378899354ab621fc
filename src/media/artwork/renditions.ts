import { createHash } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { Interest } from '../../base/interest.ts'
import type { StoredArtwork } from '../../library/stored-artwork-repository.ts'
import type { Logger } from '../../log/logger.ts'
import type { ArtworkCache } from './artwork-cache.ts'
import type { ImagePool } from './image-pool.ts'
import type { ImageTask, PictureSource } from './image-tasks.ts'
import type { StoredPicture } from './stored-picture.ts'

/** A cover that can be sent in any size. */
export interface Cover {
  readonly entry: StoredArtwork
  /** The file on the music disks it was made of; undefined when that is not known (any more) or there is none. */
  source(): PictureSource | undefined
  /** Makes the stored picture anew when its file is gone or damaged. */
  remake(): Promise<StoredArtwork | undefined>
  /** Aborts when nobody waits for it any more. */
  readonly signal?: AbortSignal | undefined
}

/** Pictures of covers in the cache. All of them resolve to undefined when the cover is gone for good. */
export interface Renditions {
  /**
   * Longest edge at most `edge`; the music disks are read only for more than the stored picture holds.
   * `square`: on a square, as far as there is a resizer.
   */
  sized(cover: Cover, edge: number, options?: { readonly square?: boolean }): Promise<StoredPicture | undefined>
  /** The stored picture itself. */
  stored(cover: Cover): Promise<StoredPicture | undefined>
  /** The bytes inside a music file, copied to the cache. */
  embedded(cover: Cover, source: PictureSource): Promise<StoredPicture | undefined>
  /** Four covers, two by two. */
  grid(covers: readonly Cover[], edge: number): Promise<StoredPicture | undefined>
}

type Outcome = 'made' | 'source' | 'failed'

export interface RenditionsOptions {
  readonly cache: ArtworkCache
  readonly pool: ImagePool
  readonly log: Logger
}

/** Of files in the cache, and in the ETag of what is sent. */
export function sizeName(edge: number, square: boolean): string {
  return square ? `q${edge}` : String(edge)
}

export function createRenditions({ cache, pool, log }: RenditionsOptions): Renditions {
  let complained = false
  const underWay = new Map<string, { readonly making: Promise<Outcome>; readonly interest: Interest }>()

  /**
   * 'source': what it is made of is missing or damaged; 'failed': there is no resizer or no room, so that something larger
   * has to do. Equal requests share one making.
   */
  function make(
    task: Extract<ImageTask, { readonly target: string }>,
    signal: AbortSignal | undefined,
  ): Promise<Outcome> {
    const running = underWay.get(task.target)
    if (running && !running.interest.signal.aborted) {
      running.interest.join(signal)
      return running.making
    }
    const interest = new Interest()
    interest.join(signal)
    const making = pool
      .run(task, { signal: interest.signal })
      .then((result) => {
        if (result.ok) {
          complained = false
          cache.added(result.written)
          return 'made' as const
        }
        if (result.reason === 'unwritable' && !complained) {
          complained = true
          log.warn('the cover cache can not be written: covers are sent larger than asked for', { reason: result.note })
        }
        return result.reason === 'unresized' || result.reason === 'unwritable'
          ? ('failed' as const)
          : ('source' as const)
      })
      .finally(() => {
        if (underWay.get(task.target)?.interest === interest) underWay.delete(task.target)
      })
    underWay.set(task.target, { making, interest })
    return making
  }

  async function stored(cover: Cover): Promise<StoredPicture | undefined> {
    const found = await cache.open(cache.masterPath(cover.entry.content))
    if (found) return found
    const entry = await cover.remake()
    return entry && cache.open(cache.masterPath(entry.content))
  }

  const fromCache = (content: string): PictureSource => ({ kind: 'stored', path: cache.masterPath(content) })

  /** Tries once more with a fresh master when the stored one turned out bad. */
  async function smaller(cover: Cover, edge: number, square: boolean): Promise<StoredPicture | undefined> {
    let { entry } = cover
    for (const attempt of [1, 2]) {
      const target = cache.sizePath(entry.content, sizeName(edge, square))
      const found = await cache.open(target)
      if (found) return found
      const source = fromCache(entry.content)
      const outcome = await make({ kind: 'resize', source, edge, square, target }, cover.signal)
      if (outcome === 'made') return cache.open(target)
      if (outcome === 'failed' || attempt === 2) break
      await rm(cache.masterPath(entry.content), { force: true })
      const fresh = await cover.remake()
      if (!fresh) return undefined
      entry = fresh
    }
    return stored({ ...cover, entry })
  }

  return {
    stored,
    async sized(cover, edge, options = {}) {
      const { content, width, height, original } = cover.entry
      const longest = Math.max(width, height)
      const square = options.square === true && width !== height
      const largest = () => (square ? smaller(cover, longest, true) : stored(cover))
      if (longest === 0 || pool.resizes() === false) return stored(cover)
      if (original && edge >= longest) return largest()
      if (edge <= longest) return smaller(cover, edge, square)
      const target = cache.sizePath(content, sizeName(edge, square))
      const found = await cache.open(target)
      if (found) return found
      const source = cover.source()
      const outcome = source && (await make({ kind: 'resize', source, edge, square, target }, cover.signal))
      return (outcome === 'made' ? await cache.open(target) : undefined) ?? largest()
    },
    async embedded(cover, source) {
      const target = cache.sizePath(cover.entry.content, 'o')
      const found = await cache.open(target)
      if (found) return found
      return (await make({ kind: 'original', source, target }, cover.signal)) === 'made'
        ? cache.open(target)
        : undefined
    },
    async grid(covers, edge) {
      const contents = covers.map(({ entry }) => entry.content)
      const name = createHash('sha256').update(contents.join()).digest('hex').slice(0, 32)
      const target = cache.sizePath(name, `g${edge}`)
      const found = await cache.open(target)
      if (found) return found
      const parts = await Promise.all(covers.map(stored))
      if (parts.includes(undefined)) return undefined
      const sources = parts.map((part) => ({ kind: 'stored' as const, path: (part as StoredPicture).path }))
      return (await make({ kind: 'grid', sources, edge, target }, covers[0]?.signal)) === 'made'
        ? cache.open(target)
        : undefined
    },
  }
}
