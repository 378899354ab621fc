import { type ChildProcess, fork } from 'node:child_process'
import type { Clock } from '../base/clock.ts'
import type { Logger } from '../log/logger.ts'
import type { FileTags, ReaderReady, ReadReply, ReadRequest } from './reader-protocol.ts'

/** How the reading process is started: production gives the bundle, tests the TypeScript file through tsx. */
export interface ChildEntry {
  readonly path: string
  readonly execArgv?: readonly string[]
}

export interface TagReaderOptions {
  readonly entry: ChildEntry
  /** Processes at most. */
  readonly children: number
  /** A file that takes longer is set aside and its process replaced. */
  readonly timeoutMs: number
  readonly log: Logger
  readonly clock: Clock
}

export type ReadOutcome =
  | { readonly ok: true; readonly file: FileTags; readonly size: number; readonly mtimeMs: number }
  | { readonly ok: false; readonly reason: string; readonly unstable: boolean; readonly disk?: string }

/** Files that one process reads at the same time: enough to hide the latency of a network disk. */
const IN_FLIGHT = 4
/** Heap of a child; pictures lie outside of it. */
const CHILD_ARGV = ['--max-old-space-size=192', '--max-semi-space-size=2']
/** Processes that end one after the other before they are ready: something is wrong with the installation. */
const MAX_STILLBORN = 3
/** Until a process says that it is ready. */
const START_MS = 60_000

interface Job {
  readonly path: string
  readonly resolve: (outcome: ReadOutcome) => void
  readonly reject: (error: unknown) => void
  /** Was in flight when a process died or hung: read alone from now on, so that the guilty one is found. */
  suspect: boolean
}

interface Worker {
  readonly process: ChildProcess
  readonly running: Map<number, { readonly job: Job; since: number }>
  readonly startedAt: number
  ready: boolean
  ended: boolean
}

/**
 * Reads files in child processes, several at a time. `read` rejects only when no child can be started at all; whatever
 * a file does to its process is that file's outcome. `close` ends the processes; they give all their memory back.
 */
export class TagReader {
  readonly #options: TagReaderOptions
  readonly #waiting: Job[] = []
  readonly #workers = new Set<Worker>()
  #timer: NodeJS.Timeout | undefined
  #nextId = 1
  #stillborn = 0
  /** Why nothing is read any more; undefined while files are read. */
  #ending: string | undefined

  constructor(options: TagReaderOptions) {
    this.#options = options
  }

  read(path: string): Promise<ReadOutcome> {
    if (this.#ending !== undefined) return Promise.reject(new Error(this.#ending))
    return new Promise((resolve, reject) => {
      this.#waiting.push({ path, resolve, reject, suspect: false })
      this.#dispatch()
    })
  }

  close(): void {
    this.#stop('the tag reader is closed')
  }

  #dispatch(): void {
    while (this.#waiting.length > 0 && this.#ending === undefined) {
      const job = this.#waiting[0] as Job
      const worker = this.#workerFor(job)
      if (!worker) return
      this.#waiting.shift()
      const id = this.#nextId++
      worker.running.set(id, { job, since: this.#options.clock.monotonic() })
      this.#timer ??= setInterval(() => this.#checkDeadlines(), Math.min(250, this.#options.timeoutMs)).unref()
      worker.process.send({ id, path: job.path } satisfies ReadRequest, (error) => {
        if (error) this.#lost(worker, 'the reading process ended')
      })
    }
  }

  /** The least busy process; a suspect wants an idle one for itself, and keeps others away from it. */
  #workerFor(job: Job): Worker | undefined {
    const free = [...this.#workers].filter(
      ({ ended, running }) => !ended && ![...running.values()].some((entry) => entry.job.suspect),
    )
    const room = job.suspect ? 0 : IN_FLIGHT - 1
    const best = free.sort((a, b) => a.running.size - b.running.size)[0]
    if (best && best.running.size === 0) return best
    if (this.#workers.size < this.#options.children) return this.#start()
    return best && best.running.size <= room ? best : undefined
  }

  #start(): Worker {
    const { path, execArgv = [] } = this.#options.entry
    const child = fork(path, {
      execArgv: [...execArgv, ...CHILD_ARGV],
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
      env: { PATH: process.env.PATH ?? '', NODE_ENV: process.env.NODE_ENV ?? '' },
    })
    const worker: Worker = {
      process: child,
      running: new Map(),
      startedAt: this.#options.clock.monotonic(),
      ready: false,
      ended: false,
    }
    this.#workers.add(worker)
    child.on('message', (message: ReadReply | ReaderReady) =>
      'ready' in message ? this.#ready(worker) : this.#settle(worker, message),
    )
    child.on('error', () => this.#lost(worker, 'the reading process could not be started'))
    child.on('exit', (code, signal) => {
      if (signal && MEANT_FOR_ALL.has(signal)) this.#giveBack(worker)
      else this.#lost(worker, endReason(worker, signal ?? code))
    })
    return worker
  }

  /** Time counts from here: starting a process is slow on a small board. */
  #ready(worker: Worker): void {
    worker.ready = true
    this.#stillborn = 0
    const now = this.#options.clock.monotonic()
    for (const entry of worker.running.values()) entry.since = now
  }

  #settle(worker: Worker, reply: ReadReply): void {
    const entry = worker.running.get(reply.id)
    if (!entry) return
    worker.running.delete(reply.id)
    entry.job.resolve(reply)
    this.#dispatch()
    this.#stopTimerWhenIdle()
  }

