import type { Disposable } from './disposable-api.ts'

export interface Notification {
  readonly topic: string
  readonly title: string
  readonly body?: string
  readonly level?: 'info' | 'warn' | 'error'
  /** Public id; absent = the administrators. */
  readonly userId?: string
  /** What it is about, for channels that make their own text: plain JSON, at most 4,000 characters. */
  readonly data?: Readonly<Record<string, unknown>>
}

/** A notification as channels get it. */
export interface Note extends Notification {
  /** The same each time it is delivered. */
  readonly id: string
  /** ms since 1970 */
  readonly at: number
}

export interface ChannelOptions {
  /**
   * Each note is kept on disk until it was delivered: over restarts, and while the plugin is away (2,000 notes). One may come
   * twice, with the same id. A delivery that rejects is tried again, and the notes behind it wait.
   */
  readonly durable?: boolean
}

export interface Notify {
  /** Written down before it returns where a durable channel is known. */
  send(notification: Notification): void
  /** A way to reach people: is given every note. */
  channel(name: string, deliver: (note: Note) => Promise<void>, options?: ChannelOptions): Disposable
}
