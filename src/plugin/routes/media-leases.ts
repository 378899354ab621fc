import type { ByteSource, ByteStream } from '../../base/byte-source.ts'
import type { Clock } from '../../base/clock.ts'
import { AppError } from '../../base/errors.ts'
import { aroundStreams, interruptible } from '../../base/interruptible.ts'

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

  constructor(clock: Clock) {
    this.#clock = clock
  }

  now(): number {
    return this.#clock.now()
  }

  /** The same source, whose streams break off with NOT_FOUND when the lease is over. */
  revocable(source: ByteSource, lease: MediaLease): ByteSource {
    return aroundStreams(source, (stream) => this.#watch(stream, lease))
  }

  /** @returns how many streams were ended. */
  end(plugin: string, key: string): number {
    const streams = [...(this.#running.get(nameOf(plugin, key)) ?? [])]
    for (const stop of streams) stop()
    return streams.length
  }

  /** What a plugin that was switched off gave. */
  endAll(plugin: string): void {
    for (const key of this.keys(plugin)) this.end(plugin, key)
  }

  /** Of what is being sent now. */
  keys(plugin: string): readonly string[] {
    const start = nameOf(plugin, '')
    return [...this.#running.keys()].filter((name) => name.startsWith(start)).map((name) => name.slice(start.length))
  }

  #watch(stream: ByteStream, { plugin, key, until = Number.POSITIVE_INFINITY }: MediaLease): ByteStream {
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
    return leased
  }
}

function nameOf(plugin: string, key: string): string {
  return `${plugin} ${key}`
}

function ended(): AppError {
  return new AppError('NOT_FOUND', 'This is no longer available.')
}
