import { createHash, randomUUID } from 'node:crypto'
import { availableParallelism } from 'node:os'
import { Cron } from 'croner'
import { FULL_SCOPE } from '../base/access-scope.ts'
import type { LibraryId } from '../base/ids.ts'
import type { Library } from '../library/entities.ts'
import { createScanFolders } from '../library/scan-folders.ts'
import { createScanRecords } from '../library/scan-records.ts'
import { ChangeList } from './change-list.ts'
import { FolderWatch } from './folder-watch.ts'
import { LibraryScan, type LibraryScanResult, type ScanProgress } from './library-scan.ts'
import { type ScanContext, type ScannerOptions, ScanTally } from './scan-context.ts'
import type { ScanKind, Scanner, ScanRequest, ScanStatus, ScanSummary } from './scanner.ts'
import { TagReader } from './tag-reader.ts'

/** Grows when the mapping of tags does: libraries that were read by an older one are read again. */
const MAPPING_VERSION = 1
const PROGRESS_MS = 100
/** After so many changed songs the planner wants new statistics. */
const ANALYZE_AFTER = 500
const MAX_READERS = 2

interface Job {
  readonly kind: ScanKind
  readonly libraries: readonly LibraryId[] | undefined
  readonly acceptMissing: boolean
  /** Folders by library: only they are looked at. */
  readonly only: ReadonlyMap<LibraryId, ReadonlySet<string>> | undefined
}

interface Waiting {
  job: Job
  readonly promise: Promise<ScanSummary>
  readonly resolve: (summary: ScanSummary) => void
  readonly reject: (error: unknown) => void
}

/** The scanner over all libraries. Nothing runs before `start` or `scan`. */
export function createScanner(options: ScannerOptions): Scanner {
  return new ScannerService({
    ...options,
    folders: createScanFolders(options.db),
    records: createScanRecords(options.db),
  })
}

class ScannerService implements Scanner {
  readonly #context: ScanContext
  readonly #listeners = new Set<(status: ScanStatus) => void>()
  readonly #watches = new Map<LibraryId, FolderWatch>()
  #cron: Cron | undefined
  #started = false
  #stopping = false
  #running: { readonly job: Job; readonly promise: Promise<ScanSummary>; readonly abort: AbortController } | undefined
  #waiting: Waiting | undefined
  #progress = { count: 0, total: undefined as number | undefined, folders: 0 }
  #startedAt = 0
  #elapsedMs = 0
  #lastError: string | undefined
  #notifiedAt = 0

  constructor(context: ScanContext) {
    this.#context = context
  }

  status(): ScanStatus {
    const scanning = this.#running !== undefined
    const libraries = this.#libraries()
    const times = libraries.flatMap(({ lastScanAt }) => lastScanAt ?? [])
    const idle = !scanning && this.#progress.count === 0
    const sum = (value: (library: Library) => number) => libraries.reduce((total, library) => total + value(library), 0)
    return {
      scanning,
      kind: this.#running?.job.kind,
      count: idle ? sum(({ songCount }) => songCount) : this.#progress.count,
      total: scanning ? this.#progress.total : undefined,
      folderCount: idle ? sum(({ folderCount }) => folderCount) : this.#progress.folders,
      lastScanAt: times.length > 0 ? Math.max(...times) : undefined,
      lastError: this.#lastError,
      elapsedMs: scanning ? this.#context.clock.monotonic() - this.#startedAt : this.#elapsedMs,
    }
  }

