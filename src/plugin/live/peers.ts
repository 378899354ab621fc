import { yieldToLoop } from '../../base/deadline.ts'
import { AppError } from '../../base/errors.ts'
import type { UserId } from '../../base/ids.ts'
import type { Timers } from '../../base/timers.ts'
import { CLOSE } from '../../http/line.ts'
import type { Logger } from '../../log/logger.ts'
import type { PeerCore } from './peer.ts'

export interface PeerLimits {
  readonly all: number
  /** On all devices and in all tabs; of public routes: of one address. */
  readonly perUser: number
}

export interface PeersOptions {
  readonly limits: PeerLimits
  readonly timers: Timers
  readonly log: Logger
}

/** All rights are looked at so often, ms: whatever ended them, within seconds. */
const CHECK_MS = 5_000
/** Streams of events show life with each nth look: proxies cut what is silent for a minute. */
const COMMENT_EVERY = 4
/** Peers looked at without giving the loop a turn. */
const SLICE = 50

/** The clients that plugins keep informed: how many, whose, and whether they still may. One timer for all. */
export class Peers {
  readonly #options: PeersOptions
  readonly #peers = new Set<PeerCore>()
  /** Those that are written a comment now and then. */
  readonly #streams = new Set<PeerCore>()
  readonly #counts = new Map<string, number>()
  #cancel: (() => void) | undefined
  #looks = 0

  constructor(options: PeersOptions) {
    this.#options = options
  }

  get size(): number {
    return this.#peers.size
  }

  /** Throws BUSY where there are too many. */
  admit(peer: PeerCore, kind: 'socket' | 'events'): void {
    const { all, perUser } = this.#options.limits
    const whose = whoseOf(peer)
    const count = this.#counts.get(whose) ?? 0
    if (count >= perUser)
      throw new AppError('BUSY', 'There are too many open connections of this user. Close some.', {
        retryAfter: RETRY_S,
      })
    if (this.#peers.size >= all)
      throw new AppError('BUSY', 'The server keeps as many clients informed as it can. Try again later.', {
        retryAfter: RETRY_S,
      })
    this.#counts.set(whose, count + 1)
    this.#peers.add(peer)
    if (kind === 'events') this.#streams.add(peer)
    peer.generation.peers.add(peer)
    this.#cancel ??= this.#later()
  }

  remove(peer: PeerCore): void {
    if (!this.#peers.delete(peer)) return
    this.#streams.delete(peer)
    peer.generation.peers.delete(peer)
    const whose = whoseOf(peer)
    const count = (this.#counts.get(whose) ?? 1) - 1
    if (count > 0) this.#counts.set(whose, count)
    else this.#counts.delete(whose)
    if (this.#peers.size === 0) this.stop()
  }

  /** Looks whether all, or those of one user, still may. Closes those that may not. */
  async check(userId?: UserId): Promise<void> {
    const peers = [...this.#peers].filter((peer) => userId === undefined || peer.userId === userId)
    let refused = 0
    for (const [index, peer] of peers.entries()) {
      if (index > 0 && index % SLICE === 0) await yieldToLoop()
      if (!peer.open || peer.isAllowed()) continue
      peer.close(CLOSE.POLICY, 'the login has ended')
      refused++
    }
    if (refused > 0) this.#options.log.info('connections ended: their login has ended', { count: refused })
  }

  stop(): void {
    this.#cancel?.()
    this.#cancel = undefined
  }

  #later(): () => void {
    return this.#options.timers.after(CHECK_MS, async () => {
      if (++this.#looks % COMMENT_EVERY === 0) for (const peer of [...this.#streams]) peer.send(':\n\n')
      await this.check().catch((error: unknown) => this.#options.log.error('logins not checked', { error }))
      if (this.#peers.size > 0 && this.#cancel) this.#cancel = this.#later()
      else this.#cancel = undefined
    })
  }
}

const RETRY_S = 30

function whoseOf(peer: PeerCore): string {
  return peer.userId === undefined ? `@${peer.address}` : String(peer.userId)
}
