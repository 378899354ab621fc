import { close, fstat, open, read, type Stats } from 'node:fs'
import { withDeadline } from '../base/deadline.ts'
import { AppError, isAppError, systemErrorCode } from '../base/errors.ts'

/** A disk that sleeps needs some 10 s to wake up, a network share may need twice that. */
const DISK_DEADLINE_MS = 30_000

/**
 * An open file that is read by position. Closing waits for a read that still runs: its buffer is then free again.
 * One timer serves all reads: a stream makes thousands, and a timer and promises for each were most of its garbage.
 */
export class OpenFile {
  readonly #fd: number
  readonly #deadlineMs: number
  #timer: NodeJS.Timeout | undefined
  /** Of the read that is waited for. */
  #giveUp: ((error: AppError) => void) | undefined
  /** In the hands of the system, also after it was given up. */
  #reading = false
  #closed = false
  #afterRead: (() => void) | undefined

  constructor(fd: number, deadlineMs = DISK_DEADLINE_MS) {
    this.#fd = fd
    this.#deadlineMs = deadlineMs
  }

  /** Bytes read, 0 at the end. One read at a time. Rejects with MEDIA_UNREADABLE, also after 30 s without an answer. */
  read(into: Uint8Array, length: number, position: number): Promise<number> {
    return new Promise((resolve, reject) => {
      if (this.#reading || this.#closed) return reject(unreadable(new Error('closed, or busy with another read')))
      this.#reading = true
      this.#giveUp = reject
      this.#startTimer()
      read(this.#fd, into, 0, length, position, (error, count) => {
        this.#reading = false
        this.#giveUp = undefined
        if (error) reject(unreadable(error))
        else resolve(count)
        this.#afterRead?.()
      })
    })
  }

  /** `released` is called when no read can touch its buffer any more. Safe to call twice. */
  close(released: () => void = () => {}): void {
    if (this.#closed) return
    this.#closed = true
    const finish = () => {
      clearTimeout(this.#timer)
      close(this.#fd, () => {})
      released()
    }
    if (this.#reading) this.#afterRead = finish
    else finish()
  }

  #startTimer(): void {
    if (this.#timer) this.#timer.refresh()
    else this.#timer = setTimeout(() => this.#giveUp?.(unreadable(new Error('no answer'))), this.#deadlineMs).unref()
  }
}

/** Opens for reading. Rejects with MEDIA_UNREADABLE, also after 30 s; a file that opens later is closed at once. */
export async function openFile(path: string): Promise<{ readonly file: OpenFile; readonly stats: Stats }> {
  let late = false
  const opening = new Promise<{ file: OpenFile; stats: Stats }>((resolve, reject) => {
    open(path, 'r', (openError, fd) => {
      if (openError) return reject(openError)
      const file = new OpenFile(fd)
      fstat(fd, (statError, stats) => {
        if (statError || late || !stats.isFile()) {
          file.close()
          return reject(statError ?? new Error('not a file'))
        }
        resolve({ file, stats })
      })
    })
  })
  try {
    return await withDeadline(opening, DISK_DEADLINE_MS, 'opening a file')
  } catch (error) {
    late = true
    throw unreadable(error)
  }
}

/** A failure of the disk, as clients may see it. The cause stays for the log. */
export function unreadable(error: unknown): AppError {
  if (isAppError(error) && error.code !== 'TIMEOUT') return error
  const code = systemErrorCode(error)
  if (code === 'EMFILE' || code === 'ENFILE') {
    return new AppError('BUSY', 'Too many files are open. Try again in a moment.', { cause: error, retryAfter: 5 })
  }
  return new AppError(
    'MEDIA_UNREADABLE',
    "The song's file can't be read at the moment. Check that its disk is there, then scan again.",
    { cause: error, details: code === undefined ? {} : { system: code } },
  )
}
