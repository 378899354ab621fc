import type { LibraryId } from '../base/ids.ts'
import type { Library } from '../library/entities.ts'
import { FolderWatch } from './folder-watch.ts'
import { checkRoot } from './library-root.ts'
import type { LibraryScanResult } from './library-scan-result.ts'
import type { ScanContext } from './scan-context.ts'

/** A mount comes back without a word; one look at its root costs nothing. */
const LOOK_MS = 30_000
/** A scan of a disk that fails costs more. */
const MAX_REST_MS = 60 * 60_000

interface Away {
  readonly path: string
  /** ms; 0 = at each look. */
  readonly restMs: number
  /** Monotonic ms. */
  readonly notBefore: number
}

/** Watches the folders of all libraries, as the settings want it. Silent before the first `follow`. */
export class LibraryWatches {
  readonly #context: ScanContext
  readonly #listeners: {
    readonly onChange: (id: LibraryId, folders: readonly string[]) => void
    readonly onBack: (id: LibraryId) => void
  }
  readonly #watches = new Map<LibraryId, FolderWatch>()
  /** Libraries whose root was not there, empty or failed: nothing tells of a mount, so it is looked for. */
  readonly #away = new Map<LibraryId, Away>()
  /** Those that are looked at just now: at a dead mount that may not end for minutes. */
  readonly #looking = new Set<LibraryId>()
  #timer: NodeJS.Timeout | undefined

  constructor(
    context: ScanContext,
    listeners: {
      readonly onChange: (id: LibraryId, folders: readonly string[]) => void
      readonly onBack: (id: LibraryId) => void
    },
  ) {
    this.#context = context
    this.#listeners = listeners
  }

  /** Watches these libraries from now on, and no others. */
  async follow(libraries: readonly Library[]): Promise<void> {
    const { watch: mode, watchDebounceMs, pollIntervalMs } = this.#context.settings
    if (mode === 'off' || watchDebounceMs <= 0) return
    this.#timer ??= setInterval(() => this.#lookForAway(), Math.min(pollIntervalMs, LOOK_MS)).unref()
    for (const [id, watch] of [...this.#watches]) {
      if (libraries.some((library) => library.id === id && library.path === watch.root)) continue
      watch.close()
      this.#watches.delete(id)
      this.#away.delete(id)
    }
    for (const library of libraries) if (!this.#watches.has(library.id)) await this.#watch(library, mode)
  }

  /** Before a scan of a library. @returns what to call with each folder before it is listed. */
  async scanning(library: Library): Promise<(folder: string) => void> {
    const watch = this.#watches.get(library.id)
    await watch?.start()
    return (folder) => watch?.expect(folder)
  }

  /** What a scan saw is what is watched from now on. A root that is away is looked for instead. */
  scanned(library: Library, result: LibraryScanResult, partial: boolean): void {
    if (result.root.state === 'lost' && result.walked.length === 0) this.#watches.get(library.id)?.rest()
    if (result.walked.length > 0) this.#watches.get(library.id)?.sync(result.walked, partial)
    const { root, walked, failing, empty } = result
    if (!empty && (root.state === 'ok' || (walked.length > 0 && !failing))) this.#away.delete(library.id)
    else this.#away.set(library.id, this.#nextLook(library, result))
  }

  /** A root that is gone is looked for all the time; a disk that only fails gets longer and longer rests. */
  #nextLook({ id, path }: Library, { root }: LibraryScanResult): Away {
    const restMs =
      root.state === 'lost' && root.listed ? Math.min((this.#away.get(id)?.restMs || LOOK_MS / 2) * 2, MAX_REST_MS) : 0
    return { path, restMs, notBefore: this.#context.clock.monotonic() + restMs }
  }

  /** Has folders looked at again when they are quiet. */
  report(id: LibraryId, folders: readonly string[]): void {
    for (const folder of folders) this.#watches.get(id)?.report(folder)
  }

  close(): void {
    clearInterval(this.#timer)
    this.#timer = undefined
    for (const watch of this.#watches.values()) watch.close()
    this.#watches.clear()
  }

  async #watch(library: Library, mode: 'auto' | 'poll'): Promise<void> {
    const { settings, clock, log, folders } = this.#context
    const watch = new FolderWatch({
      root: library.path,
      mode,
      debounceMs: settings.watchDebounceMs,
      pollIntervalMs: settings.pollIntervalMs,
      pollHours: settings.pollHours,
      clock,
      log: log.child({ library: library.id }),
      onChange: (changed) => this.#listeners.onChange(library.id, changed),
    })
    this.#watches.set(library.id, watch)
    await watch.start()
    // Without a scan on start the known folders are all that can be watched.
    const known = settings.scanOnStart ? [] : folders.load(library.id).filter(({ missing }) => !missing)
    watch.sync(known, false)
  }

  #lookForAway(): void {
    const now = this.#context.clock.monotonic()
    for (const [id, { path, notBefore }] of this.#away)
      if (now >= notBefore && !this.#looking.has(id)) void this.#lookAt(id, path)
  }

  async #lookAt(id: LibraryId, path: string): Promise<void> {
    this.#looking.add(id)
    const { state } = await checkRoot(path)
    this.#looking.delete(id)
    if (state === 'ok' && this.#timer) this.#listeners.onBack(id)
  }
}
