import { access } from 'node:fs/promises'
import type { Clock } from '../../base/clock.ts'
import { AppError } from '../../base/errors.ts'
import { Interest } from '../../base/interest.ts'
import type { CoverFile } from '../../library/artwork-repository.ts'
import type { StoredArtwork, StoredArtworkRepository } from '../../library/stored-artwork-repository.ts'
import type { Logger } from '../../log/logger.ts'
import type { ArtworkCache } from './artwork-cache.ts'
import type { ImagePool } from './image-pool.ts'
import type { ImageFailure } from './image-tasks.ts'

/** Longest edge of the picture that is kept of a cover; what clients ask for is nearly always smaller. */
const MASTER_EDGE = 640
/** Candidates that are tried before a cover counts as absent. */
const MAX_CANDIDATES = 4
const PASSING: ReadonlySet<ImageFailure> = new Set(['unavailable', 'unwritable'])
/** A decoder that crashed or hung may have met a bad moment: tried again after a week. */
export const RETRY_MS = 7 * 86_400_000
/** Entries that wait to be written together while a library is prepared. */
const BATCH = 50

export interface MastersOptions {
  readonly store: StoredArtworkRepository
  readonly cache: ArtworkCache
  readonly pool: ImagePool
  readonly clock: Clock
  readonly log: Logger
}

/** Where a version's picture may come from; asked only when it has to be made. */
export type Candidates = () => readonly Pick<CoverFile, 'kind' | 'path' | 'within'>[]

/** Makes and remembers the bounded picture of each version of a cover. Equal requests share one making. */
export interface Masters {
  /** Undefined: there is no readable picture. Rejects with CANCELLED when all signals have aborted, BUSY, UNAVAILABLE, DISK_FULL, DATA_UNWRITABLE. */
  ensure(
    version: string,
    candidates: Candidates,
    options?: { readonly background?: boolean; readonly signal?: AbortSignal | undefined },
  ): Promise<StoredArtwork | undefined>
  /** The same, although an entry is there: its file is gone or damaged. */
  remake(version: string, candidates: Candidates, signal?: AbortSignal): Promise<StoredArtwork | undefined>
  /** Writes what background work left waiting. */
  flush(): void
}

export function createMasters({ store, cache, pool, clock, log }: MastersOptions): Masters {
  const underWay = new Map<
    string,
    { readonly making: Promise<StoredArtwork | undefined>; readonly interest: Interest }
  >()
  const waiting = new Map<string, StoredArtwork>()

  function flush(): void {
    if (waiting.size === 0) return
    const entries = [...waiting.values()]
    waiting.clear()
    store.save(entries)
  }

  function remember(entry: StoredArtwork, background: boolean): void {
    if (!background) {
      waiting.delete(entry.version)
      store.save([entry])
      return
    }
    waiting.set(entry.version, entry)
    if (waiting.size >= BATCH) flush()
  }

  async function make(version: string, candidates: Candidates, background: boolean, signal: AbortSignal) {
    const reasons: ImageFailure[] = []
    for (const [choice, { kind, path, within }] of candidates().slice(0, MAX_CANDIDATES).entries()) {
      const task = { kind: 'master', source: { kind, path, within }, edge: MASTER_EDGE, folder: cache.masters } as const
      const result = await pool.run(task, { background, signal })
      if (result.ok) {
        cache.added(result.written)
        const { content, width, height, original } = result
        const entry = { version, content, reason: '', choice, width, height, original, madeAt: clock.now() }
        remember(entry, background)
        return entry
      }
      if (result.reason === 'unwritable') throw unwritable(result.note)
      log.warn('picture not usable as cover', { reason: result.reason, note: result.note, path })
      reasons.push(result.reason)
    }
    const reason = reasons.find((one) => !PASSING.has(one))
    if (reason !== undefined && !reasons.some((one) => PASSING.has(one)))
      remember(absent(version, reason, clock.now()), background)
    return undefined
  }

  function shared(version: string, candidates: Candidates, background: boolean, signal?: AbortSignal) {
    const running = underWay.get(version)
    if (running && !running.interest.signal.aborted) {
      running.interest.join(signal)
      return running.making
    }
    const interest = new Interest()
    interest.join(signal)
    const making = make(version, candidates, background, interest.signal).finally(() => {
      if (underWay.get(version)?.interest === interest) underWay.delete(version)
    })
    underWay.set(version, { making, interest })
    return making
  }

  function worthAnotherTry({ reason, width, content, madeAt }: StoredArtwork): boolean {
    if (reason === 'crashed' || reason === 'timeout') return madeAt < clock.now() - RETRY_MS
    return (reason === 'unresized' || (content !== '' && width === 0)) && pool.resizes() !== false
  }

  return {
    async ensure(version, candidates, { background = false, signal } = {}) {
      const known = waiting.get(version) ?? store.find(version)
      if (!known || worthAnotherTry(known)) return shared(version, candidates, background, signal)
      return known.content === '' ? undefined : known
    },
    async remake(version, candidates, signal) {
      return shared(version, candidates, false, signal)
    },
    flush,
  }
}

/** Whether the folder of masters is there: who empties the cache wants everything made again. */
export async function hasMasters(cache: ArtworkCache): Promise<boolean> {
  return access(cache.masters).then(
    () => true,
    () => false,
  )
}

export function unwritable(note: string | undefined): AppError {
  return note === 'ENOSPC' || note === 'EDQUOT'
    ? new AppError('DISK_FULL', 'The disk of the cover cache is full.')
    : new AppError('DATA_UNWRITABLE', 'The cover cache cannot be written.', { details: { code: note } })
}

function absent(version: string, reason: ImageFailure, madeAt: number): StoredArtwork {
  return { version, content: '', reason, choice: 0, width: 0, height: 0, original: false, madeAt }
}
