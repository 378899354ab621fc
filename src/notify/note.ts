import type { Clock } from '../base/clock.ts'
import type { Logger } from '../log/logger.ts'

export interface Notification {
  /** Dotted, for rules of channels: `library.lost`, `plugin.failed`. */
  readonly topic: string
  readonly title: string
  readonly body?: string
  /** 'info' when absent. */
  readonly level?: 'info' | 'warn' | 'error'
  /** Public id; absent = the administrators. */
  readonly userId?: string
  /** What it is about, for channels that make their own text: plain JSON, at most 4,000 characters. */
  readonly data?: Readonly<Record<string, unknown>>
}

/** A notification that was sent. */
export interface Note extends Notification {
  /** The same each time it is delivered. */
  readonly id: string
  /** ms since 1970 */
  readonly at: number
}

export interface Channel {
  /** Unique. */
  readonly name: string
  /**
   * Each note is kept until it was delivered, over restarts; those that come while the channel is away too. A note may come
   * twice, with the same id, when the process ends between the delivery and its being noted.
   */
  readonly durable?: boolean
  /** Resolves when it has the note; a durable one that rejects is given it again. */
  deliver(note: Note): Promise<void>
}

export interface WaitingNote {
  readonly seq: number
  readonly note: Note
}

/** Where notes wait for durable channels. */
export interface Outbox {
  /** Whether any channel wants notes to be kept. */
  wanted(): boolean
  /** From now on, whether it is there or not. */
  keepFor(channel: string): void
  /** Part of the transaction in which it is called. @returns how many old ones went, since there were too many. */
  add(note: Note): number
  /** Oldest first, those that the channel does not have. */
  waiting(channel: string, limit: number): readonly WaitingNote[]
  acknowledge(channel: string, seq: number): void
}

export interface NotifyOptions {
  readonly log: Logger
  readonly clock?: Clock
  /** Without it durable channels are like the others. */
  readonly outbox?: Outbox
  /** Hears of each notification at once, whatever channels there are. Must not throw. */
  readonly onSend?: (notification: Notification) => void
  /** Notifications that wait for one channel; the oldest goes when there are more. Default 100. */
  readonly maxQueued?: number
  /** For one delivery. Default 10 s. */
  readonly deliverMs?: number
  /** After a delivery to a durable channel failed; twice as long each further time. Default 1 s. */
  readonly retryMs?: number
}
