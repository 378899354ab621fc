import { FULL_SCOPE } from '../../base/access-scope.ts'
import type { Clock } from '../../base/clock.ts'
import { yieldToLoop } from '../../base/deadline.ts'
import { isAppError } from '../../base/errors.ts'
import type { UserId } from '../../base/ids.ts'
import type { ArtworkRepository } from '../../library/artwork-repository.ts'
import type { Viewer } from '../../library/entities.ts'
import type { CoveredKind, StoredArtworkRepository } from '../../library/stored-artwork-repository.ts'
import type { Logger } from '../../log/logger.ts'
import type { ArtworkCache } from './artwork-cache.ts'
import type { ImagePool } from './image-pool.ts'
import { hasMasters, type Masters, RETRY_MS } from './masters.ts'
import { PROVIDED_MS } from './provided.ts'

export interface PrepareOptions {
  readonly repository: ArtworkRepository
  readonly store: StoredArtworkRepository
  readonly cache: ArtworkCache
  readonly masters: Masters
  readonly pool: ImagePool
  readonly clock: Clock
  readonly log: Logger
  readonly workers: number
}

/** The server's own eyes: which picture belongs to a version depends on no viewer. */
export const EVERYTHING: Viewer = { userId: 0 as UserId, scope: FULL_SCOPE }

const KINDS: readonly CoveredKind[] = ['album', 'artist', 'folder', 'song']

/**
 * Makes the masters of all versions that have none, then drops what belongs to nothing any more. In small steps; ends
 * early when the signal aborts or the cache can't be written.
 */
export async function prepareCovers(
  options: PrepareOptions,
  signal: AbortSignal,
): Promise<{ readonly made: number; readonly failed: number }> {
  const { store, cache, masters, clock, log } = options
  const count = { made: 0, failed: 0 }
  if (!(await hasMasters(cache))) store.clear()
  try {
    for (const kind of KINDS) {
      let after: string | undefined = ''
      while (after !== undefined && !signal.aborted) {
        const page = store.versions(kind, after, clock.now() - RETRY_MS)
        await makeAll(options, kind, page.unmade, signal, count)
        after = page.next
        await yieldToLoop()
      }
      // Albums, folders and songs share versions: the next kind must see what is made.
      masters.flush()
    }
  } catch (error) {
    if (!signal.aborted) log.error('covers not prepared', { code: isAppError(error) ? error.code : String(error) })
    return count
  } finally {
    masters.flush()
  }
  if (!signal.aborted) await dropLeftovers(options)
  return count
}

async function makeAll(
  { repository, masters, workers }: PrepareOptions,
  kind: CoveredKind,
  items: readonly { readonly version: string; readonly key: number }[],
  signal: AbortSignal,
  count: { made: number; failed: number },
): Promise<void> {
  const left = [...items].reverse()
  const lane = async () => {
    for (let item = left.pop(); item && !signal.aborted; item = left.pop()) {
      const { key, version } = item
      const entry = await masters.ensure(version, () => repository.candidates(EVERYTHING, { kind, key }), {
        background: true,
      })
      if (entry) count.made++
      else count.failed++
    }
  }
  await Promise.all(Array.from({ length: workers }, lane))
}

async function dropLeftovers({ store, cache, pool, clock }: PrepareOptions): Promise<void> {
  if (pool.resizes()) store.dropUnresized()
  let after: string | undefined = ''
  while (after !== undefined) {
    after = store.dropGone(after, clock.now() - PROVIDED_MS).next
    await yieldToLoop()
  }
  await cache.sweep((content) => store.isUsed(content))
}
