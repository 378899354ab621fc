import { createHash, randomUUID } from 'node:crypto'
import { availableParallelism } from 'node:os'
import { FULL_SCOPE } from '../base/access-scope.ts'
import { yieldToLoop } from '../base/deadline.ts'
import type { LibraryId } from '../base/ids.ts'
import type { Library } from '../library/entities.ts'
import { ChangeList } from './change-list.ts'
import { LibraryScan } from './library-scan.ts'
import type { LibraryScanResult, ScanProgress } from './library-scan-result.ts'
import type { LibraryWatches } from './library-watches.ts'
import { type ScanContext, ScanTally } from './scan-context.ts'
import { isSelective, type Job } from './scan-job.ts'
import { backNote, lostNote, tellPeople } from './scan-notes.ts'
import type { ScanKind, ScanSummary } from './scanner.ts'
import type { ScannerSettings } from './settings.ts'
import { TagReader } from './tag-reader.ts'

/** Grows when the mapping of tags does: libraries that were read by an older one are read again. */
const MAPPING_VERSION = 4
/** After so many changed songs the planner wants new statistics. */
const ANALYZE_AFTER = 500
const MAX_READERS = 2

export interface ScanRunOptions {
  readonly signal: AbortSignal
  readonly watches: LibraryWatches
  readonly onProgress: (progress: ScanProgress) => void
}

/** One scan over the libraries of a job, from its first event to its last. Rejects when it can't go on. */
export async function runScan(context: ScanContext, job: Job, options: ScanRunOptions): Promise<ScanSummary> {
  const { db, hooks, clock, log } = context
  const { signal, watches, onProgress } = options
  const scanId = randomUUID()
  const began = clock.monotonic()
  const tally = new ScanTally()
  const changes = new ChangeList()
  const lost: { libraryId: LibraryId; reason: string }[] = []
  const unsettled = new Map<LibraryId, readonly string[]>()
  let reader: TagReader | undefined
  const closeReader = () => reader?.close()
  // What the watch found is not told as a scan.
  const isTold = !job.only || isSelective(job)
  if (isTold) {
    hooks.observe('scan.started', { scanId, full: job.kind === 'full' })
    log.info('scan started', { scanId, kind: job.kind, ...(job.only ? { folders: countTrees(job) } : {}) })
  }
  let failure: { readonly error: unknown } | undefined
  signal.addEventListener('abort', closeReader, { once: true })
  try {
    const queue = [...chosen(context, job)]
    const first = queue.length
    for (let index = 0; index < queue.length && !signal.aborted; index++) {
      const library = queue[index] as Library
      const result = await scanLibrary(context, library, job, {
        signal,
        tally,
        changes,
        mayWait: index < first - 1,
        onProgress,
        beforeList: await watches.scanning(library),
        reader: () => {
          reader ??= startReader(context)
          return reader
        },
      })
      if (result.waits) queue.push(library)
      if (result.waits) continue
      // What it seemed to have lost has come here.
      for (const source of context.libraries.list(FULL_SCOPE))
        if (source.state === 'lost' && result.sources?.has(source.id)) queue.push(source)
      if (result.root.state === 'lost') lost.push({ libraryId: library.id, reason: result.root.reason })
      unsettled.set(library.id, result.unsettled)
      if (!signal.aborted) watches.scanned(library, result, job.only !== undefined)
    }
    if (tally.total >= ANALYZE_AFTER) await takeStatistics(db)
  } catch (error) {
    failure = { error }
  } finally {
    signal.removeEventListener('abort', closeReader)
    closeReader()
    db.settle()
  }
  const { added, changed, moved, removed, returned, problems } = tally
  const durationMs = Math.round(clock.monotonic() - began)
  const counts = { added, changed, moved, removed, returned, problems, durationMs }
  const summary: ScanSummary = { scanId, kind: job.kind, ...counts, cancelled: signal.aborted, lost }
  if (!changes.isEmpty) hooks.observe('library.changed', changes.toEvent())
  if (isTold)
    hooks.observe('scan.finished', {
      scanId,
      added,
      changed: changed + moved,
      removed,
      problems,
      durationMs,
      ...(failure ? { failed: true } : {}),
    })
  tellPeople(context, { scanId, removed, problems, failed: failure !== undefined })
  if (failure) throw failure.error
  if (isTold || tally.total > 0) log.info('scan finished', { ...summary })
  for (const [id, folders] of unsettled) watches.report(id, folders)
  return summary
}

