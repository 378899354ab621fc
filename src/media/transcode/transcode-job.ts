import { AppError } from '../../base/errors.ts'
import type { Logger } from '../../log/logger.ts'
import type { TranscodeEngine, TranscodeProcess } from './engine.ts'
import type { TranscodeSpec } from './ffmpeg-arguments.ts'
import { withFlacLength } from './flac-length.ts'
import type { JobSlots } from './job-slots.ts'
import { Spool, type SpoolReader } from './spool.ts'
import type { TranscodeCache } from './transcode-cache.ts'

/** A disk may have to wake up; an encoder that says nothing for longer hangs. */
const SILENCE_MS = 60_000

export interface TranscodeJobOptions {
  readonly key: string
  readonly spec: TranscodeSpec
  /** Of what will be made; 0 = unknown. */
  readonly durationMs: number
  /** Whose slot it takes. */
  readonly owner: number
  readonly engine: TranscodeEngine
  readonly slots: JobSlots
  readonly cache: TranscodeCache
  /** False: nothing is kept, the listener's pace is the encoder's. */
  readonly keep: boolean
  /** About how many bytes it will make, to tell how far it is; Infinity = unknown. */
  readonly expectedBytes: number
  /** How long it goes on without a listener: clients break off and come back. */
  readonly lingerMs: number
  readonly log: Logger
}

/** From this share on a job without listeners runs to its end: the rest is cheaper than beginning anew. */
const FINISH_FROM = 0.75

/** One run of the encoder, shared by everyone who listens to just this. */
export class TranscodeJob {
  readonly #options: TranscodeJobOptions
  readonly #spool: Spool
  readonly #partPath: string | undefined
  readonly #abort = new AbortController()
  readonly #done: Promise<void>
  #process: TranscodeProcess | undefined
  #linger: NodeJS.Timeout | undefined
  #reserved = 0
  #over = false
  #waitingForReader = false

  constructor(options: TranscodeJobOptions) {
    this.#options = options
    this.#partPath = options.keep ? options.cache.partPath() : undefined
    this.#spool = new Spool({
      path: this.#partPath,
      reserve: async (bytes) => {
        const granted = await options.cache.reserve(bytes)
        if (granted) this.#reserved += bytes
        return granted
      },
      onSpill: (error) => {
        options.log.warn('A converted song can not be kept, it is only sent', { error })
      },
    })
    this.#done = this.#run()
  }

  get pid(): number | undefined {
    return this.#process?.pid
  }

  get listeners(): number {
    return this.#spool.readerCount
  }

  /** A new listener may still join. */
  get isJoinable(): boolean {
    return !this.#over && !this.#abort.signal.aborted && this.#spool.isJoinable
  }

  /** Settles when the encoder is gone and the file is in its place. Never rejects. */
  get done(): Promise<void> {
    return this.#done
  }

  join(): SpoolReader {
    clearTimeout(this.#linger)
    this.#linger = undefined
    return this.#spool.attach()
  }

  /** The reader must not be used afterwards. */
  leave(reader: SpoolReader): void {
    reader.close()
    if (this.#spool.readerCount > 0) return
    if (this.#over) void this.#spool.close()
    else if (!this.#process || !this.#spool.isWhole || this.#isWanted) this.stop()
    else if (this.#spool.length < this.#options.expectedBytes * FINISH_FROM) this.#leaveAfter(this.#options.lingerMs)
  }

  /** Has a slot, and nobody listens: it may be ended when others need that. */
  get isIdle(): boolean {
    return this.#process !== undefined && !this.#abort.signal.aborted && this.#spool.readerCount === 0
  }

  get owner(): number {
    return this.#options.owner
  }

  get #isWanted(): boolean {
    return this.#options.slots.isWanted(this.#options.owner)
  }

  /** Ends the encoder; listeners get what there is and then CANCELLED. */
  stop(): void {
    clearTimeout(this.#linger)
    this.#abort.abort()
    this.#spool.fail(new AppError('CANCELLED', 'The conversion was ended.'))
    this.#process?.stop()
  }

  #leaveAfter(ms: number): void {
    if (ms <= 0) this.stop()
    else this.#linger = setTimeout(() => this.stop(), ms).unref()
  }

  async #run(): Promise<void> {
    const { slots, owner, cache } = this.#options
    let release: (() => void) | undefined
    try {
      release = await slots.acquire(owner, this.#abort.signal)
      await this.#spool.start()
      if (!this.#abort.signal.aborted) await this.#encode()
    } catch (error) {
      this.#spool.fail(error instanceof AppError ? error : failed(error))
    } finally {
      release?.()
      this.#over = true
      clearTimeout(this.#linger)
      cache.unreserve(this.#reserved)
      if (this.#partPath) await cache.discard(this.#partPath)
      if (this.#spool.readerCount === 0) await this.#spool.close()
    }
  }

  async #encode(): Promise<void> {
    const { engine, spec, durationMs, log } = this.#options
    const startedAt = performance.now()
    const encoder = engine.start(spec)
    this.#process = encoder
    const watchdog = this.#watch(encoder)
    try {
      const output = encoder.output as AsyncIterable<Uint8Array>
      const isFlac = spec.profile.suffix === 'flac'
      for await (const chunk of isFlac ? withFlacLength(output, durationMs) : output) {
        this.#waitingForReader = true
        await this.#spool.append(chunk)
        this.#waitingForReader = false
        watchdog.refresh()
      }
    } catch (error) {
      encoder.stop()
      if (!this.#abort.signal.aborted) throw error
    } finally {
      // The slot is free when the process is gone, not before.
      await encoder.ended
      clearTimeout(watchdog)
    }
    const end = await encoder.ended
    if (this.#abort.signal.aborted) return
    if (!end.ok) throw failed(new Error(end.detail))
    const bytes = this.#spool.length
    if (bytes === 0) throw failed(new Error('the encoder ended without a byte'))
    await this.#store(bytes)
    this.#spool.finish()
    log.debug('Song converted', { bytes, ms: Math.round(performance.now() - startedAt), engine: engine.name })
  }

  async #store(bytes: number): Promise<void> {
    const { cache, key, spec, log } = this.#options
    if (!this.#partPath || !this.#spool.isWhole) return
    cache.unreserve(this.#reserved)
    this.#reserved = 0
    try {
      await cache.commit(key, spec.profile.suffix, this.#partPath, bytes)
    } catch (error) {
      log.warn('A converted song could not be kept', { error })
    }
  }

  #watch(encoder: TranscodeProcess): NodeJS.Timeout {
    const timer = setTimeout(() => {
      if (this.#waitingForReader) return timer.refresh()
      this.#spool.fail(new AppError('TIMEOUT', 'Converting the song took too long. Try again, or play it unconverted.'))
      encoder.stop()
      return timer
    }, SILENCE_MS)
    return timer
  }
}

function failed(cause: unknown): AppError {
  return new AppError('TRANSCODE_FAILED', 'The song could not be converted. Ask for it unconverted (format=raw).', {
    cause,
  })
}
