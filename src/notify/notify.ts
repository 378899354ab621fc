import { randomBytes } from 'node:crypto'
import { systemClock } from '../base/clock.ts'
import { withDeadline } from '../base/deadline.ts'
import { createLine, type Line } from './line.ts'
import type { Channel, Note, Notification, NotifyOptions } from './note.ts'

/**
 * News for people. Rooms send and go on: each channel has a queue of its own with a bound, a deadline, and its failures
 * are its own. Where there is no channel the log is the one that tells.
 */
export interface Notify {
  /** Never throws. With durable channels it is written down before this returns, in the caller's transaction if there is one. */
  send(notification: Notification): void
  /** @returns how to take it away again. A second channel of a name takes the place of the first. */
  channel(channel: Channel): () => void
  /** All channels of one source at once, as plugins are swapped; those that stay keep their queues. */
  replace(source: string, channels: readonly Channel[]): void
  /** Resolves when all queues are empty, or after `ms`. */
  settled(ms: number): Promise<void>
  /** Takes nothing more; what waits is dropped, but for what is kept for durable channels. */
  stop(): void
}

const CORE = ''
const MAX_TITLE = 200
const MAX_BODY = 4_000
const MAX_DATA = 4_000

export function createNotify(options: NotifyOptions): Notify {
  const { log, clock = systemClock, outbox } = options
  const lines = new Map<string, { readonly line: Line; readonly source: string }>()
  let stopped = false

  function join(source: string, channel: Channel): void {
    const known = lines.get(channel.name)
    if (known?.source === source) {
      known.line.replace(channel)
      return
    }
    known?.line.stop()
    if (channel.durable) {
      try {
        outbox?.keepFor(channel.name)
      } catch (error) {
        log.error('notifications are not kept for a channel', { channel: channel.name, error })
      }
    }
    const line = createLine(channel, options)
    lines.set(channel.name, { line, source })
    line.wake()
  }

  function leave(name: string): void {
    lines.get(name)?.line.stop()
    lines.delete(name)
  }

  function keep(note: Note): boolean {
    if (!outbox?.wanted()) return false
    try {
      const dropped = outbox.add(note)
      if (dropped > 0) log.warn('notifications dropped: a channel was away for too long', { dropped })
      return true
    } catch (error) {
      log.error('notification not kept', { topic: note.topic, error })
      return false
    }
  }

  return {
    send(notification) {
      if (stopped) return
      options.onSend?.(notification)
      const note = completed(notification, clock.now())
      const kept = keep(note)
      if (lines.size === 0)
        log[note.level ?? 'info']('notification', { topic: note.topic, title: note.title, body: note.body })
      for (const { line } of lines.values()) line.put(note, kept)
    },
    channel(channel) {
      join(CORE, channel)
      const { line } = lines.get(channel.name) ?? {}
      return () => {
        if (lines.get(channel.name)?.line === line && line?.channel === channel) leave(channel.name)
      }
    },
    replace(source, channels) {
      const names = new Set(channels.map(({ name }) => name))
      for (const [name, one] of [...lines]) if (one.source === source && !names.has(name)) leave(name)
      for (const channel of channels) join(source, channel)
    },
    async settled(ms) {
      const running = [...lines.values()].map(({ line }) => line.settled())
      await withDeadline(Promise.all(running), ms, 'delivery of notifications').catch(() => {})
    },
    stop() {
      stopped = true
      for (const { line } of lines.values()) line.stop()
    },
  }
}

function completed(notification: Notification, at: number): Note {
  const { title, body, data } = notification
  const text = data && JSON.stringify(data)
  const { data: _data, ...rest } = notification
  return Object.freeze({
    ...rest,
    title: title.slice(0, MAX_TITLE),
    ...(body === undefined ? {} : { body: body.slice(0, MAX_BODY) }),
    // A copy: what the sender changes later is not what it sent.
    ...(text === undefined || text.length > MAX_DATA
      ? {}
      : { data: JSON.parse(text) as Notification['data'] & object }),
    id: randomBytes(12).toString('base64url'),
    at,
  })
}
