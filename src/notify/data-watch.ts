import type { AppError } from '../base/errors.ts'
import { systemTimers, type Timers } from '../base/timers.ts'
import type { Logger } from '../log/logger.ts'

export interface DataWatchOptions {
  readonly db: { fault(): AppError | undefined }
  readonly log: Logger
  /** Default: the system's. */
  readonly timers?: Timers
}

const LOOK_MS = 5000

/**
 * Says in the log that the data folder is gone, and that it is back. No note is sent: notes are kept in that folder.
 * @returns what ends it.
 */
export function watchData({ db, log, timers = systemTimers }: DataWatchOptions): () => void {
  let gone = false
  let cancel = () => {}
  const look = () => {
    const error = db.fault()
    if (error && !gone) log.error('data folder gone: nothing is saved', { error })
    if (!error && gone) log.info('data folder back')
    gone = error !== undefined
    cancel = timers.after(LOOK_MS, look)
  }
  look()
  return () => cancel()
}
