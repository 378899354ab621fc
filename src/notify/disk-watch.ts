import { statfs } from 'node:fs/promises'
import { systemTimers, type Timers } from '../base/timers.ts'
import type { Logger } from '../log/logger.ts'
import type { Notify } from './notify.ts'

export interface DiskWatchOptions {
  /** Where Tonearm writes; `minFree`: bytes below which it is told, 0 = never. */
  readonly paths: { readonly data: string; readonly cache: string; readonly minFree: number }
  readonly notify: Pick<Notify, 'send'>
  /** Default: the system's. */
  readonly timers?: Timers
  readonly log: Logger
}

/** Asking the system costs nothing and wakes no disk of music: those folders are not asked about. */
const LOOK_MS = 10 * 60_000
/** So much more than the limit must be free before all is well again. */
const WELL = 1.25

/**
 * Tells when a disk is nearly full, once until there is room again. Topics `disk.low` and `disk.well`; data: folder,
 * freeBytes, totalBytes. @returns what ends it.
 */
export function watchDisks({ paths, notify, timers = systemTimers, log }: DiskWatchOptions): () => void {
  const { data, cache, minFree } = paths
  const folders = [
    { name: 'database', path: data },
    { name: 'cache', path: cache },
  ]
  const low = new Set<string>()
  let cancel = () => {}
  let stopped = false

  async function look(): Promise<void> {
    for (const { name, path } of folders) {
      try {
        const { bavail, bsize, blocks } = await statfs(path)
        if (!stopped) tell(name, bavail * bsize, blocks * bsize)
      } catch (error) {
        log.debug('free space not known', { folder: name, error })
      }
    }
    if (!stopped) cancel = timers.after(LOOK_MS, look)
  }

  function tell(folder: string, freeBytes: number, totalBytes: number): void {
    const data = { folder, freeBytes, totalBytes }
    if (freeBytes < minFree && !low.has(folder)) {
      low.add(folder)
      log.warn('disk nearly full', data)
      notify.send({
        topic: 'disk.low',
        title: 'The disk is nearly full',
        body: `${Math.floor(freeBytes / 1_000_000)} MB are free where the ${folder} is. Make room: what can't be written is lost.`,
        level: 'error',
        data,
      })
    } else if (freeBytes >= minFree * WELL && low.delete(folder)) {
      notify.send({ topic: 'disk.well', title: 'The disk has room again', data })
    }
  }

  if (minFree > 0) void look()
  return () => {
    stopped = true
    cancel()
  }
}
