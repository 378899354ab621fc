import { FULL_SCOPE } from '../base/access-scope.ts'
import { AppError } from '../base/errors.ts'
import type { LibraryId } from '../base/ids.ts'
import { startSchedule } from '../base/schedule.ts'
import type { HookInput } from '../hooks/hooks.ts'
import type { Library } from '../library/entities.ts'
import { createScanFolders } from '../library/scan-folders.ts'
import { createScanRecords } from '../library/scan-records.ts'
import type { ScanProgress } from './library-scan-result.ts'
import { LibraryWatches } from './library-watches.ts'
import type { FileTags } from './reader-protocol.ts'
import type { ScanContext, ScannerOptions } from './scan-context.ts'
import { covers, isSelective, type Job, partsOf, union } from './scan-job.ts'
import { runScan } from './scan-run.ts'
import { resolveTargets } from './scan-targets.ts'
import type { ScanKind, Scanner, ScanRequest, ScanStatus, ScanSummary, ScanTarget } from './scanner.ts'
import { TagReader } from './tag-reader.ts'

const PROGRESS_MS = 100
/** Observers get the progress so often. */
const OBSERVE_MS = 300

interface Waiting {
  job: Job
  readonly promise: Promise<ScanSummary>
  readonly resolve: (summary: ScanSummary) => void
  readonly reject: (error: unknown) => void
}

/** The scanner over all libraries. Nothing runs before `start` or `scan`. */
export function createScanner(options: ScannerOptions): Scanner {
  return new ScannerService({
    notify: { send: () => {} },
    ...options,
    folders: createScanFolders(options.db),
    records: createScanRecords(options.db),
  })
}

class ScannerService implements Scanner {
  readonly #context: ScanContext
  readonly #listeners = new Set<(status: ScanStatus) => void>()
  readonly #watches: LibraryWatches
  #schedule = { stop: () => {} }
  #started = false
  #stopping = false
  #running: { readonly job: Job; readonly promise: Promise<ScanSummary>; readonly abort: AbortController } | undefined
  /** One for whole libraries and one for parts of them, at most. */
  readonly #waiting: Waiting[] = []
  /** Somebody works on the rows alone: scans wait. */
  #held = false
  #turn: Promise<void> = Promise.resolve()
  #progress = { count: 0, total: undefined as number | undefined, folders: 0 }
  #startedAt = 0
  #elapsedMs = 0
  #lastError: string | undefined
  #lastKind: ScanKind | undefined
  #notifiedAt = 0
  #observedAt = Number.NEGATIVE_INFINITY

