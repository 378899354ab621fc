import { oneAtATime } from 'tonearm/plugin'
import type { Context } from './context.ts'
import { shown } from './note-routes.ts'
import type { NoteStore } from './note-store.ts'
import type { PreferenceStore } from './preferences.ts'

/** What open pages and apps hear. */
export interface LiveEvent {
  /** The number of the newest note that this client has: what it names when it comes back. */
  readonly id: number
  readonly event: string
  readonly data: unknown
}

/** One open page or app. */
export interface Connection {
  readonly userId: number
  readonly isAdmin: boolean
  /** @returns false when the client is too slow to take more. */
  push(event: LiveEvent): boolean
  close(): void
}

interface Line extends Connection {
  /** The newest note that was pushed. */
  last: number
  /** Pushes what the store has beyond what the line has, in order. Never rejects. */
  flush(): Promise<void>
}

export interface HubParts {
  readonly ctx: Context
  readonly notes: NoteStore
  readonly preferences: PreferenceStore
}

const KEEP_ALIVE_MS = 15_000
const MAX_LINES = 500
const MAX_LINES_OF_ONE = 10
const REPLAY = 100

/** Who is connected, and what they are told. Notes come from the store, so that nobody misses one. */
export class Hub {
  readonly #parts: HubParts
  readonly #lines = new Set<Line>()
  #timer: NodeJS.Timeout | undefined

  constructor(parts: HubParts) {
    this.#parts = parts
  }

  get size(): number {
    return this.#lines.size
  }

  /**
   * `since`: the number of the last note that the client has; undefined for one that is new here. @returns how to take it
   * away again; undefined when there are too many.
   */
  async join(connection: Connection, since: number | undefined): Promise<(() => void) | undefined> {
    const { notes } = this.#parts
    const own = [...this.#lines].filter(({ userId }) => userId === connection.userId)
    if (this.#lines.size >= MAX_LINES) return undefined
    // The oldest goes: a browser that was put to sleep keeps dead connections.
    if (own.length >= MAX_LINES_OF_ONE) this.#drop(own[0] as Line)
    const last = await notes.last(connection.userId)
    const line: Line = {
      userId: connection.userId,
      isAdmin: connection.isAdmin,
      push: (event) => connection.push(event),
      close: () => connection.close(),
      // A number from the future is of another database: it is no reason to be silent for ever.
      last: since === undefined || since > last ? last : since,
      flush: oneAtATime(() =>
        this.#flush(line).catch((error: unknown) =>
          this.#parts.ctx.log.warn('notes not pushed', { error: String(error) }),
        ),
      ),
    }
    this.#lines.add(line)
    this.#begin()
    void line.flush()
    return () => this.#leave(line)
  }

  /** To all, or to one user. */
  tell(event: string, data: unknown, userId?: number): void {
    for (const line of this.#lines) if (userId === undefined || line.userId === userId) this.#push(line, event, data)
  }

  /** Who is connected, each once. */
  users(): readonly { readonly userId: number; readonly isAdmin: boolean }[] {
    const users = new Map([...this.#lines].map(({ userId, isAdmin }) => [userId, { userId, isAdmin }]))
    return [...users.values()]
  }

  /** These users have new notes. */
  notes(userIds: Iterable<number>): void {
    const wanted = new Set(userIds)
    for (const line of this.#lines) if (wanted.has(line.userId)) void line.flush()
  }

  /** Ends the connections of one user, or all: who may stay comes back. */
  end(userId?: number): void {
    for (const line of [...this.#lines]) if (userId === undefined || line.userId === userId) this.#drop(line)
  }

  #push(line: Line, event: string, data: unknown): void {
    // Too slow: it comes back with the number of what it has, and gets the rest.
    if (!line.push({ id: line.last, event, data })) this.#drop(line)
  }

  async #flush(line: Line): Promise<void> {
    const { notes } = this.#parts
    while (this.#lines.has(line)) {
      const found = await notes.since(line.userId, line.last, REPLAY)
      const reader = { row: line.userId, isAdmin: line.isAdmin }
      for (const { seq, ...note } of await shown(this.#parts, found, reader)) {
        if (!this.#lines.has(line)) return
        line.last = seq
        this.#push(line, 'notification', note)
      }
      if (found.length < REPLAY) break
    }
  }

  #begin(): void {
    this.#timer ??= setInterval(() => this.#tick(), KEEP_ALIVE_MS)
  }

  #tick(): void {
    this.tell('keepAlive', { ts: this.#parts.ctx.now() })
    // Whatever was told meanwhile by the life of the plugin before this one.
    for (const line of this.#lines) void this.#flush(line)
  }

  #drop(line: Line): void {
    this.#leave(line)
    line.close()
  }

  #leave(line: Line): void {
    this.#lines.delete(line)
    if (this.#lines.size > 0) return
    clearInterval(this.#timer)
    this.#timer = undefined
  }
}
