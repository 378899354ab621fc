import { type ChildProcess, fork } from 'node:child_process'
import { pause, withDeadline } from '../../base/deadline.ts'
import { AppError } from '../../base/errors.ts'
import type { Logger } from '../../log/logger.ts'
import type { ImageLimits, ImageMessage, ImageRequest, ImageResult, ImageTask } from './image-tasks.ts'

/** How the image process is started: the bundle's file, or the source through a loader. */
export interface ImageEntry {
  readonly path: string
  readonly execArgv: readonly string[]
}

export interface ImagePoolOptions {
  readonly entry: ImageEntry
  readonly limits: ImageLimits
  readonly log: Logger
  /** Processes at most; each does one task at a time. */
  readonly workers: number
  /** Requests that may wait; one more is refused with BUSY. */
  readonly maxQueued?: number
  /** A task that takes longer costs its process its life. */
  readonly taskMs?: number
  /** A request waits this long at most for its turn. */
  readonly waitMs?: number
  /** Without work for this long, a process ends. */
  readonly idleMs?: number
}

/** Image processes that come when there is work and go when there is none. */
export interface ImagePool {
  /**
   * `background` work waits for its turn without limit and behind all requests. What waits leaves the queue when `signal`
   * aborts; what has begun is ended, since it is kept.
   * Rejects with BUSY (queue full or too slow), UNAVAILABLE (no process can be had, or stopped), CANCELLED.
   */
  run(task: ImageTask, options?: { readonly background?: boolean; readonly signal?: AbortSignal }): Promise<ImageResult>
  /** False: there is no resizer here, pictures are stored as they are. Undefined until a process has run. */
  resizes(): boolean | undefined
  processes(): readonly number[]
  stop(): Promise<void>
}

interface Job {
  readonly task: ImageTask
  readonly background: boolean
  readonly resolve: (result: ImageResult) => void
  readonly reject: (error: AppError) => void
  timer?: NodeJS.Timeout
}

interface Worker {
  readonly child: ChildProcess
  readonly ended: Promise<void>
  ready: boolean
  job: Job | undefined
  timer: NodeJS.Timeout | undefined
  lastWords: string
}

const START_MS = 15_000
const LAST_WORDS = 500
/** Starts that may fail in a row before waiting requests are given up. */
const MAX_FAILED_STARTS = 3
/** Nothing of the server's environment: it holds secrets. */
const ENVIRONMENT = ['PATH', 'HOME', 'LANG', 'TMPDIR', 'LD_LIBRARY_PATH', 'NODE_PATH']

