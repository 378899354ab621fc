import type { LibraryId } from '../base/ids.ts'
import type { RootState } from './library-root.ts'

/** What came since the last call; `seen` and `toRead` once, when the walk is over. */
export interface ScanProgress {
  readonly folders?: number
  readonly seen?: number
  readonly toRead?: number
  readonly read?: number
}

export interface LibraryScanResult {
  readonly root: RootState
  /** The disk went or failed after the scan had begun: what was not read is read by the next scan. */
  readonly failing: boolean
  /** Nothing was done: to be scanned again after the other libraries. */
  readonly waits?: true
  /** Nothing lies there yet, and nothing is missed. */
  readonly empty?: boolean
  /** Libraries that songs came from. */
  readonly sources?: ReadonlySet<LibraryId>
  /** Folders to look at again soon: files in them were being written. */
  readonly unsettled: readonly string[]
  /** Every folder that was listed, with its time; for watching. */
  readonly walked: readonly { readonly path: string; readonly mtimeMs: number }[]
}

/** Nothing was concluded. */
export function unscanned(root: RootState, failing = false): LibraryScanResult {
  return { root, failing, unsettled: [], walked: [] }
}
