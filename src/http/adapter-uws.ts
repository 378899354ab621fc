import { chmod, rm } from 'node:fs/promises'
import { normalizeAddress } from '../base/address.ts'
import { AppError } from '../base/errors.ts'
import { type AdapterOptions, DEFAULT_LIMITS, type HttpLimits } from './adapter-options.ts'
import { BodyBudget } from './body-budget.ts'
import { BodyCollector, emptyBody } from './body-collector.ts'
import { ConnectionCensus } from './connection-census.ts'
import { isCrowded } from './connection-limit.ts'
import { connectionWish } from './connection-wish.ts'
import { Exchange, type ExchangeContext } from './exchange.ts'
import { ExchangeSet } from './exchange-set.ts'
import { type ClientResolver, createClientResolver } from './forwarded.ts'
import { Framing } from './framing.ts'
import { CLOSE, type LineListener, LineSet } from './line.ts'
import { claimSocketPath, hostPort, probeAddress, withSocketMode } from './listen-support.ts'
import { refusedFraming, refusedTarget } from './refused-target.ts'
import { readPath } from './request-path.ts'
import { createSnapshot, LazyAbort } from './request-snapshot.ts'
import { StallWatch } from './stall-watch.ts'
import { readTlsFiles } from './tls-files.ts'
import type { HttpAdapter } from './types.ts'
import { loadUws } from './uws-addon.ts'
import { UwsLine, type UwsLineData, uwsSockets } from './uws-line.ts'
import { UwsSink } from './uws-sink.ts'
import type { Uws, UwsApp, UwsListenToken, UwsRequest, UwsResponse, UwsUpgrade } from './uws-types.ts'

/**
 * HTTP by uWebSockets.js. Rejects with UNSUPPORTED where the addon can't load.
 * Apart from node:http: HTTP/1.0 is refused (505), and a request pipelined behind one that still waits for its reply
 * ends the connection.
 */
export async function createUwsAdapter(options: AdapterOptions): Promise<UwsAdapter> {
  const limits = { ...DEFAULT_LIMITS, ...options.limits }
  return new UwsAdapter(options, limits, await loadUws(limits.headerBytes))
}

/** Closer together than this, a connection's begin and end belong to each other unless a request came between, ms. */
const WORDLESS_MS = 250
const CLOSE_LENGTH = 'close'.length

export class UwsAdapter implements HttpAdapter {
  readonly name = 'uws'
  /** Told of a connection that ended at once and without a request: uWS refused what came, or nothing came. */
  onWordless: ((address: string) => void) | undefined
  /** Told of each request. */
  onRequest: ((address: string) => void) | undefined
  readonly #options: AdapterOptions
  readonly #limits: HttpLimits
  readonly #bodies: BodyBudget
  readonly #uws: Uws
  readonly #running = new ExchangeSet()
  readonly #lines = new LineSet()
  readonly #census: ConnectionCensus
  readonly #watch: StallWatch
  readonly #context: ExchangeContext
  readonly #resolve: ClientResolver
  #app: UwsApp | undefined
  #listening: UwsListenToken | undefined
  #host = 'localhost'
  #connections = 0
  #newest: { readonly address: string; readonly at: number } | undefined
  #requests = 0
  #closing = false
  #bound: { readonly host: string; readonly port: number } | undefined