export function createImagePool(options: ImagePoolOptions): ImagePool {
  const { entry, limits, log } = options
  const { maxQueued = 100, taskMs = 10_000, waitMs = 30_000, idleMs = 10_000 } = options
  const urgent: Job[] = []
  const background: Job[] = []
  const workers = new Set<Worker>()
  let resizes: boolean | undefined
  let failedStarts = 0
  let stopped = false
  let counter = 0

  function pump(): void {
    if (stopped) return
    for (const worker of workers) {
      if (!worker.ready || worker.job) continue
      const job = urgent.shift() ?? background.shift()
      if (job) give(worker, job)
      else if (!worker.timer) worker.timer = setTimeout(() => retire(worker), idleMs).unref()
    }
    const waiting = urgent.length + background.length
    const starting = [...workers].filter((worker) => !worker.ready).length
    if (waiting > starting && workers.size < options.workers) start()
  }

  function give(worker: Worker, job: Job): void {
    clearTimeout(job.timer)
    clearTimeout(worker.timer)
    worker.job = job
    worker.timer = setTimeout(() => finish(worker, { ok: false, reason: 'timeout' }), taskMs)
    const request: ImageRequest = { id: ++counter, task: job.task }
    worker.child.send(request, (error) => {
      if (error) worker.child.kill('SIGKILL')
    })
  }

  /** Settles the worker's task. A failure of the process itself ends the process. */
  function finish(worker: Worker, result: ImageResult): void {
    const { job } = worker
    clearTimeout(worker.timer)
    worker.timer = undefined
    worker.job = undefined
    if (!result.ok && result.reason === 'timeout') retire(worker, 'SIGKILL')
    job?.resolve(result)
    pump()
  }

  function retire(worker: Worker, signal?: 'SIGKILL'): void {
    workers.delete(worker)
    clearTimeout(worker.timer)
    if (signal) worker.child.kill(signal)
    else if (worker.child.connected) worker.child.disconnect()
  }

  function start(): void {
    let child: ChildProcess
    try {
      child = fork(entry.path, [JSON.stringify(limits)], {
        execArgv: [...entry.execArgv],
        stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
        env: { ...pick(process.env, ENVIRONMENT), MALLOC_ARENA_MAX: '2', UV_THREADPOOL_SIZE: '2' },
      })
    } catch (error) {
      failedToStart(String(error))
      return
    }
    const ended = new Promise<void>((resolve) => {
      child.once('exit', () => resolve())
      child.once('error', () => resolve())
    })
    const worker: Worker = { child, ended, ready: false, job: undefined, timer: undefined, lastWords: '' }
    workers.add(worker)
    worker.timer = setTimeout(() => child.kill('SIGKILL'), START_MS).unref()
    child.stderr?.on('data', (chunk: Buffer) => {
      worker.lastWords = (worker.lastWords + chunk.toString('latin1')).slice(-LAST_WORDS)
    })
    child.on('message', (message: ImageMessage) => onMessage(worker, message))
    void ended.then(() => onEnd(worker))
  }

  function onMessage(worker: Worker, message: ImageMessage): void {
    if (!workers.has(worker)) return
    if (message.kind === 'answer') {
      finish(worker, message.result)
      return
    }
    clearTimeout(worker.timer)
    worker.timer = undefined
    worker.ready = true
    failedStarts = 0
    if (!message.resizes && resizes !== false)
      log.warn('no image resizer (sharp) on this system: covers are sent as they are', { reason: message.note })
    resizes = message.resizes
    pump()
  }

  function onEnd(worker: Worker): void {
    if (!workers.delete(worker)) return
    clearTimeout(worker.timer)
    const { job } = worker
    const { exitCode, signalCode } = worker.child
    if (job) {
      log.warn('image process ended during a task', { exitCode, signalCode, output: worker.lastWords })
      job.resolve({ ok: false, reason: 'crashed' })
    } else if (!worker.ready) {
      failedToStart(`exit ${exitCode ?? signalCode}: ${worker.lastWords}`)
      return
    }
    pump()
  }

  function failedToStart(reason: string): void {
    failedStarts++
    log.error('image process did not start', { reason, attempt: failedStarts })
    if (failedStarts < MAX_FAILED_STARTS) {
      pump()
      return
    }
    failedStarts = 0
    giveUp(new AppError('UNAVAILABLE', 'Covers cannot be made at the moment; see the log.', { retryAfter: 60 }))
  }

  function giveUp(error: AppError): void {
    for (const job of [...urgent.splice(0), ...background.splice(0)]) {
      clearTimeout(job.timer)
      job.reject(error)
    }
  }

  return {
    run(task, { background: isBackground = false, signal } = {}) {
      if (signal?.aborted) return Promise.reject(unwanted())
      if (stopped) return Promise.reject(new AppError('UNAVAILABLE', 'The server is stopping.'))
      const queue = isBackground ? background : urgent
      if (!isBackground && urgent.length >= maxQueued) return Promise.reject(busy())
      return new Promise((resolve, reject) => {
        const job: Job = { task, background: isBackground, resolve, reject }
        queue.push(job)
        const leave = (error: AppError) => {
          const index = queue.indexOf(job)
          if (index < 0) return
          queue.splice(index, 1)
          clearTimeout(job.timer)
          reject(error)
        }
        if (!isBackground) job.timer = setTimeout(() => leave(busy()), waitMs)
        signal?.addEventListener('abort', () => leave(unwanted()), { once: true })
        pump()
      })
    },
    resizes: () => resizes,
    processes: () => [...workers].flatMap(({ child }) => (child.pid === undefined ? [] : [child.pid])),
    async stop() {
      stopped = true
      giveUp(new AppError('UNAVAILABLE', 'The server is stopping.'))
      const ending = [...workers]
      for (const worker of ending) {
        retire(worker)
        worker.job?.reject(new AppError('UNAVAILABLE', 'The server is stopping.'))
        worker.job = undefined
      }
      const all = Promise.all(ending.map(({ ended }) => ended))
      await withDeadline(all, 2_000, 'the end of the image process').catch(async () => {
        for (const { child } of ending) child.kill('SIGKILL')
        await Promise.race([all, pause(1_000)])
      })
    },
  }
}

function unwanted(): AppError {
  return new AppError('CANCELLED', 'Nobody waits for this cover any more.')
}

function busy(): AppError {
  return new AppError('BUSY', 'Too many covers are being made; try again in a moment.', { retryAfter: 2 })
}

function pick(source: NodeJS.ProcessEnv, names: readonly string[]): NodeJS.ProcessEnv {
  return Object.fromEntries(names.flatMap((name) => (source[name] === undefined ? [] : [[name, source[name]]])))
}
