import { createNetworkMatcher, isLocalAddress } from '../base/address.ts'
import type { NodeAdapter } from './adapter-node.ts'
import type { AdapterOptions } from './adapter-options.ts'
import type { UwsAdapter } from './adapter-uws.ts'
import type { HttpAdapter } from './types.ts'

export interface AutoTimes {
  /** For so long node:http listens in the other's place, to see who does not understand it, ms. */
  readonly probeMs: number
  /** After a look in vain the same address starts another one after this, ms; it doubles up to a day. */
  readonly restMs: number
}

const TIMES: AutoTimes = { probeMs: 60_000, restMs: 10 * 60_000 }
const LONGEST_REST_MS = 24 * 60 * 60_000
const MOST_RESTING = 256
/** So many connections without a request from one address, none with one between, are a sign of HTTP/1.0. */
const SIGNS = 3
const SIGNS_WITHIN_MS = 10 * 60_000
const MOST_SUSPECTS = 64
const RETRY_MS = 1000
/** Networks of containers and tunnels: a reverse proxy may be there as well as at home. */
const SHARED = '100.64.0.0/10'

interface Rest {
  readonly until: number
  readonly ms: number
}

/**
 * uWebSockets.js as long as everybody speaks HTTP/1.1. It refuses HTTP/1.0 by itself (505), which nginx speaks to what
 * is behind it unless told otherwise, and tells us no more than that a connection ended without a request. When some
 * from one address nearby do, and none from there brings a request, node:http takes over the port for a while, and for
 * good once it has seen HTTP/1.0. Connections that are open stay where they are: no stream is cut. One that is just
 * being made may be reset, which is why a single sign (a port that is tried, a browser that connects ahead) is not enough.
 */
export class AutoAdapter implements HttpAdapter {
  readonly name = 'uws'
  readonly #options: AdapterOptions
  readonly #uws: UwsAdapter
  readonly #times: AutoTimes
  readonly #isNear: (address: string) => boolean
  readonly #resting = new Map<string, Rest>()
  readonly #suspects = new Map<string, { readonly signs: number; readonly since: number }>()
  readonly #nodes = new Set<NodeAdapter>()
  #at: { readonly host: string; readonly port: number } | undefined
  #look: { readonly address: string; confirmed: boolean; timer?: NodeJS.Timeout } | undefined
  #taking: Promise<void> = Promise.resolve()
  #closed = false

  constructor(options: AdapterOptions, uws: UwsAdapter, times: Partial<AutoTimes> = {}) {
    this.#options = options
    this.#uws = uws
    this.#times = { ...TIMES, ...times }
    const isProxy = createNetworkMatcher([SHARED, ...options.trustedProxies])
    this.#isNear = (address) => isLocalAddress(address) || isProxy(address)
    uws.onWordless = (address) => this.#suspect(address)
  }

  async listen(): Promise<{ readonly host: string; readonly port: number } | { readonly socket: string }> {
    const bound = await this.#uws.listen()
    if ('port' in bound) this.#at = bound
    return bound
  }

  /** Servers of node:http that have connections, or may get some. */
  get lookouts(): number {
    return this.#nodes.size
  }

  async close(graceMs: number): Promise<void> {
    this.#closed = true
    clearTimeout(this.#look?.timer)
    await Promise.all([this.#uws.close(graceMs), ...[...this.#nodes].map((node) => node.close(graceMs))])
    await this.#taking
  }

  #suspect(address: string): void {
    if (this.#closed || this.#look || !this.#at || !this.#isNear(address)) return
    if ((this.#resting.get(address)?.until ?? 0) > performance.now()) return
    if (!this.#isSigned(address)) return
    this.#look = { address, confirmed: false }
    this.#options.log.debug('connections end without a request: looking whether they speak HTTP/1.0', { address })
    // Not from within a callback of uWS.
    setImmediate(() => {
      this.#taking = this.#takeOver().catch((error: unknown) => {
        this.#options.log.warn('node:http could not take over the address', { error })
        this.#handBack(address)
      })
    })
  }

  /** Whether this was the last sign that was wanted. */
  #isSigned(address: string): boolean {
    const now = performance.now()
    const known = this.#suspects.get(address)
    const isFresh = known !== undefined && now - known.since < SIGNS_WITHIN_MS
    const signs = (isFresh ? known.signs : 0) + 1
    this.#suspects.delete(address)
    if (signs < SIGNS) this.#suspects.set(address, { signs, since: isFresh ? known.since : now })
    for (const oldest of this.#suspects.keys()) if (this.#suspects.size > MOST_SUSPECTS) this.#suspects.delete(oldest)
    this.#followRequests()
    return signs >= SIGNS
  }

  /** Who sends a request that is understood is no suspect. Asked of each request only while there are some. */
  #followRequests(): void {
    this.#uws.onRequest =
      this.#suspects.size === 0
        ? undefined
        : (address) => {
            if (this.#suspects.delete(address)) this.#followRequests()
          }
  }

  async #takeOver(): Promise<void> {
    const look = this.#look
    if (this.#closed || !look || !this.#at) return
    // Loaded only now: Node's HTTP and TLS modules take a megabyte.
    const { createNodeAdapter } = await import('./adapter-node.ts')
    if (this.#closed) return
    const node = createNodeAdapter(
      { ...this.#options, listen: this.#at },
      { onBind: () => this.#uws.stopListening(), onOld: () => this.#confirm() },
    )
    await node.listen()
    this.#nodes.add(node)
    if (this.#closed) return void (await node.close(0))
    look.timer = setTimeout(() => {
      if (look.confirmed || this.#closed) return
      void node.retire().then(() => this.#nodes.delete(node))
      this.#handBack(look.address)
    }, this.#times.probeMs)
    look.timer.unref()
  }

  #confirm(): void {
    const look = this.#look
    if (!look || look.confirmed) return
    look.confirmed = true
    clearTimeout(look.timer)
    this.#options.log.warn(
      'A proxy speaks HTTP/1.0, which uWebSockets.js does not: node:http serves until the next start. ' +
        'Let the proxy speak HTTP/1.1 (nginx: proxy_http_version 1.1), or set server.adapter to node',
    )
  }

  #handBack(address: string): void {
    this.#look = undefined
    if (this.#closed) return
    const ms = Math.min(LONGEST_REST_MS, (this.#resting.get(address)?.ms ?? this.#times.restMs / 2) * 2)
    this.#resting.delete(address)
    this.#resting.set(address, { until: performance.now() + ms, ms })
    for (const oldest of this.#resting.keys()) if (this.#resting.size > MOST_RESTING) this.#resting.delete(oldest)
    this.#listenAgain()
  }

  /** Until it succeeds: another program may be quicker. */
  #listenAgain(failures = 0): void {
    if (this.#closed) return
    try {
      this.#uws.startListening()
    } catch (error) {
      if (failures === 0) this.#options.log.error('the address could not be listened on again', { error })
      setTimeout(() => this.#listenAgain(failures + 1), RETRY_MS).unref()
    }
  }
}
