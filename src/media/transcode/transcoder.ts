import { createHash } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import type { ByteSource, ByteStream } from '../../base/byte-source.ts'
import { withDeadline } from '../../base/deadline.ts'
import { isAppError } from '../../base/errors.ts'
import type { Logger } from '../../log/logger.ts'
import { type BufferPool, StreamBuffer } from '../buffer-pool.ts'
import { fileSource, statFile } from '../file-source.ts'
import type { TranscodeEngine } from './engine.ts'
import type { TranscodeSpec } from './ffmpeg-arguments.ts'
import { cancelled, JobSlots } from './job-slots.ts'
import type { TranscodeProfile } from './profiles.ts'
import type { SpoolReader } from './spool.ts'
import { TranscodeCache } from './transcode-cache.ts'
import { TranscodeJob } from './transcode-job.ts'

/** A song to convert, with what tells its versions apart. */
export interface TranscodeRequest {
  /** The song's public id. */
  readonly songId: string
  readonly owner: number
  readonly size: number
  readonly mtimeMs: number
  /** Of what will be made, offset taken off; 0 = unknown. */
  readonly durationMs: number
  readonly spec: TranscodeSpec
  readonly headers: Readonly<Record<string, string>>
  /** Promise a length: it may be off, and is rather too long than too short. */
  readonly estimate: boolean
}

export interface TranscoderOptions {
  readonly engine: TranscodeEngine
  readonly profiles: readonly TranscodeProfile[]
  readonly cacheDir: string
  /** 0 = nothing is kept. */
  readonly cacheBytes: number
  readonly minFreeBytes?: number
  readonly maxJobs: number
  readonly maxJobsPerUser: number
  readonly maxWaiting: number
  readonly waitMs: number
  readonly lingerMs: number
  readonly pool: BufferPool
  readonly log: Logger
}

export interface TranscoderStatus {
  readonly engine: string
  readonly running: readonly { readonly pid: number | undefined; readonly listeners: number }[]
  readonly waiting: number
  readonly cacheBytes: number
  readonly cachedSongs: number
}

const FIRST_BYTE_DEADLINE_MS = 60_000
const FAILED_MAX = 256
const FAILED_MS = 600_000
/** One song must not push out everything else. */
const LARGEST_SHARE = 0.5
const HEADER_BYTES = 16 * 1024
/** Encoders that hold their rate only on average may make more. */
const VARIABLE_RATE_MARGIN = 1.1
const CONSTANT_RATE_MARGIN = 1.005

/** Converts songs: one job for all who listen to the same, a bounded number at once, finished ones kept on disk. */
export class Transcoder {
  readonly #options: TranscoderOptions
  readonly #slots: JobSlots
  readonly #cache: TranscodeCache
  readonly #jobs = new Set<TranscodeJob>()
  readonly #shared = new Map<string, TranscodeJob>()
  /** Songs that this engine couldn't convert lately. */
  readonly #failed = new LRUCache<string, true>({ max: FAILED_MAX, ttl: FAILED_MS })
  #stopped = false

