import { chmod, rm } from 'node:fs/promises'
import { createServer, type IncomingMessage, type Server, type ServerOptions, ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { type AddressInfo, Server as NetServer, type Socket } from 'node:net'
import { addressGroup, createNetworkMatcher, normalizeAddress } from '../base/address.ts'
import { systemErrorCode } from '../base/errors.ts'
import { type AdapterOptions, DEFAULT_LIMITS, type HttpLimits } from './adapter-options.ts'
import { BodyBudget } from './body-budget.ts'
import { BodyCollector, emptyBody } from './body-collector.ts'
import { isCrowded } from './connection-limit.ts'
import { Exchange, type ExchangeContext } from './exchange.ts'
import { ExchangeSet } from './exchange-set.ts'
import { type ClientResolver, createClientResolver } from './forwarded.ts'
import { Framing } from './framing.ts'
import type { LineListener } from './line.ts'
import { claimSocketPath, hostPort, listenError, withSocketMode } from './listen-support.ts'
import { NodeSockets } from './node-line.ts'
import { NodeSink } from './node-sink.ts'
import { ReplayedSocket, withEscapedTarget } from './raw-target.ts'
import { refusedTarget } from './refused-target.ts'
import { readPath } from './request-path.ts'
import { createSnapshot, LazyAbort } from './request-snapshot.ts'
import { StallWatch } from './stall-watch.ts'
import { readTlsFiles } from './tls-files.ts'
import type { HttpAdapter } from './types.ts'

const NON_ASCII = /[^\x00-\x7f]/
/** For a client to read the last reply and to end its side. */
const FAREWELL_MS = 2000

export interface NodeWatch {
  /** Called when all is ready but the port: the last moment for another to let it go. */
  onBind?(): void
  /** Called for each request that speaks HTTP/1.0. */
  onOld?(): void
}

/** HTTP by node:http: wherever Node runs. */
export function createNodeAdapter(options: AdapterOptions, watch: NodeWatch = {}): NodeAdapter {
  return new NodeAdapter(options, { ...DEFAULT_LIMITS, ...options.limits }, watch)
}

export class NodeAdapter implements HttpAdapter {
  readonly name = 'node'
  readonly #options: AdapterOptions
  readonly #limits: HttpLimits
  readonly #bodies: BodyBudget
  readonly #running = new ExchangeSet()
  readonly #sockets: NodeSockets
  readonly #watch: StallWatch
  readonly #context: ExchangeContext
  readonly #resolve: ClientResolver
  #server: Server | undefined
  #host = 'localhost'
  #requests = 0
  #connections = 0
  #closing = false
  #retired = false
  readonly #told: NodeWatch
  /** Node forgets connections that were upgraded. */
  readonly #upgraded = new Set<Socket>()
  /** Connections whose last request was malformed: nothing behind it is run. */
  readonly #refused = new WeakSet<Socket>()

  constructor(options: AdapterOptions, limits: HttpLimits, watch: NodeWatch) {
    this.#options = options
    this.#told = watch
    this.#limits = limits
    this.#bodies = new BodyBudget(limits.bodiesBytes)
    this.#watch = new StallWatch(limits.stallMs)
    this.#sockets = new NodeSockets(limits.socketIdleMs)
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
    const own = this.#limits
    const settings: ServerOptions & { shouldUpgradeCallback: (incoming: IncomingMessage) => boolean } = {
      maxHeaderSize: own.headerBytes,
      headersTimeout: own.headerMs,
      requestTimeout: own.headerMs + own.bodyMs,
      keepAliveTimeout: own.idleMs,
      // Node would answer that itself and go on with what was sent behind.
      requireHostHeader: false,
      connectionsCheckingInterval: Math.min(1000, own.headerMs),
      // Node 24; before it the event comes for all that would be upgraded, HTTP/2 too.
      shouldUpgradeCallback: wantsSocket,
    }
    const server = tls
      ? createTlsServer({ ...settings, ...(await readTlsFiles(tls, this.#options.log)) })
      : createServer(settings)
    server.maxConnections = own.connections
    server.on('connection', (socket) => {
      if (socket instanceof ReplayedSocket) return
      this.#connections += 1
      socket.on('close', () => {
        this.#connections -= 1
      })
    })
    if (own.connectionsPerAddress > 0 && !('socket' in listen)) this.#boundAddresses(server)
    server.on('request', (incoming, response) => this.#accept(incoming, response))
    server.on('checkContinue', (incoming, response) => this.#accept(incoming, response, { expectsContinue: true }))
    server.on('upgrade', (incoming, socket, head) => this.#acceptUpgrade(incoming, socket as Socket, head))
    server.on('clientError', (error, socket) => {
      const again = withEscapedTarget(error, socket as Socket)
      if (again) server.emit('connection', again)
      // Answered already; what came behind is wrong as well.
      else if (this.#refused.has(socket as Socket)) return
      else refuseMalformed(error, socket as Socket)
    })
    this.#server = server
    if ('socket' in listen) {
      const mode = listen.mode ?? 0o660
      await claimSocketPath(listen.socket)
      const bound = whenListening(server, 'the socket')
      withSocketMode(mode, () => server.listen(listen.socket))
      await bound
      await chmod(listen.socket, mode)
      return { socket: listen.socket }
    }
    const bound = whenListening(server, hostPort(listen.host, listen.port))
    this.#told.onBind?.()
    server.listen({ host: listen.host, port: listen.port, exclusive: true })
    await bound
    const { port } = server.address() as AddressInfo
    this.#host = hostPort(listen.host, port)
    return { host: listen.host, port }
  }

  #boundAddresses(server: Server): void {
    const isUnbounded = createNetworkMatcher(this.#options.unbounded ?? [])
    const counts = new Map<string, number>()
    server.on('connection', (socket: Socket) => {
      if (socket instanceof ReplayedSocket) return
      const address = normalizeAddress(socket.remoteAddress ?? '')
      if (isUnbounded(address)) return
      const group = addressGroup(address)
      const count = (counts.get(group) ?? 0) + 1
      counts.set(group, count)
      socket.on('close', () => {
        const left = (counts.get(group) ?? 1) - 1
        if (left > 0) counts.set(group, left)
        else counts.delete(group)
      })
      if (count > this.#limits.connectionsPerAddress) socket.destroy()
    })
  }

  /**
   * Takes no further connection or request; replies under way go on until they end or `close` is called. Resolves when the
   * last connection is gone and nothing is left of the server.
   */
  retire(): Promise<void> {
    this.#retired = true
    const server = this.#server
    if (!server) return Promise.resolve()
    return new Promise((resolve) => {
      // The HTTP server's own would cut idle connections, on which a request may be under way.
      NetServer.prototype.close.call(server, () => {
        // That one also ends the timer that looks after connections.
        server.close()
        this.#watch.stop()
        resolve()
      })
    })
  }

  async close(graceMs: number): Promise<void> {
    if (this.#closing) return
    this.#closing = true
    const server = this.#server
    if (!server) return
    const closed = new Promise<void>((resolve) => server.close(() => resolve()))
    server.closeIdleConnections()
    this.#sockets.close('the server stops')
    await this.#running.drain(graceMs)
    this.#watch.stop()
    server.closeAllConnections()
    for (const socket of this.#upgraded) socket.destroy()
    await closed
    const { listen } = this.#options
    if ('socket' in listen) await rm(listen.socket, { force: true })
  }

  /** The reply to a request that asks for another protocol is the last on its connection, unless it is a WebSocket. */
  #acceptUpgrade(incoming: IncomingMessage, socket: Socket, head: Buffer): void {
    this.#upgraded.add(socket)
    socket.on('close', () => this.#upgraded.delete(socket))
    const broken = () => socket.destroy()
    socket.on('error', broken)
    const response = new ServerResponse(incoming)
    response.shouldKeepAlive = false
    response.assignSocket(socket)
    response.on('finish', () => lastWords(socket))
    const upgrade = (listener: LineListener) => {
      response.detachSocket(socket)
      socket.off('error', broken)
      void this.#sockets.upgrade({ incoming, socket, head }, listener)
    }
    this.#accept(incoming, response, wantsSocket(incoming) ? { upgrade } : {})
  }

  #accept(incoming: IncomingMessage, response: ServerResponse, way: Way = {}): void {
    const { expectsContinue = false, upgrade } = way
    if (incoming.httpVersion === '1.0') this.#told.onOld?.()
    const framing = new Framing()
    const { headers } = framing
    const raw = incoming.rawHeaders
    for (let index = 0; index + 1 < raw.length; index += 2) {
      framing.add((raw[index] as string).toLowerCase(), asUtf8(raw[index + 1] as string))
    }
    // Sent behind one that was refused, and read by Node already.
    if (this.#refused.has(incoming.socket)) return
    const malformed = !framing.isPlain(incoming.httpVersion === '1.1')
    if (malformed) this.#refused.add(incoming.socket)
    const method = incoming.method ?? 'GET'
    const url = asUtf8(incoming.url ?? '/')
    const question = url.indexOf('?')
    const target = readPath(question < 0 ? url : url.slice(0, question), this.#options.basePath)
    const peer = 'socket' in this.#options.listen ? undefined : (incoming.socket.remoteAddress ?? '')
    const client = this.#resolve(peer, headers)
    const abort = new LazyAbort()
    const collector = this.#collectBody(incoming, expectsContinue ? response : undefined, headers)
    const request = createSnapshot({
      id: (++this.#requests).toString(36),
      method,
      path: target.kind === 'path' ? target.path : '/',
      query: question < 0 ? '' : url.slice(question + 1),
      headers,
      address: client.address,
      origin: client.origin,
      abort,
      wantsSocket: upgrade !== undefined,
      body: collector ? (limit) => collector.read(limit) : emptyBody,
    })
    const sink = new NodeSink(response, {
      watch: this.#watch,
      // A client that waits for '100 Continue' in vain may send its body later, or never.
      mustClose: () =>
        malformed ||
        this.#closing ||
        this.#retired ||
        collector?.mustClose === true ||
        (expectsContinue && !collector?.asked) ||
        isCrowded(this.#connections, this.#limits.connections),
      upgrade,
    })
    const refused = malformed || target.kind !== 'path'
    const context = refused ? { ...this.#context, handler: refusedTarget } : this.#context
    const exchange = new Exchange(context, request, { sink, abort })
    this.#running.add(exchange)
    response.on('close', () => {
      sink.gone()
      collector?.gone()
      exchange.clientGone()
    })
    exchange.run()
  }

  #collectBody(
    incoming: IncomingMessage,
    continues: ServerResponse | undefined,
    headers: Readonly<Record<string, string>>,
  ): BodyCollector | undefined {
    const length = headers['content-length']
    const announced = headers['transfer-encoding'] !== undefined || (length !== undefined && length !== '0')
    if (!announced) return undefined
    let attached = false
    const collector = new BodyCollector({
      declared: length === undefined ? undefined : Number(length),
      deadlineMs: this.#limits.bodyMs,
      maxBytes: this.#limits.bodyBytes,
      budget: this.#bodies,
      pause: () => {},
      resume: () => {
        if (attached) return
        attached = true
        continues?.writeContinue()
        incoming.on('data', (chunk: Buffer) => collector.push(chunk))
        incoming.on('end', () => collector.end())
        incoming.on('error', () => collector.gone())
      },
    })
    return collector
  }
}

interface Way {
  readonly expectsContinue?: boolean
  /** The client asks for a WebSocket. */
  readonly upgrade?: (listener: LineListener) => void
}

function wantsSocket({ method, headers }: IncomingMessage): boolean {
  return method === 'GET' && headers.upgrade?.toLowerCase() === 'websocket'
}

function whenListening(server: Server, where: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('listening', resolve)
    server.once('error', (error) => reject(listenError(error, where)))
  })
}

function refuseMalformed(error: Error, socket: Socket): void {
  const code = systemErrorCode(error)
  if (!socket.writable || code === 'ECONNRESET') return void socket.destroy()
  const status =
    code === 'HPE_HEADER_OVERFLOW'
      ? '431 Request Header Fields Too Large'
      : code === 'ERR_HTTP_REQUEST_TIMEOUT'
        ? '408 Request Timeout'
        : '400 Bad Request'
  lastWords(socket, `HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`)
}

/** A client that does not end its side too would keep the connection for good. */
function lastWords(socket: Socket, text = ''): void {
  if (text) socket.end(text)
  else socket.end()
  const timer = setTimeout(() => socket.destroy(), FAREWELL_MS).unref()
  socket.on('close', () => clearTimeout(timer))
}

function asUtf8(text: string): string {
  return NON_ASCII.test(text) ? Buffer.from(text, 'latin1').toString('utf8') : text
}
