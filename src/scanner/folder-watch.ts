import { type FSWatcher, watch } from 'node:fs'
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Clock } from '../base/clock.ts'
import { systemErrorCode } from '../base/errors.ts'
import { fileSystemOf, isWatchable } from '../base/file-system.ts'
import type { Logger } from '../log/logger.ts'

export interface FolderWatchOptions {
  /** Absolute path of the library. */
  readonly root: string
  readonly mode: 'auto' | 'poll'
  readonly debounceMs: number
  readonly pollIntervalMs: number
  /** First and last hour in which folders are polled, local time, both included. */
  readonly pollHours: readonly [number, number]
  readonly clock: Clock
  readonly log: Logger
  /** Folders that changed and have been quiet since, relative to the root. */
  readonly onChange: (folders: readonly string[]) => void
}

/** A folder that is never quiet is reported after so many quiet times all the same. */
const MAX_WAITS = 12
/** Folders asked for their time together. */
const STATS = 16

/**
 * Notices changes of folders: one kernel watch a folder, none a file, so that a big library costs little memory; where
 * there are no watches, the times of the folders are looked at now and then.
 */
export class FolderWatch {
  readonly #options: FolderWatchOptions
  readonly #watchers = new Map<string, FSWatcher>()
  readonly #times = new Map<string, number>()
  readonly #dirty = new Set<string>()
  #polling: boolean
  /** Of the root that is watched. */
  #identity = ''
  #debounce: NodeJS.Timeout | undefined
  #firstDirtyAt = 0
  #poll: NodeJS.Timeout | undefined
  #closed = false

  constructor(options: FolderWatchOptions) {
    this.#options = options
    this.#polling = options.mode === 'poll'
  }

  /** Absolute path of the library. */
  get root(): string {
    return this.#options.root
  }

  /** Decides how to watch; again before each scan, because a disk may have been mounted at the folder. */
  async start(): Promise<void> {
    const { root, mode } = this.#options
    if (mode === 'poll') return this.#startPolling('configured')
    const identity = await stat(root, { bigint: true }).then(
      ({ dev, ino }) => `${dev}:${ino}`,
      () => '',
    )
    if (identity !== this.#identity) this.rest()
    this.#identity = identity
    const type = await fileSystemOf(root).catch(() => '')
    if (!isWatchable(type)) this.#startPolling(`file system ${type}`)
  }

  /** Watches a folder that is about to be listed, so that nothing comes unseen between the listing and the watch. */
  expect(path: string): void {
    if (!this.#closed && !this.#polling && !this.#watchers.has(path)) this.#watch(path)
  }

  /** Watches these folders, as a scan or the library knows them, and no others; with `partial` these as well. */
  sync(folders: readonly { readonly path: string; readonly mtimeMs: number }[], partial: boolean): void {
    if (this.#closed) return
    if (!partial) {
      const present = new Set(folders.map(({ path }) => path))
      for (const path of new Set([...this.#times.keys(), ...this.#watchers.keys()]))
        if (!present.has(path)) this.#forget(path)
    }
    for (const { path, mtimeMs } of folders) {
      this.#times.set(path, mtimeMs)
      this.expect(path)
    }
  }

  /** Ends the watches of a root that is away: they would not see what is mounted there. The next scan sets new ones. */
  rest(): void {
    for (const watcher of this.#watchers.values()) watcher.close()
    this.#watchers.clear()
  }

  /** Has a folder looked at again when it is quiet. */
  report(path: string): void {
    if (this.#closed) return
    const { debounceMs, clock } = this.#options
    if (this.#dirty.size === 0) this.#firstDirtyAt = clock.monotonic()
    this.#dirty.add(path)
    if (clock.monotonic() - this.#firstDirtyAt > debounceMs * MAX_WAITS) return
    clearTimeout(this.#debounce)
    this.#debounce = setTimeout(() => this.#flush(), debounceMs).unref()
  }

  close(): void {
    this.#closed = true
    clearTimeout(this.#debounce)
    clearInterval(this.#poll)
    for (const path of new Set([...this.#times.keys(), ...this.#watchers.keys()])) this.#forget(path)
  }

  #flush(): void {
    const folders = [...this.#dirty]
    this.#dirty.clear()
    if (folders.length > 0 && !this.#closed) this.#options.onChange(folders)
  }

  #watch(path: string): void {
    try {
      const watcher = watch(join(this.#options.root, path), { persistent: false }, () => this.report(path))
      watcher.on('error', () => {
        this.#watchers.get(path)?.close()
        this.#watchers.delete(path)
        this.report(path)
      })
      this.#watchers.set(path, watcher)
    } catch (error) {
      const code = systemErrorCode(error)
      if (code === 'ENOSPC' || code === 'EMFILE' || code === 'ENFILE') this.#startPolling(`limit reached (${code})`)
    }
  }

  #forget(path: string): void {
    this.#times.delete(path)
    this.#watchers.get(path)?.close()
    this.#watchers.delete(path)
  }

  #startPolling(reason: string): void {
    if (this.#poll || this.#closed) return
    this.#polling = true
    this.rest()
    this.#options.log.info('folders are polled instead of watched', { reason })
    this.#poll = setInterval(() => void this.#pollOnce(), this.#options.pollIntervalMs).unref()
  }

  async #pollOnce(): Promise<void> {
    const { clock, root, pollHours } = this.#options
    if (!isHourIn(new Date(clock.now()).getHours(), pollHours)) return
    const known = [...this.#times]
    for (let at = 0; at < known.length && !this.#closed; at += STATS)
      await Promise.all(
        known.slice(at, at + STATS).map(async ([path, time]) => {
          const now = await stat(join(root, path)).catch(() => undefined)
          if (now && Math.trunc(now.mtimeMs) === time) return
          if (now) this.#times.set(path, Math.trunc(now.mtimeMs))
          this.report(path)
        }),
      )
  }
}

/** Both ends included; `22-6` goes over midnight. */
export function isHourIn(hour: number, [from, to]: readonly [number, number]): boolean {
  return from <= to ? hour >= from && hour <= to : hour >= from || hour <= to
}