  #checkDeadlines(): void {
    const now = this.#options.clock.monotonic()
    for (const worker of this.#workers)
      if (!worker.ready) {
        if (now - worker.startedAt > START_MS) this.#lost(worker, 'the reading process did not start')
      } else if ([...worker.running.values()].some(({ since }) => now - since > this.#options.timeoutMs))
        this.#lost(worker, `reading took longer than ${Math.round(this.#options.timeoutMs / 1000)} s`)
  }

  /** Somebody ended the process from outside: what it read is read by another. */
  #giveBack(worker: Worker): void {
    if (worker.ended) return
    this.#end(worker)
    if (this.#ending !== undefined) return
    for (const { job } of [...worker.running.values()].reverse()) this.#waiting.unshift(job)
    worker.running.clear()
    this.#dispatch()
  }

  /** A process hung or died. Alone in it: the file is guilty. Several: each is tried again alone. */
  #lost(worker: Worker, reason: string): void {
    if (worker.ended) return
    this.#end(worker)
    if (this.#ending !== undefined) return
    const jobs = [...worker.running.values()].map(({ job }) => job)
    worker.running.clear()
    if (!worker.ready) {
      for (const job of jobs.reverse()) this.#waiting.unshift(job)
      if (++this.#stillborn > MAX_STILLBORN) this.#stop(`no file can be read: ${reason}`)
      else this.#dispatch()
      return
    }
    this.#options.log.warn('tag reader replaced', { reason, files: jobs.length })
    if (jobs.length === 1) (jobs[0] as Job).resolve({ ok: false, reason, unstable: false })
    else
      for (const job of jobs) {
        job.suspect = true
        this.#waiting.unshift(job)
      }
    this.#dispatch()
    this.#stopTimerWhenIdle()
  }

  /** The first reason stays: what is asked for after a failed start hears of that, also once the reader is closed. */
  #stop(reason: string): void {
    this.#ending ??= reason
    clearInterval(this.#timer)
    this.#timer = undefined
    for (const worker of this.#workers) this.#end(worker)
    for (const job of this.#waiting.splice(0)) job.reject(new Error(this.#ending))
  }

  #end(worker: Worker): void {
    worker.ended = true
    this.#workers.delete(worker)
    worker.process.removeAllListeners('message')
    worker.process.kill('SIGKILL')
    if (this.#ending === undefined) return
    for (const { job } of worker.running.values()) job.reject(new Error(this.#ending))
  }

  #stopTimerWhenIdle(): void {
    if ([...this.#workers].some(({ running }) => running.size > 0)) return
    clearInterval(this.#timer)
    this.#timer = undefined
  }
}

/** The terminal and service managers send these to all processes, and this one not before it can ignore them. */
const MEANT_FOR_ALL: ReadonlySet<string> = new Set(['SIGINT', 'SIGTERM', 'SIGHUP'])

/** Before it is ready, no file is to blame: the program or its libraries are. */
function endReason(worker: Worker, how: string | number | null): string {
  return worker.ready
    ? `the file ended its reading process (${how})`
    : `the reading process ends at its start (${how}); is the installation whole? Try npm ci`
}
