import { withDeadline } from '../base/deadline.ts'
import { oneAtATime } from '../base/one-at-a-time.ts'
import type { Channel, Note, NotifyOptions } from './note.ts'

/** One channel's way: what waits for it, and the delivery. */
export interface Line {
  readonly channel: Channel
  /** The same channel in its next life. */
  replace(channel: Channel): void
  /** `kept`: it lies in the outbox. */
  put(note: Note, kept: boolean): void
  /** Looks for what waits. */
  wake(): void
  /** Resolves when nothing is being delivered. */
  settled(): Promise<void>
  stop(): void
}

/** Notes that are read from the outbox at a time. */
const BATCH = 50
const MAX_RETRY_MS = 300_000
/** A note that no try brought through is given up, so that those behind it come: after an hour and a half. */
const MAX_TRIES = 25

export function createLine(
  first: Channel,
  { log, outbox, maxQueued = 100, deliverMs = 10_000, retryMs = 1_000 }: NotifyOptions,
): Line {
  const queue: Note[] = []
  let channel = first
  let latest: Promise<void> = Promise.resolve()
  let stopped = false
  let dropped = 0
  let tries = 0
  let retry: NodeJS.Timeout | undefined

  function deliver(note: Note): Promise<void> {
    return withDeadline(channel.deliver(note), deliverMs, `delivery by ${channel.name}`)
  }

  async function drainQueue(): Promise<void> {
    for (let next = queue.shift(); next; next = queue.shift()) {
      try {
        await deliver(next)
      } catch (error) {
        log.warn('notification not delivered', { channel: channel.name, topic: next.topic, error })
      }
    }
  }

  /** @returns false when a delivery failed and another try follows. */
  async function drainOutbox(): Promise<boolean> {
    if (!outbox || !channel.durable) return true
    for (;;) {
      const waiting = outbox.waiting(channel.name, BATCH)
      if (waiting.length === 0) return true
      for (const { seq, note } of waiting) {
        if (stopped) return true
        const { name } = channel
        const asked = channel
        try {
          await deliver(note)
          if (stopped) return true
          outbox.acknowledge(name, seq)
          tries = 0
        } catch (error) {
          // A life of a plugin that ended meanwhile is no failure: the next one is asked.
          if (asked !== channel) break
          tries++
          log.warn('notification not delivered', { channel: name, topic: note.topic, tries, error })
          if (tries < MAX_TRIES) return false
          log.error('notification given up', { channel: name, topic: note.topic, tries })
          tries = 0
          outbox.acknowledge(name, seq)
        }
      }
    }
  }

  async function drain(): Promise<void> {
    try {
      await drainQueue()
      // A delivery failed while this run was asked for: those behind it wait as well.
      if (retry === undefined && !(await drainOutbox())) tryLater()
    } catch (error) {
      log.error('notifications not read', { channel: channel.name, error })
      tries++
      tryLater()
    }
  }

  function tryLater(): void {
    if (stopped) return
    clearTimeout(retry)
    retry = setTimeout(wake, Math.min(MAX_RETRY_MS, retryMs * 2 ** Math.min(20, Math.max(0, tries - 1))))
    retry.unref()
  }

  function wake(): void {
    if (stopped) return
    clearTimeout(retry)
    retry = undefined
    latest = run()
  }

  const run = oneAtATime(async () => {
    // Later, so that a note which is part of a transaction is there, or is not.
    await Promise.resolve()
    await drain()
  })

  function enqueue(note: Note): void {
    queue.push(note)
    if (queue.length > maxQueued) {
      queue.shift()
      dropped++
      if (dropped === 1 || dropped % 100 === 0)
        log.warn('notifications dropped: the channel is too slow', { channel: channel.name, dropped })
    }
    wake()
  }

  return {
    get channel() {
      return channel
    },
    replace(next) {
      channel = next
      wake()
    },
    put(note, kept) {
      if (stopped) return
      if (!channel.durable || !kept) enqueue(note)
      // While another try is due it waits behind the one that failed.
      else if (retry === undefined) wake()
    },
    wake,
    settled: async () => {
      for (let seen: unknown; seen !== latest; ) {
        seen = latest
        await latest
      }
    },
    stop() {
      stopped = true
      queue.length = 0
      clearTimeout(retry)
    },
  }
}
