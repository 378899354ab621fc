import { ChannelError, type ChannelKind, type ChannelName, type ChannelTools, type Delivery } from './channel.ts'
import type { StoredTarget } from './target-store.ts'

type AnyKind = ChannelKind<unknown>

/** The channels that there are, by name; whatever goes wrong in one comes back as a ChannelError. */
export class Channels {
  readonly #kinds = new Map<ChannelName, AnyKind>()

  constructor(kinds: readonly ChannelKind<never>[]) {
    for (const kind of kinds) this.#kinds.set(kind.kind, kind as unknown as AnyKind)
  }

  get(name: string): AnyKind | undefined {
    return this.#kinds.get(name as ChannelName)
  }

  all(): readonly AnyKind[] {
    return [...this.#kinds.values()]
  }

  /** One attempt. @returns what went wrong; undefined when it was taken. */
  async send(
    { channel, target }: Pick<StoredTarget, 'channel' | 'target'>,
    delivery: Delivery,
    tools: ChannelTools,
  ): Promise<ChannelError | undefined> {
    const kind = this.#kinds.get(channel)
    if (!kind) return new ChannelError(`there is no channel ${channel}`, { retry: false })
    const problem = kind.problem(target, tools.config)
    if (problem !== undefined) return new ChannelError(problem, { retry: false })
    try {
      await untilAborted(kind.send(target, delivery, tools), tools.signal)
      return undefined
    } catch (error) {
      return asChannelError(error)
    }
  }
}

/** A channel that does not look at its signal must not hold up the others. */
function untilAborted(work: Promise<void>, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const late = () => reject(new ChannelError('no answer in time', { retry: true }))
    if (signal.aborted) return late()
    signal.addEventListener('abort', late, { once: true })
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', late))
  })
}

function asChannelError(error: unknown): ChannelError {
  // Not by class: what was thrown may come from another copy of it.
  if (error instanceof Error && error.name === 'ChannelError') return error as ChannelError
  const { code, message } = (error ?? {}) as { readonly code?: unknown; readonly message?: unknown }
  // Without the grant it fails until somebody gives it: the sentence says which.
  if (code === 'PERMISSION_DENIED') return new ChannelError(String(message), { retry: false }, { cause: error })
  const known = code === 'TIMEOUT' || code === 'UNAVAILABLE' || code === 'CANCELLED'
  return new ChannelError(known ? String(message) : 'it could not be sent', { retry: true }, { cause: error })
}