  constructor(context: ScanContext) {
    this.#context = context
    this.#lastKind = context.records.lastKind()
    this.#watches = new LibraryWatches(context, {
      onChange: (libraryId, folders) => this.#changed(libraryId, folders),
      onBack: (libraryId) => this.#scanInBackground('quick', [libraryId]),
    })
  }

  status(): ScanStatus {
    const scanning = this.#running !== undefined
    const libraries = this.#libraries()
    const times = libraries.flatMap(({ lastScanAt }) => lastScanAt ?? [])
    const idle = !scanning && this.#progress.count === 0
    const sum = (value: (library: Library) => number) => libraries.reduce((total, library) => total + value(library), 0)
    return {
      scanning,
      kind: this.#running?.job.kind ?? this.#lastKind,
      selective: this.#running !== undefined && isSelective(this.#running.job),
      count: idle ? sum(({ songCount }) => songCount) : this.#progress.count,
      total: scanning ? this.#progress.total : undefined,
      folderCount: idle ? sum(({ folderCount }) => folderCount) : this.#progress.folders,
      lastScanAt: times.length > 0 ? Math.max(...times) : undefined,
      lastError: this.#lastError,
      elapsedMs: scanning ? this.#context.clock.monotonic() - this.#startedAt : this.#elapsedMs,
    }
  }

  scan(request: ScanRequest): Promise<ScanSummary> {
    const { kind, libraries, targets, acceptMissing = false } = request
    if (!targets) return this.#enqueue({ kind, libraries, acceptMissing, only: undefined })
    return this.#enqueueTargets(targets, { kind, acceptMissing })
  }

  resolve(targets: readonly ScanTarget[]): Promise<readonly ScanTarget[]> {
    return resolveTargets(targets, this.#libraries(), this.#context.folders)
  }

  cancel(): void {
    this.#running?.abort.abort()
  }

  isScanning(library: LibraryId): boolean {
    const job = this.#running?.job
    if (!job) return false
    return job.only ? job.only.has(library) : (job.libraries?.includes(library) ?? true)
  }

  async exclusive<T>(work: () => Promise<T>): Promise<T> {
    const before = this.#turn
    let done = () => {}
    this.#turn = new Promise((resolve) => {
      done = resolve
    })
    await before
    this.#held = true
    const interrupted = this.#running
    try {
      interrupted?.abort.abort()
      await interrupted?.promise.catch(() => {})
      return await work()
    } finally {
      this.#held = false
      if (interrupted && !this.#stopping) void this.#runInBackground(interrupted.job)
      this.#beginWaiting()
      done()
    }
  }

  async refresh(): Promise<void> {
    if (this.#started) await this.#watches.follow(this.#libraries())
  }

  async inspect(path: string): Promise<FileTags> {
    const { childEntry, settings, log, clock } = this.#context
    const reader = new TagReader({ entry: childEntry, children: 1, timeoutMs: settings.readTimeoutMs, log, clock })
    try {
      const outcome = await reader.read(path)
      if (outcome.ok) return outcome.file
      throw new AppError('MEDIA_UNREADABLE', `The file can not be read: ${outcome.reason}.`)
    } finally {
      reader.close()
    }
  }

  onProgress(listener: (status: ScanStatus) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  async start(): Promise<void> {
    const { settings, log } = this.#context
    this.#started = true
    this.#schedule = startSchedule(settings.schedule, () => this.#scanInBackground('quick'))
    await this.#watches.follow(this.#libraries())
    const pending = this.#libraries().filter(
      ({ id, scanPending }) => scanPending !== '' || this.#context.records.isBehind(id),
    )
    if (pending.length > 0)
      log.info('an interrupted scan is taken up again', { libraries: pending.map(({ id }) => id) })
    if (settings.scanOnStart) void this.#scanInBackground('quick')
    else if (pending.length > 0)
      void this.#scanInBackground(
        'quick',
        pending.map(({ id }) => id),
      )
  }

  async stop(): Promise<void> {
    this.#stopping = true
    this.#started = false
    this.#schedule.stop()
    this.#watches.close()
    this.cancel()
    for (const { reject } of this.#waiting.splice(0)) reject(new Error('the server is stopping'))
    await this.#running?.promise.catch(() => {})
  }

  #libraries(): readonly Library[] {
    return this.#context.libraries.list(FULL_SCOPE)
  }

  #scanInBackground(kind: ScanKind, libraries?: readonly LibraryId[]): Promise<void> {
    return this.#runInBackground({ kind, libraries, acceptMissing: false, only: undefined })
  }

  /** Never rejects. */
  async #runInBackground(job: Job): Promise<void> {
    try {
      await this.#enqueue(job)
    } catch (error) {
      if (!this.#stopping) this.#context.log.error('scan failed', { error: messageOf(error) })
    }
  }

  #enqueue(job: Job): Promise<ScanSummary> {
    if (this.#stopping) return Promise.reject(new Error('the server is stopping'))
    if (!this.#running && !this.#held) return this.#begin(job)
    if (this.#running && !this.#running.abort.signal.aborted && covers(this.#running.job, job))
      return this.#running.promise
    for (const waiting of this.#waiting) {
      const both = union(waiting.job, job)
      if (both) waiting.job = both
      if (both) return waiting.promise
    }
    let resolve: (summary: ScanSummary) => void = () => {}
    let reject: (error: unknown) => void = () => {}
    const promise = new Promise<ScanSummary>((yes, no) => {
      resolve = yes
      reject = no
    })
    this.#waiting.push({ job, promise, resolve, reject })
    return promise
  }

  /** Whole libraries are scanned as such, so that it is noted of them. */
  async #enqueueTargets(
    targets: readonly ScanTarget[],
    job: Pick<Job, 'kind' | 'acceptMissing'>,
  ): Promise<ScanSummary> {
    const whole = new Set(targets.filter(({ folder }) => folder === '').map(({ library }) => library))
    const parts = targets.filter(({ library }) => !whole.has(library))
    const scans = [
      ...(whole.size > 0 ? [this.#enqueue({ ...job, libraries: [...whole], only: undefined })] : []),
      ...(parts.length > 0 ? [this.#enqueue({ ...job, libraries: undefined, only: partsOf(parts, job.kind) })] : []),
    ]
    const summaries = await Promise.all(scans)
    return summaries.at(-1) as ScanSummary
  }

  #begin(job: Job): Promise<ScanSummary> {
    const abort = new AbortController()
    const run = Promise.resolve().then(() => this.#run(job, abort.signal))
    const promise = run.finally(() => {
      this.#running = undefined
      this.#notify(true)
      this.#beginWaiting()
    })
    this.#running = { job, promise, abort }
    return promise
  }

  #beginWaiting(): void {
    if (this.#held || this.#running) return
    const next = this.#waiting.shift()
    if (!next) return
    this.#begin(next.job).then(next.resolve, next.reject)
  }

  async #run(job: Job, signal: AbortSignal): Promise<ScanSummary> {
    const { clock } = this.#context
    this.#startedAt = clock.monotonic()
    this.#progress = { count: 0, total: undefined, folders: 0 }
    this.#notify(true)
    try {
      const summary = await runScan(this.#context, job, {
        signal,
        watches: this.#watches,
        onProgress: (progress) => this.#advance(progress),
      })
      this.#lastError = undefined
      if (!job.only && !summary.cancelled) this.#remember(job.kind)
      return summary
    } catch (error) {
      this.#lastError = messageOf(error)
      throw error
    } finally {
      this.#elapsedMs = clock.monotonic() - this.#startedAt
    }
  }

  #remember(kind: ScanKind): void {
    if (kind !== this.#lastKind) this.#context.records.noteKind(kind)
    this.#lastKind = kind
  }

  #changed(libraryId: LibraryId, folders: readonly string[]): void {
    if (!this.#started) return
    const job: Job = {
      kind: 'quick',
      libraries: undefined,
      acceptMissing: false,
      only: new Map([[libraryId, { folders: new Set(folders), trees: new Map() }]]),
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
    this.#observe(now, time)
    if (this.#listeners.size === 0 || (!now && time - this.#notifiedAt < PROGRESS_MS)) return
    this.#notifiedAt = time
    const status = this.status()
    for (const listener of this.#listeners) listener(status)
  }

  #observe(now: boolean, time: number): void {
    const { hooks } = this.#context
    if (!hooks.has('scan.progress') || (!now && time - this.#observedAt < OBSERVE_MS)) return
    this.#observedAt = time
    hooks.observe('scan.progress', progressOf(this.status()))
  }
}

function progressOf(status: ScanStatus): HookInput<'scan.progress'> {
  return {
    scanning: status.scanning,
    full: status.kind === 'full',
    count: status.count,
    total: status.total ?? null,
    folders: status.folderCount,
    elapsedMs: Math.round(status.elapsedMs),
    failed: status.lastError !== undefined,
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
