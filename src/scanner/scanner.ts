import type { LibraryId } from '../base/ids.ts'
import type { FileTags } from './reader-protocol.ts'

export type ScanKind = 'quick' | 'full'

export interface ScanStatus {
  readonly scanning: boolean
  /** Of the scan that runs; when idle, of the last one of whole libraries, also over a restart. */
  readonly kind: ScanKind | undefined
  /** Folders were asked for, not whole libraries. */
  readonly selective: boolean
  /** Files looked at in this scan; of the last one when idle. */
  readonly count: number
  /** Files to look at, as far as known; for the progress bar. */
  readonly total: number | undefined
  readonly folderCount: number
  readonly lastScanAt: number | undefined
  readonly lastError: string | undefined
  readonly elapsedMs: number
}

export interface ScanSummary {
  readonly scanId: string
  readonly kind: ScanKind
  readonly added: number
  readonly changed: number
  readonly moved: number
  readonly removed: number
  readonly returned: number
  readonly problems: number
  readonly durationMs: number
  readonly cancelled: boolean
  /** Libraries whose root looked lost: nothing of theirs was marked. */
  readonly lost: readonly { readonly libraryId: LibraryId; readonly reason: string }[]
}

export interface ScanRequest {
  readonly kind: ScanKind
  /** Absent = all. */
  readonly libraries?: readonly LibraryId[]
  /** Only these folders with all below them, as `resolve` gave them; `libraries` says nothing then. */
  readonly targets?: readonly ScanTarget[]
  /** Confirms that what is gone is gone, although the root looks lost. */
  readonly acceptMissing?: boolean
}

/** A folder of a library, by its path in it: `/` between names, '' = the whole of it. */
export interface ScanTarget {
  readonly library: LibraryId
  readonly folder: string
}

/** One scan at a time; a request while one runs is answered by the running one. */
export interface Scanner {
  status(): ScanStatus
  /** Resolves at the end of the scan. A second call joins the running scan and asks for another after it if it wants more. */
  scan(request: ScanRequest): Promise<ScanSummary>
  /**
   * Folders as people write them, as they are called on the disk. What was there at the last scan counts, whether it is
   * still there or not. Rejects with NOT_FOUND (library or folder), INVALID_PARAMETER (a path that leads out of its
   * library), TIMEOUT (the disk does not answer).
   */
  resolve(targets: readonly ScanTarget[]): Promise<readonly ScanTarget[]>
  cancel(): void
  /** Whether the running scan looks at this library. */
  isScanning(library: LibraryId): boolean
  /** Runs `work` while nothing scans: a running scan is cancelled and begins anew afterwards, others wait. One at a time. */
  exclusive<T>(work: () => Promise<T>): Promise<T>
  /** After libraries were added, changed or removed: watches those that are there now. */
  refresh(): Promise<void>
  /** Reads one file anew, in a process of its own. Rejects with MEDIA_UNREADABLE. */
  inspect(path: string): Promise<FileTags>
  onProgress(listener: (status: ScanStatus) => void): () => void
  /** Starts watching, polling and the schedule, resumes an interrupted scan, scans on start if configured. */
  start(): Promise<void>
  stop(): Promise<void>
}