  scan(request: ScanRequest): Promise<ScanSummary> {
    return this.#enqueue({
      kind: request.kind,
      libraries: request.libraries,
      acceptMissing: request.acceptMissing ?? false,
      only: undefined,
    })
  }

  cancel(): void {
    this.#running?.abort.abort()
  }

  onProgress(listener: (status: ScanStatus) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  async start(): Promise<void> {
    const { settings, log } = this.#context
    this.#started = true
    if (settings.schedule !== '')
      this.#cron = new Cron(settings.schedule, { unref: true, protect: true }, () => this.#scanInBackground('quick'))
    if (settings.watch !== 'off' && settings.watchDebounceMs > 0)
      for (const library of this.#libraries()) await this.#watchLibrary(library)
    const pending = this.#libraries().filter(
      ({ id, scanPending }) => scanPending !== '' || this.#context.records.isBehind(id),
    )
    if (pending.length > 0)
      log.info('an interrupted scan is taken up again', { libraries: pending.map(({ id }) => id) })
    if (settings.scanOnStart) this.#scanInBackground('quick')
    else if (pending.length > 0)
      this.#scanInBackground(
        'quick',
        pending.map(({ id }) => id),
      )
  }

  async stop(): Promise<void> {
    this.#stopping = true
    this.#started = false
    this.#cron?.stop()
    for (const watch of this.#watches.values()) watch.close()
    this.#watches.clear()
    this.cancel()
    this.#waiting?.reject(new Error('the server is stopping'))
    this.#waiting = undefined
    await this.#running?.promise.catch(() => {})
  }

  #libraries(): readonly Library[] {
    return this.#context.libraries.list(FULL_SCOPE)
  }

  #scanInBackground(kind: ScanKind, libraries?: readonly LibraryId[]): void {
    this.#enqueue({ kind, libraries, acceptMissing: false, only: undefined }).catch((error: unknown) => {
      if (!this.#stopping) this.#context.log.error('scan failed', { error: messageOf(error) })
    })
  }

  #enqueue(job: Job): Promise<ScanSummary> {
    if (this.#stopping) return Promise.reject(new Error('the server is stopping'))
    if (!this.#running) return this.#begin(job)
    if (!this.#running.abort.signal.aborted && covers(this.#running.job, job)) return this.#running.promise
    if (this.#waiting) {
      this.#waiting.job = union(this.#waiting.job, job)
      return this.#waiting.promise
    }
    let resolve: (summary: ScanSummary) => void = () => {}
    let reject: (error: unknown) => void = () => {}
    const promise = new Promise<ScanSummary>((yes, no) => {
      resolve = yes
      reject = no
    })
    this.#waiting = { job, promise, resolve, reject }
    return promise
  }

  #begin(job: Job): Promise<ScanSummary> {
    const abort = new AbortController()
    const run = Promise.resolve().then(() => this.#run(job, abort.signal))
    const promise = run.finally(() => {
      this.#running = undefined
      this.#notify(true)
      const next = this.#waiting
      this.#waiting = undefined
      if (next) this.#begin(next.job).then(next.resolve, next.reject)
    })
    this.#running = { job, promise, abort }
    return promise
  }

  async #run(job: Job, signal: AbortSignal): Promise<ScanSummary> {
    const { db, hooks, clock, log, settings, childEntry } = this.#context
    const scanId = randomUUID()
    const tally = new ScanTally()
    const changes = new ChangeList()
    const lost: { libraryId: LibraryId; reason: string }[] = []
    const unsettled = new Map<LibraryId, readonly string[]>()
    let reader: TagReader | undefined
    this.#startedAt = clock.monotonic()
    this.#progress = { count: 0, total: undefined, folders: 0 }
    if (!job.only) {
      hooks.observe('scan.started', { scanId, full: job.kind === 'full' })
      log.info('scan started', { scanId, kind: job.kind })
    }
    this.#notify(true)
    let failure: unknown
    db.durability('bulk')
    try {
      for (const library of this.#chosen(job)) {
        if (signal.aborted) break
        const result = await this.#scanLibrary(library, job, {
          signal,
          tally,
          changes,
          reader: () => {
            reader ??= new TagReader({
              entry: childEntry,
              children: settings.readers || Math.min(MAX_READERS, availableParallelism()),
              timeoutMs: settings.readTimeoutMs,
              log,
              clock,
            })
            return reader
          },
          onProgress: (progress) => this.#advance(progress),
          onCancel: () => reader?.close(),
        })
        if (result.root.state === 'lost') lost.push({ libraryId: library.id, reason: result.root.reason })
        unsettled.set(library.id, result.unsettled)
      }
      if (tally.total >= ANALYZE_AFTER) db.analyze()
    } catch (error) {
      failure = error
    } finally {
      reader?.close()
      db.durability('durable')
      this.#elapsedMs = clock.monotonic() - this.#startedAt
    }
    this.#lastError = failure === undefined ? undefined : messageOf(failure)
    const summary: ScanSummary = {
      scanId,
      kind: job.kind,
      added: tally.added,
      changed: tally.changed,
      moved: tally.moved,
      removed: tally.removed,
      returned: tally.returned,
      problems: tally.problems,
      durationMs: Math.round(this.#elapsedMs),
      cancelled: signal.aborted,
      lost,
    }
    if (!changes.isEmpty) hooks.observe('library.changed', changes.toEvent())
    if (!job.only) {
      const { added, changed, moved, removed, problems, durationMs } = summary
      hooks.observe('scan.finished', { scanId, added, changed: changed + moved, removed, problems, durationMs })
    }
    if (!job.only || tally.total > 0) log.info('scan finished', { ...summary })
    for (const [id, folders] of unsettled) for (const folder of folders) this.#watches.get(id)?.report(folder)
    if (failure !== undefined) throw failure
    return summary
  }

  #chosen(job: Job): readonly Library[] {
    const { only, libraries } = job
    if (only) return this.#libraries().filter(({ id }) => only.has(id))
    return this.#libraries().filter(({ id }) => libraries === undefined || libraries.includes(id))
  }

  async #scanLibrary(
    library: Library,
    job: Job,
    run: {
      readonly signal: AbortSignal
      readonly tally: ScanTally
      readonly changes: ChangeList
      readonly reader: () => TagReader
      readonly onProgress: (progress: ScanProgress) => void
      readonly onCancel: () => void
    },
  ): Promise<LibraryScanResult> {
    const { records, clock } = this.#context
    const only = job.only?.get(library.id)
    const mapping = this.#mapping()
    const outdated = library.lastScanAt !== undefined && records.mapping(library.id) !== mapping
    const wasFull = library.scanPending === 'full'
    const kind: ScanKind = only ? 'quick' : job.kind === 'full' || wasFull || outdated ? 'full' : 'quick'
    const resume = wasFull && job.kind !== 'full' && library.lastScanStartedAt !== undefined && !outdated
    if (!only && !resume) records.request(library.id, kind)
    const before = run.tally.total
    run.signal.addEventListener('abort', run.onCancel, { once: true })
    try {
      const scan = new LibraryScan(this.#context, library, {
        ...run,
        kind,
        resume,
        only: only && [...only],
        acceptMissing: job.acceptMissing,
      })
      const result = await scan.run()
      this.#conclude(library, result)
      if (run.signal.aborted) {
        records.abandon(library.id, !only)
        return result
      }
      if (result.root.state === 'ok') {
        if (!only) records.setMapping(library.id, mapping)
        records.finish(library.id, { at: clock.now(), changed: run.tally.total > before, whole: !only })
      } else records.abandon(library.id, !only)
      this.#watches.get(library.id)?.sync(result.walked, only !== undefined)
      return result
    } finally {
      run.signal.removeEventListener('abort', run.onCancel)
    }
  }

  /** Tells when a library's root is lost or back, once. */
  #conclude(library: Library, { root }: LibraryScanResult): void {
    const { libraries, hooks, log } = this.#context
    const { id: libraryId, name } = library
    if (root.state === 'lost') {
      libraries.setState(libraryId, 'lost', root.reason)
      log.warn('library looks lost, nothing of it was marked as missing', {
        library: libraryId,
        name,
        reason: root.reason,
      })
      if (library.state !== 'lost') hooks.observe('library.root', { libraryId, state: 'lost', reason: root.reason })
    } else if (library.state === 'lost') {
      libraries.setState(libraryId, 'ok', '')
      log.info('library is back', { library: libraryId, name })
      hooks.observe('library.root', { libraryId, state: 'back', reason: '' })
    }
  }

  /** By what rows are made; other settings mean other rows. */
  #mapping(): string {
    const { settings } = this.#context
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

  async #watchLibrary(library: Library): Promise<void> {
    const { settings, clock, log, folders } = this.#context
    const watch = new FolderWatch({
      root: library.path,
      mode: settings.watch === 'poll' ? 'poll' : 'auto',
      debounceMs: settings.watchDebounceMs,
      pollIntervalMs: settings.pollIntervalMs,
      pollHours: settings.pollHours,
      clock,
      log: log.child({ library: library.id }),
      onChange: (changed) => this.#changed(library.id, changed),
    })
    this.#watches.set(library.id, watch)
    await watch.start()
    // Without a scan on start the known folders are all that can be watched.
    const known = settings.scanOnStart ? [] : folders.load(library.id).filter(({ missing }) => !missing)
    watch.sync(
      known.map(({ path, mtimeMs }) => ({ path, mtimeMs })),
      false,
    )
  }

  #changed(libraryId: LibraryId, folders: readonly string[]): void {
    if (!this.#started) return
    const job: Job = {
      kind: 'quick',
      libraries: undefined,
      acceptMissing: false,
      only: new Map([[libraryId, new Set(folders)]]),
    }
    this.#enqueue(job).catch((error: unknown) => {
      if (!this.#stopping) this.#context.log.error('scan of changed folders failed', { error: messageOf(error) })
    })
  }

  #advance({ folders = 0, seen, toRead = 0, read = 0 }: ScanProgress): void {
    const progress = this.#progress
    progress.folders += folders
    progress.count += read
    if (seen !== undefined) {
      progress.total = (progress.total ?? 0) + seen
      progress.count += seen - toRead
    }
    this.#notify(false)
  }

  #notify(now: boolean): void {
    const time = this.#context.clock.monotonic()
    if (this.#listeners.size === 0 || (!now && time - this.#notifiedAt < PROGRESS_MS)) return
    this.#notifiedAt = time
    const status = this.status()
    for (const listener of this.#listeners) listener(status)
  }
}

/** Whether a running scan does all that is asked. Partial ones may have passed the folders already. */
function covers(running: Job, wanted: Job): boolean {
  if (running.only || wanted.only) return false
  if (wanted.kind === 'full' && running.kind !== 'full') return false
  if (wanted.acceptMissing && !running.acceptMissing) return false
  if (running.libraries === undefined) return true
  return wanted.libraries?.every((id) => running.libraries?.includes(id)) ?? false
}

function union(a: Job, b: Job): Job {
  if (a.only && b.only) {
    const only = new Map([...a.only].map(([id, folders]) => [id, new Set(folders)]))
    for (const [id, folders] of b.only) only.set(id, new Set([...(only.get(id) ?? []), ...folders]))
    return { ...a, only }
  }
  const libraries = (job: Job) => (job.only ? [...job.only.keys()] : job.libraries)
  const [x, y] = [libraries(a), libraries(b)]
  return {
    kind: a.kind === 'full' || b.kind === 'full' ? 'full' : 'quick',
    libraries: x && y ? [...new Set([...x, ...y])] : undefined,
    acceptMissing: a.acceptMissing || b.acceptMissing,
    only: undefined,
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
