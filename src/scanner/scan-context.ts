import type { Clock } from '../base/clock.ts'
import type { UserId } from '../base/ids.ts'
import type { Database } from '../db/database.ts'
import type { HookBus } from '../hooks/hook-bus.ts'
import type { ArtworkRepository } from '../library/artwork-repository.ts'
import type { LibraryRepository } from '../library/library-repository.ts'
import type { PlaylistRepository } from '../library/playlist-repository.ts'
import type { ScanFolders } from '../library/scan-folders.ts'
import type { ScanRecords } from '../library/scan-records.ts'
import type { Logger } from '../log/logger.ts'
import type { Notify } from '../notify/notify.ts'
import type { ScannerSettings } from './settings.ts'
import type { ChildEntry } from './tag-reader.ts'

/** What the scanner is given. */
export interface ScannerOptions {
  readonly db: Database
  readonly libraries: LibraryRepository
  readonly playlists: PlaylistRepository
  /** Decides which picture is whose; with the settings' cover priority. */
  readonly artwork: Pick<ArtworkRepository, 'candidates' | 'discCandidates'>
  readonly hooks: HookBus
  /** News for administrators; part of the transaction in which it is sent. */
  readonly notify?: Pick<Notify, 'send'>
  readonly log: Logger
  readonly clock: Clock
  readonly settings: ScannerSettings
  /** The code of the reading process. */
  readonly childEntry: ChildEntry
  /** Whom imported playlists belong to; undefined while there is no administrator. */
  readonly firstAdmin: () => UserId | undefined
  /** Brings counts of plays that wait in memory home, before marks of albums and artists are united. */
  readonly flushPlays?: () => void
}

/** With what all parts of one scanner share. */
export interface ScanContext extends ScannerOptions {
  readonly notify: Pick<Notify, 'send'>
  readonly folders: ScanFolders
  readonly records: ScanRecords
}

/** Counts of one scan, over all of its libraries. */
export class ScanTally {
  added = 0
  changed = 0
  moved = 0
  removed = 0
  returned = 0
  problems = 0

  get total(): number {
    return this.added + this.changed + this.moved + this.removed + this.returned
  }
}
