import { mkdir, open, readdir, rename, stat, statfs, unlink, utimes } from 'node:fs/promises'
import { join } from 'node:path'
import { LRUCache } from 'lru-cache'
import type { Logger } from '../../log/logger.ts'

/** `<key>-<size in base 36>.<suffix>`: a file that a power cut left short gives itself away. */
const ENTRY_NAME = /^([\w-]{16,64})-([0-9a-z]+)\.([0-9a-z]{1,12})$/
const PART_ENDING = '.part'
/** The cache shares a disk with the database, which must never be the one that finds it full. */
const DEFAULT_MIN_FREE_BYTES = 256 << 20
const FREE_CHECK_EVERY_BYTES = 4 << 20
/** The time of a file is its last use: written at most so often, since it lies on an SD card. */
const TOUCH_EVERY_MS = 3_600_000

export interface CachedFile {
  readonly path: string
  readonly size: number
}

interface Entry extends CachedFile {
  touchedAt: number
}

export interface TranscodeCacheOptions {
  readonly folder: string
  readonly maxBytes: number
  readonly minFreeBytes?: number
  readonly log: Logger
}

/**
 * Finished transcodes on disk, the least recently used go first. The folder is the index: it is read at the start, and what is
 * incomplete is removed. Running jobs' files count too.
 */
export class TranscodeCache {
  readonly #options: TranscodeCacheOptions
  readonly #entries: LRUCache<string, Entry>
  #runningBytes = 0
  #sinceFreeCheck = Number.POSITIVE_INFINITY
  #hasFreeSpace = true
  #usable = false
  #parts = 0

  constructor(options: TranscodeCacheOptions) {
    this.#options = options
    this.#entries = new LRUCache<string, Entry>({
      maxSize: Math.max(1, options.maxBytes),
      sizeCalculation: (entry) => Math.max(1, entry.size),
      dispose: (entry, _key, reason) => {
        if (reason !== 'set') void unlink(entry.path).catch(() => {})
      },
    })
  }

  /** Reads the folder. A folder that can't be used is reported, and the cache then keeps nothing. */
  async start(): Promise<void> {
    const { folder, log, maxBytes } = this.#options
    if (maxBytes <= 0) return
    try {
      await mkdir(folder, { recursive: true, mode: 0o700 })
      const found = await this.#scan()
      found.sort((a, b) => a.entry.touchedAt - b.entry.touchedAt)
      for (const { key, entry } of found) this.#entries.set(key, entry)
      const probe = this.partPath()
      await (await open(probe, 'wx', 0o600)).close()
      await unlink(probe)
      this.#usable = true
    } catch (error) {
      log.warn('The folder for converted songs can not be used; they are not kept', { error })
    }
  }

  get usable(): boolean {
    return this.#usable
  }

  /** Of finished and running transcodes. */
  get bytes(): number {
    return this.#entries.calculatedSize + this.#runningBytes
  }

  get count(): number {
    return this.#entries.size
  }

  /** The finished transcode, if its file is still there. */
  async find(key: string): Promise<CachedFile | undefined> {
    const entry = this.#entries.get(key)
    if (!entry) return undefined
    try {
      const stats = await stat(entry.path)
      if (stats.size !== entry.size) throw new Error('size')
    } catch {
      this.#entries.delete(key)
      return undefined
    }
    const now = Date.now()
    if (now - entry.touchedAt > TOUCH_EVERY_MS) {
      entry.touchedAt = now
      await utimes(entry.path, new Date(now), new Date(now)).catch(() => {})
    }
    return entry
  }

  /** A name for the file of a running job. */
  partPath(): string {
    this.#parts++
    return join(this.#options.folder, `${process.pid}-${this.#parts}${PART_ENDING}`)
  }

  /** Makes room for so many bytes of a running job. False: the disk, or what the cache may take of it, is full. */
  async reserve(bytes: number): Promise<boolean> {
    this.#sinceFreeCheck += bytes
    if (this.#sinceFreeCheck >= FREE_CHECK_EVERY_BYTES) await this.#checkFreeSpace()
    if (!this.#hasFreeSpace) return false
    while (this.bytes + bytes > this.#options.maxBytes && this.#entries.size > 0) this.#entries.pop()
    if (this.bytes + bytes > this.#options.maxBytes) return false
    this.#runningBytes += bytes
    return true
  }

  /** A running job ended: its reservation is over. */
  unreserve(bytes: number): void {
    this.#runningBytes -= bytes
  }

  /** A job's complete file becomes an entry. */
  async commit(key: string, suffix: string, partPath: string, size: number): Promise<void> {
    const path = join(this.#options.folder, `${key}-${size.toString(36)}.${suffix}`)
    await rename(partPath, path)
    this.#entries.set(key, { path, size, touchedAt: Date.now() })
  }

  async discard(partPath: string): Promise<void> {
    await unlink(partPath).catch(() => {})
  }

  async #scan(): Promise<{ readonly key: string; readonly entry: Entry }[]> {
    const found: { key: string; entry: Entry }[] = []
    for (const name of await readdir(this.#options.folder)) {
      const path = join(this.#options.folder, name)
      const match = ENTRY_NAME.exec(name)
      if (!match && !name.endsWith(PART_ENDING)) continue
      const stats = await stat(path).catch(() => undefined)
      if (!stats?.isFile()) continue
      const [, key = '', size = ''] = match ?? []
      if (match && Number.parseInt(size, 36) === stats.size) {
        found.push({ key, entry: { path, size: stats.size, touchedAt: stats.mtimeMs } })
      } else await unlink(path)
    }
    return found
  }

  async #checkFreeSpace(): Promise<void> {
    this.#sinceFreeCheck = 0
    const { folder, log, minFreeBytes = DEFAULT_MIN_FREE_BYTES } = this.#options
    try {
      let free = await freeBytes(folder)
      while (free < minFreeBytes && this.#entries.size > 0) {
        const oldest = this.#entries.pop()
        free += oldest?.size ?? 0
      }
      const enough = free >= minFreeBytes
      if (!enough && this.#hasFreeSpace) log.warn('The disk is nearly full; converted songs are not kept', { free })
      this.#hasFreeSpace = enough
    } catch {
      // Some file systems don't tell; a write then finds out.
      this.#hasFreeSpace = true
    }
  }
}

async function freeBytes(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder)
  return bavail * bsize
}
