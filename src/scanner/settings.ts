import type { Schedule } from '../base/schedule.ts'
import type { CoverPriority } from '../library/cover-choice.ts'

/** What the scanner may be told. Times in milliseconds. */
export interface ScannerSettings {
  readonly scanOnStart: boolean
  /** When everything is looked at by itself. */
  readonly schedule: Schedule
  /** 'auto' uses the system's notices and polls where there are none; 'poll' always polls. */
  readonly watch: 'auto' | 'poll' | 'off'
  /** How long a folder must be quiet before it is scanned. */
  readonly watchDebounceMs: number
  readonly pollIntervalMs: number
  /** First and last hour of the day in which folders are polled, local time, both included; may wrap midnight. */
  readonly pollHours: readonly [number, number]
  /** Processes that read tags; 0 = by the number of cores, at most 2. */
  readonly readers: number
  readonly readTimeoutMs: number
  readonly artistSeparators: readonly string[]
  /** Names that hold a separator and are one artist nevertheless. */
  readonly artistSplitExceptions: readonly string[]
  /** Between the names of several artists where one text is shown. */
  readonly artistJoiner: string
  readonly genreSeparators: readonly string[]
  /** Separated by spaces. */
  readonly ignoredArticles: string
  readonly coverPriority: CoverPriority
  /** Endings with their dot, best first; `embedded` may stand among them. */
  readonly lyricsPriority: readonly string[]
  /** Absolute paths of folders that are never music, even inside a library. */
  readonly ownFolders: readonly string[]
  readonly playlists: { readonly import: boolean; readonly public: boolean }
}
