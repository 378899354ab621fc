import { withDeadline } from '../base/deadline.ts'
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
}

export interface Channel {
  /** Unique. */
  readonly name: string
  deliver(notification: Notification): Promise<void>
}

/**
 * News for people. Rooms send and go on: each channel has a queue of its own with a bound, a deadline, and its failures
 * are its own. Where there is no channel the log is the one that tells.
 */
export interface Notify {
  send(notification: Notification): void
  /** @returns how to take it away again. A second channel of a name takes the place of the first. */
  channel(channel: Channel): () => void
  /** All channels of one source at once, as plugins are swapped; those that stay keep their queues. */
  replace(source: string, channels: readonly Channel[]): void
  /** Resolves when all queues are empty, or after `ms`. */
  settled(ms: number): Promise<void>
  /** Takes nothing more; what waits is dropped. */
  stop(): void
}

export interface NotifyOptions {
  readonly log: Logger
  /** Notifications that wait for one channel; the oldest goes when there are more. Default 100. */
  readonly maxQueued?: number
  /** For one delivery. Default 10 s. */
  readonly deliverMs?: number
}

interface Line {
  channel: Channel
  readonly source: string
  readonly queue: Notification[]
  running: Promise<void> | undefined
  dropped: number
}

const CORE = ''
const MAX_TITLE = 200
const MAX_BODY = 4_000

export function createNotify({ log, maxQueued = 100, deliverMs = 10_000 }: NotifyOptions): Notify {
  const lines = new Map<string, Line>()
  let stopped = false

  function join(source: string, channel: Channel): void {
    const known = lines.get(channel.name)
    if (known && known.source === source) known.channel = channel
    else lines.set(channel.name, { channel, source, queue: [], running: undefined, dropped: 0 })
  }

  async function drain(line: Line): Promise<void> {
    for (let next = line.queue.shift(); next; next = line.queue.shift()) {
      const { name } = line.channel
      try {
        await withDeadline(line.channel.deliver(next), deliverMs, `delivery by ${name}`)
      } catch (error) {
        log.warn('notification not delivered', { channel: name, topic: next.topic, error })
      }
    }
    line.running = undefined
  }

  function enqueue(line: Line, notification: Notification): void {
    line.queue.push(notification)
    if (line.queue.length > maxQueued) {
      line.queue.shift()
      line.dropped++
      if (line.dropped === 1 || line.dropped % 100 === 0)
        log.warn('notifications dropped: the channel is too slow', {
          channel: line.channel.name,
          dropped: line.dropped,
        })
    }
    line.running ??= Promise.resolve().then(() => drain(line))
  }

  return {
    send(notification) {
      if (stopped) return
      const note = bounded(notification)
      if (lines.size === 0) {
        log[note.level ?? 'info']('notification', { topic: note.topic, title: note.title, body: note.body })
        return
      }
      for (const line of lines.values()) enqueue(line, note)
    },
    channel(channel) {
      join(CORE, channel)
      return () => {
        if (lines.get(channel.name)?.channel === channel) lines.delete(channel.name)
      }
    },
    replace(source, channels) {
      const names = new Set(channels.map(({ name }) => name))
      for (const [name, line] of lines) if (line.source === source && !names.has(name)) lines.delete(name)
      for (const channel of channels) join(source, channel)
    },
    async settled(ms) {
      const running = [...lines.values()].map((line) => line.running)
      await withDeadline(Promise.all(running), ms, 'delivery of notifications').catch(() => {})
    },
    stop() {
      stopped = true
      for (const line of lines.values()) line.queue.length = 0
    },
  }
}

function bounded(notification: Notification): Notification {
  const { title, body } = notification
  return Object.freeze({
    ...notification,
    title: title.slice(0, MAX_TITLE),
    ...(body === undefined ? {} : { body: body.slice(0, MAX_BODY) }),
  })
}