  constructor(options: AdapterOptions, limits: HttpLimits, uws: Uws) {
    this.#options = options
    this.#limits = limits
    this.#bodies = new BodyBudget(limits.bodiesBytes)
    this.#uws = uws
    this.#watch = new StallWatch(limits.stallMs)
    this.#census = new ConnectionCensus({
      most: limits.connectionsPerAddress,
      exempt: options.unbounded ?? [],
      port: () => this.#bound?.port ?? 0,
    })
    this.#context = {
      handler: options.handler,
      log: options.log,
      onFinished: options.onFinished,
      onOver: (exchange) => this.#running.remove(exchange),
    }
    this.#resolve = createClientResolver({
      trustedProxies: options.trustedProxies,
      scheme: options.tls ? 'https' : 'http',
      basePath: options.basePath,
      fallbackHost: () => this.#host,
    })
  }

  async listen(): Promise<{ readonly host: string; readonly port: number } | { readonly socket: string }> {
    const { listen, tls } = this.#options
    if (tls) await readTlsFiles(tls, this.#options.log)
    if ('socket' in listen) await claimSocketPath(listen.socket)
    const app = tls
      ? this.#uws.SSLApp({ cert_file_name: tls.cert, key_file_name: tls.key, ssl_prefer_low_memory_usage: true })
      : this.#uws.App()
    app.filter((response, change) => this.#countConnection(response, change))
    app.ws(
      '/*',
      uwsSockets({
        idleMs: this.#limits.socketIdleMs,
        upgrade: (response, request, context) => this.#accept(response, request, context),
      }),
    )
    app.any('/*', (response, request) => this.#accept(response, request))
    if ('socket' in listen) {
      const mode = listen.mode ?? 0o660
      withSocketMode(mode, () => app.listen_unix((token) => this.#keep(token), listen.socket))
      this.#requireListening('the socket')
      await chmod(listen.socket, mode)
    }
    this.#app = app
    if ('socket' in listen) return { socket: listen.socket }
    this.#bound = await this.#bindFree(listen.host, listen.port)
    this.#host = hostPort(listen.host, this.#bound.port)
    return this.#bound
  }

  /**
   * A free port for 0: one that the system chose at listening could not be listened on again while a connection lives.
   * Another program may be quicker to take it.
   */
  async #bindFree(host: string, wanted: number, tries = 5): Promise<{ readonly host: string; readonly port: number }> {
    const port = await probeAddress(host, wanted)
    try {
      this.#bind({ host, port })
    } catch (error) {
      if (wanted !== 0 || tries === 1) throw error
      return this.#bindFree(host, wanted, tries - 1)
    }
    return { host, port }
  }

  /** Takes no further connection; those that are open go on. */
  stopListening(): void {
    if (this.#listening) this.#uws.us_listen_socket_close(this.#listening)
    this.#listening = undefined
  }

  /** After `stopListening`, on the same port. Throws ADDRESS_IN_USE. */
  startListening(): void {
    if (this.#bound && !this.#listening && !this.#closing) this.#bind(this.#bound)
  }

  #bind({ host, port }: { readonly host: string; readonly port: number }): void {
    this.#app?.listen(host, port, this.#uws.LIBUS_LISTEN_EXCLUSIVE_PORT, (token) => this.#keep(token))
    this.#requireListening(hostPort(host, port))
  }

  async close(graceMs: number): Promise<void> {
    if (this.#closing) return
    this.#closing = true
    const { listen } = this.#options
    this.stopListening()
    if (this.#app && 'socket' in listen) await rm(listen.socket, { force: true })
    this.#lines.close(CLOSE.GOING_AWAY, 'the server stops')
    await this.#running.drain(graceMs)
    this.#watch.stop()
    this.#app?.close()
  }

  #keep(token: UwsListenToken | false): void {
    if (token) this.#listening = token
  }

  #requireListening(where: string): void {
    if (!this.#listening) throw new AppError('ADDRESS_IN_USE', `Listening on ${where} failed: another program has it`)
  }

  #countConnection(response: UwsResponse, change: number): void {
    this.#connections += change
    const newest = this.#newest
    this.#newest = undefined
    if (change < 0) {
      if (newest && performance.now() - newest.at < WORDLESS_MS) this.onWordless?.(newest.address)
      return
    }
    if (this.#connections > this.#limits.connections) {
      response.close()
      return
    }
    if ('socket' in this.#options.listen) return
    const address = normalizeAddress(addressOf(response))
    if (!this.#census.admits(address, this.#connections)) {
      response.close()
      return
    }
    if (this.onWordless) this.#newest = { address, at: performance.now() }
  }

  #accept(response: UwsResponse, incoming: UwsRequest, upgrade?: UwsUpgrade): void {
    this.#newest = undefined
    this.onRequest?.(normalizeAddress(addressOf(response)))
    const framing = new Framing()
    const { headers } = framing
    let closedByUws = false
    incoming.forEach((name, value) => {
      // As uWS decides it: by the first such header, and its length alone.
      if (name === 'connection' && headers[name] === undefined) closedByUws = value.length === CLOSE_LENGTH
      framing.add(name, value)
    })
    const method = incoming.getCaseSensitiveMethod()
    // uWS looks at these only after the handler, or never.
    const malformed = !framing.isPlain(true) || !/^[A-Z]+$/.test(method)
    // What could not be answered without uWS going on with what was sent behind.
    if (malformed && method === 'HEAD') {
      response.close()
      return
    }
    const peer = 'socket' in this.#options.listen ? undefined : addressOf(response)
    const client = this.#resolve(peer, headers)
    const target = readPath(incoming.getUrl(), this.#options.basePath)
    const abort = new LazyAbort()
    // Bytes may still come when the reply is through and the response no longer ours.
    const collector = this.#collectBody(response, headers, { method, isOpen: () => sink.open })
    const request = createSnapshot({
      id: (++this.#requests).toString(36),
      method,
      path: target.kind === 'path' ? target.path : '/',
      query: incoming.getQuery() ?? '',
      headers,
      address: client.address,
      origin: client.origin,
      abort,
      wantsSocket: upgrade !== undefined,
      body: collector ? (limit) => collector.read(limit) : emptyBody,
    })
    const sink = new UwsSink(response, {
      watch: this.#watch,
      mustClose: () =>
        malformed ||
        this.#closing ||
        collector?.mustClose === true ||
        isCrowded(this.#connections, this.#limits.connections),
      wish: connectionWish(headers.connection),
      closedByUws,
      upgrade: upgrade && ((listener) => this.#upgrade(response, headers, { listener, upgrade })),
    })
    const refusal = malformed ? refusedFraming : target.kind === 'path' ? undefined : refusedTarget
    const context = refusal ? { ...this.#context, handler: refusal } : this.#context
    const exchange = new Exchange(context, request, { sink, abort })
    exchange.run()
    // Most replies are through by now. uWS wants its abort handler before we return for those that are not.
    if (!sink.open) return
    this.#running.add(exchange)
    response.onAborted(() => {
      sink.gone()
      collector?.gone()
      exchange.clientGone()
    })
  }

  #upgrade(
    response: UwsResponse,
    headers: Readonly<Record<string, string>>,
    { listener, upgrade }: { readonly listener: LineListener; readonly upgrade: UwsUpgrade },
  ): void {
    const data: UwsLineData = { line: new UwsLine(listener, this.#lines) }
    const key = headers['sec-websocket-key'] ?? ''
    // uWS takes the first of the protocols that were offered, as the other adapter does.
    const protocols = headers['sec-websocket-protocol'] ?? ''
    // Never in a cork of ours: at its end uWS takes the connection for HTTP still, if its memory did not move, reads the
    // state of a reply out of the WebSocket's own, and by what it finds there closes it.
    response.upgrade(data, key, protocols, '', upgrade)
  }

  /** Only bodies that a client announces: without a data handler uWS drops what comes. */
  #collectBody(
    response: UwsResponse,
    headers: Readonly<Record<string, string>>,
    { method, isOpen }: { readonly method: string; readonly isOpen: () => boolean },
  ): BodyCollector | undefined {
    const length = headers['content-length']
    const announced = headers['transfer-encoding'] !== undefined || (length !== undefined && length !== '0')
    if (!announced || method === 'HEAD') return undefined
    let paused = false
    const collector = new BodyCollector({
      declared: length === undefined ? undefined : Number(length),
      deadlineMs: this.#limits.bodyMs,
      maxBytes: this.#limits.bodyBytes,
      budget: this.#bodies,
      pause: () => {
        if (!isOpen()) return
        paused = true
        response.pause()
      },
      resume: () => {
        if (paused && isOpen()) response.resume()
        paused = false
      },
    })
    response.onData((chunk, last) => {
      // uWS takes its memory back when we return.
      if (chunk.byteLength > 0) collector.push(new Uint8Array(chunk.slice(0)))
      if (last) collector.end()
    })
    return collector
  }
}

/** IPv4 from its bytes: reading uWS's text takes three times as long. */
function addressOf(response: UwsResponse): string {
  const bytes = new Uint8Array(response.getRemoteAddress())
  if (bytes.length === 4) return `${bytes[0]}.${bytes[1]}.${bytes[2]}.${bytes[3]}`
  return Buffer.from(response.getRemoteAddressAsText()).toString('latin1')
}