  constructor(options: TranscoderOptions) {
    this.#options = options
    this.#slots = new JobSlots({
      maxJobs: Math.min(options.maxJobs, options.engine.maxJobs),
      maxJobsPerOwner: options.maxJobsPerUser,
      maxWaiting: options.maxWaiting,
      waitMs: options.waitMs,
    })
    this.#cache = new TranscodeCache({
      folder: options.cacheDir,
      maxBytes: options.cacheBytes,
      log: options.log,
      ...(options.minFreeBytes === undefined ? {} : { minFreeBytes: options.minFreeBytes }),
    })
  }

  async start(): Promise<void> {
    await this.#cache.start()
  }

  /** Ends all jobs and waits for their processes. */
  async stop(): Promise<void> {
    this.#stopped = true
    for (const job of this.#jobs) job.stop()
    await Promise.all([...this.#jobs].map((job) => job.done))
  }

  /** Profiles that the engine can make. */
  get profiles(): readonly TranscodeProfile[] {
    return this.#options.profiles
  }

  status(): TranscoderStatus {
    return {
      engine: this.#options.engine.name,
      running: [...this.#jobs].map((job) => ({ pid: job.pid, listeners: job.listeners })),
      waiting: this.#slots.waiting,
      cacheBytes: this.#cache.bytes,
      cachedSongs: this.#cache.count,
    }
  }

  /** Whether converting this song failed a short while ago: it is then better sent as it is. */
  hasFailed(request: Pick<TranscodeRequest, 'songId' | 'mtimeMs'>): boolean {
    return this.#failed.has(failureKey(request))
  }

  /**
   * The finished song with length and ranges when it is kept; else a stream that begins with `open`, which rejects with
   * MEDIA_UNREADABLE, BUSY, TRANSCODE_FAILED or TIMEOUT before the first byte.
   */
  async source(request: TranscodeRequest): Promise<ByteSource> {
    const { spec, headers } = request
    const { contentType } = spec.profile
    const key = keyOf(request)
    const kept = await this.#cache.find(key)
    if (kept) {
      return fileSource({
        path: kept.path,
        contentType,
        tag: key,
        pool: this.#options.pool,
        headers,
        cacheControl: 'private',
      })
    }
    return {
      contentType,
      headers,
      cacheControl: 'no-store',
      ...(request.estimate && request.durationMs > 0 ? { estimatedLength: estimateLength(request) } : {}),
      open: (_range, signal) => this.#open(key, request, signal),
    }
  }

  async #open(key: string, request: TranscodeRequest, signal?: AbortSignal): Promise<ByteStream> {
    await statFile(request.spec.inputPath)
    if (signal?.aborted) throw cancelled()
    const job = this.#sharedJob(key) ?? this.#startJob(key, request)
    const reader = job.join()
    const buffer = new StreamBuffer(this.#options.pool)
    try {
      const begun = whileWanted(read(reader, buffer), signal)
      const first = await withDeadline(begun, FIRST_BYTE_DEADLINE_MS, 'converting a song')
      return jobStream({ job, reader, buffer, first })
    } catch (error) {
      job.leave(reader)
      // A part behind the end of a song whose length was told wrong, or not at all, says nothing of the whole.
      const isWhole = request.spec.samples === undefined && request.spec.offsetMs === 0
      if (isWhole && isAppError(error) && error.code === 'TRANSCODE_FAILED') {
        this.#failed.set(failureKey(request), true)
        this.#options.log.warn('A song could not be converted', { song: request.songId, error })
      }
      throw error
    }
  }

  #sharedJob(key: string): TranscodeJob | undefined {
    const job = this.#shared.get(key)
    return job?.isJoinable ? job : undefined
  }

  /** Ends a job that nobody listens to when its place is needed: of the same user if it is that user's bound. */
  #makeRoom(owner: number): void {
    const need = this.#slots.needs(owner)
    if (!need) return
    const idle = [...this.#jobs].filter((job) => job.isIdle)
    const own = idle.find((job) => job.owner === owner)
    const other = need === 'own' ? undefined : idle[0]
    ;(own ?? other)?.stop()
  }

  #startJob(key: string, request: TranscodeRequest): TranscodeJob {
    const { engine, lingerMs, log, cacheBytes } = this.#options
    const expectedBytes = request.durationMs > 0 ? estimateLength(request) : Number.POSITIVE_INFINITY
    const isSmallEnough = !Number.isFinite(expectedBytes) || expectedBytes <= cacheBytes * LARGEST_SHARE
    const keep = this.#cache.usable && isSmallEnough && !this.#stopped
    this.#makeRoom(request.owner)
    const job = new TranscodeJob({
      key,
      spec: request.spec,
      durationMs: request.durationMs,
      owner: request.owner,
      engine,
      slots: this.#slots,
      cache: this.#cache,
      keep,
      expectedBytes,
      lingerMs,
      log,
    })
    this.#jobs.add(job)
    if (keep) this.#shared.set(key, job)
    void job.done.then(() => {
      this.#jobs.delete(job)
      if (this.#shared.get(key) === job) this.#shared.delete(key)
    })
    return job
  }
}

/** Settles like `work`, or rejects with CANCELLED as soon as the signal aborts. */
function whileWanted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return work
  return new Promise((resolve, reject) => {
    const gone = () => reject(cancelled())
    if (signal.aborted) gone()
    signal.addEventListener('abort', gone, { once: true })
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', gone))
  })
}

async function read(reader: SpoolReader, buffer: StreamBuffer): Promise<Uint8Array | undefined> {
  const into = buffer.next(performance.now())
  const count = await reader.read(into)
  buffer.handedOut(performance.now(), count)
  return count === 0 ? undefined : into.subarray(0, count)
}

function jobStream(listener: {
  readonly job: TranscodeJob
  readonly reader: SpoolReader
  readonly buffer: StreamBuffer
  readonly first: Uint8Array | undefined
}): ByteStream {
  const { job, reader, buffer } = listener
  let first = listener.first
  let ended = first === undefined
  let reading = false
  return {
    read: async () => {
      if (ended) return undefined
      if (first) {
        const bytes = first
        first = undefined
        return bytes
      }
      reading = true
      const bytes = await read(reader, buffer)
      reading = false
      ended = bytes === undefined
      return bytes
    },
    close: () => {
      job.leave(reader)
      // A read that still runs may yet write into the buffer: then it is left to the garbage collector.
      if (!reading) buffer.release()
    },
  }
}

function estimateLength({ spec, durationMs, size }: TranscodeRequest): number {
  if (spec.profile.lossless) return Math.ceil(size * VARIABLE_RATE_MARGIN) + HEADER_BYTES
  const margin = spec.profile.anyBitRate ? VARIABLE_RATE_MARGIN : CONSTANT_RATE_MARGIN
  return Math.ceil(((durationMs * spec.bitRate) / 8) * margin) + HEADER_BYTES
}

/** Names everything that changes the bytes. */
function keyOf({ songId, size, mtimeMs, durationMs, spec }: TranscodeRequest): string {
  const { profile, bitRate, offsetMs, sampleRate, channels, exact, samples } = spec
  const parts = [
    songId,
    size,
    mtimeMs,
    profile.name,
    profile.suffix,
    profile.arguments,
    bitRate,
    offsetMs,
    sampleRate,
    channels,
    // FLAC has its length in its head.
    profile.suffix === 'flac' ? durationMs : 0,
    ...(exact ? [exact.channels, exact.sampleRate, exact.sampleFormat] : []),
    ...(samples === undefined ? [] : [samples]),
  ]
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 40)
}

function failureKey({ songId, mtimeMs }: Pick<TranscodeRequest, 'songId' | 'mtimeMs'>): string {
  return `${songId}:${mtimeMs}`
}
