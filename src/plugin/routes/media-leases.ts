import { LRUCache } from 'lru-cache'
import type { ByteSource, ByteStream } from '../../base/byte-source.ts'
import type { Clock } from '../../base/clock.ts'
import { AppError } from '../../base/errors.ts'
import { aroundStreams, interruptible } from '../../base/interruptible.ts'

const MAX_ENDED = 1000
/** Stands for all leases of a plugin. */
const ALL = ''

export interface MediaLease {
  readonly plugin: string
  /** The plugin's own name for what the media were given for: a share, a ticket. */
  readonly key: string
  /** ms since 1970. */
  readonly until?: number
}

/**
 * Media that plugins answered under a lease and that are being sent. They outlive reloads, since the core moves the
 * bytes; so the plugin's next life can end what an earlier one gave.
 */
export class MediaLeases {
  readonly #clock: Clock
  readonly #running = new Map<string, Set<() => void>>()
  /** When a lease was ended last, by the count of ends. */
  readonly #ended = new LRUCache<string, number>({
    max: MAX_ENDED,
    dispose: (at, _name, reason) => {
      if (reason === 'evict') this.#forgotten = Math.max(this.#forgotten, at)
    },
  })
  /** Up to here nobody knows any more which leases were ended. */
  #forgotten = 0
  #ends = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  now(): number {
    return this.#clock.now()
  }

  /** How often leases were ended: to be read when a plugin has decided what it gives under a lease. */
  get ends(): number {
    return this.#ends
  }

  /**
   * The same source, whose streams break off with NOT_FOUND when the lease is over, also when it was ended before their
   * first byte. `since`: `ends` when it was decided.
   */
  revocable(source: ByteSource, lease: MediaLease, since: number): ByteSource {
    return aroundStreams(source, (stream) => this.#watch(stream, lease, since))
  }

  /** @returns how many streams were ended. */
  end(plugin: string, key: string): number {
    const name = nameOf(plugin, key)
    this.#ended.set(name, ++this.#ends)
    const streams = [...(this.#running.get(name) ?? [])]
    for (const stop of streams) stop()
    return streams.length
  }

  /** What a plugin that was switched off gave. */
  endAll(plugin: string): void {
    // Also what has not begun.
    this.#ended.set(nameOf(plugin, ALL), ++this.#ends)
    for (const key of this.keys(plugin)) this.end(plugin, key)
  }

  /** Of what is being sent now. */
  keys(plugin: string): readonly string[] {
    const start = nameOf(plugin, '')
    return [...this.#running.keys()].filter((name) => name.startsWith(start)).map((name) => name.slice(start.length))
  }

  #watch(stream: ByteStream, { plugin, key, until = Number.POSITIVE_INFINITY }: MediaLease, since: number): ByteStream {
    const name = nameOf(plugin, key)
    const streams = this.#running.get(name) ?? new Set()
    const { stream: leased, interrupt } = interruptible(stream, {
      reason: ended,
      isOver: () => this.#clock.now() >= until,
      onClose: () => {
        streams.delete(interrupt)
        if (streams.size === 0 && this.#running.get(name) === streams) this.#running.delete(name)
      },
    })
    this.#running.set(name, streams.add(interrupt))
    // Between the decision and the first byte it was in no list.
    const endedAt = Math.max(...[name, nameOf(plugin, ALL)].map((one) => this.#ended.get(one) ?? 0))
    if (since < Math.max(this.#forgotten, endedAt)) interrupt()
    return leased
  }
}

function nameOf(plugin: string, key: string): string {
  return `${plugin} ${key}`
}

function ended(): AppError {
  return new AppError('NOT_FOUND', 'This is no longer available.')
}