function chosen({ libraries }: ScanContext, { only, libraries: wanted }: Job): readonly Library[] {
  const all = libraries.list(FULL_SCOPE)
  if (only) return all.filter(({ id }) => only.has(id))
  return all.filter(({ id }) => wanted === undefined || wanted.includes(id))
}

function countTrees({ only }: Job): number {
  return [...(only?.values() ?? [])].reduce((sum, { trees }) => sum + trees.size, 0)
}

function startReader({ childEntry, settings, log, clock }: ScanContext): TagReader {
  return new TagReader({
    entry: childEntry,
    children: settings.readers || Math.min(MAX_READERS, availableParallelism()),
    timeoutMs: settings.readTimeoutMs,
    log,
    clock,
  })
}

async function scanLibrary(
  context: ScanContext,
  library: Library,
  job: Job,
  run: {
    readonly signal: AbortSignal
    readonly tally: ScanTally
    readonly changes: ChangeList
    readonly mayWait: boolean
    readonly reader: () => TagReader
    readonly onProgress: (progress: ScanProgress) => void
    readonly beforeList: (folder: string) => void
  },
): Promise<LibraryScanResult> {
  const { records, clock, settings } = context
  const only = job.only?.get(library.id)
  const mapping = mappingOf(settings)
  const outdated = library.lastScanAt !== undefined && records.mapping(library.id) !== mapping
  const wasFull = library.scanPending === 'full'
  const isAnew = only && [...only.trees.values()].includes('full')
  const kind: ScanKind = only
    ? isAnew
      ? 'full'
      : 'quick'
    : job.kind === 'full' || wasFull || outdated
      ? 'full'
      : 'quick'
  const resume = wasFull && job.kind !== 'full' && library.lastScanStartedAt !== undefined && !outdated
  if (!only && !resume) records.request(library.id, kind)
  const before = run.tally.total
  const wasBehind = records.isBehind(library.id)
  const { acceptMissing } = job
  const scan = new LibraryScan(context, library, { ...run, kind, resume, only, acceptMissing })
  const result = await scan.run()
  if (result.waits) return result
  const whole = only === undefined && !run.signal.aborted
  const isThere = result.root.state === 'ok'
  if (whole || !isThere) tellRoot(context, library, result)
  if (whole && isThere) records.setMapping(library.id, mapping)
  const changed = run.tally.total > before
  // Half a scan stays pending, and its totals and covers are looked at again: they were made of half a disk.
  if (result.failing) records.interrupt(library.id, { at: clock.now(), changed })
  else if (isThere || result.walked.length > 0)
    records.finish(library.id, { at: clock.now(), changed, whole: whole && isThere })
  if (run.signal.aborted || (!isThere && !result.failing && !resume && !wasBehind))
    records.abandon(library.id, only === undefined)
  return result
}

/** Tells when a library's root is lost or back, once. */
function tellRoot(context: ScanContext, library: Library, { root }: LibraryScanResult): void {
  const { db, libraries, hooks, notify, log } = context
  const { id: libraryId, name } = library
  if (root.state === 'lost') {
    const { reason } = root
    db.transaction(() => {
      libraries.setState(libraryId, 'lost', reason)
      if (library.state !== 'lost') notify.send(lostNote({ libraryId, name, reason }))
    })
    log.warn('library looks lost, nothing of it was marked as missing', { library: libraryId, name, reason })
    if (library.state !== 'lost') hooks.observe('library.root', { libraryId, state: 'lost', reason })
  } else if (library.state === 'lost') {
    db.transaction(() => {
      libraries.setState(libraryId, 'ok', '')
      notify.send(backNote({ libraryId, name }))
    })
    log.info('library is back', { library: libraryId, name })
    hooks.observe('library.root', { libraryId, state: 'back', reason: '' })
  }
}

/** By what rows are made; other settings mean other rows. */
function mappingOf(settings: ScannerSettings): string {
  const facts = [
    MAPPING_VERSION,
    settings.artistSeparators,
    settings.artistSplitExceptions,
    settings.artistJoiner,
    settings.genreSeparators,
    settings.ignoredArticles,
    settings.coverPriority,
    settings.lyricsPriority,
  ]
  return createHash('sha256').update(JSON.stringify(facts)).digest('hex').slice(0, 16)
}

async function takeStatistics(db: ScanContext['db']): Promise<void> {
  for (const _ of db.analyze()) await yieldToLoop()
}
