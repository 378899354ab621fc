import { descriptorLimit } from '../base/descriptors.ts'
import type { Config } from '../config/load.ts'
import type { HookBus } from '../hooks/hook-bus.ts'
import type { Logger } from '../log/logger.ts'
import type { FinishedRequest } from './adapter-options.ts'
import { createAddressBound, OWN_MACHINE } from './address-bound.ts'
import { withCompression } from './compression.ts'
import { connectionsWithin } from './connection-limit.ts'
import { withCors } from './cors.ts'
import { createAdapter } from './create-adapter.ts'
import { hostPort } from './listen-support.ts'
import { type Begin, tellFinished, withRequestHooks } from './request-hooks.ts'
import type { HttpHandler } from './types.ts'
import { SECURITY_HEADERS } from './with-headers.ts'

/** Where a server answers. */
export interface Listening {
  /** For programs on this machine: with the port that was really taken. */
  readonly url: string
  readonly socket?: string
  readonly host?: string
  readonly port?: number
  readonly tls: boolean
  readonly baseUrl: Config['server']['baseUrl']
}

export interface StartedHttp {
  readonly at: Listening
  /** Lets running replies end for `server.stopTimeout`, then cuts them. */
  close(): Promise<void>
}

/** Puts CORS, compression, headers and hooks around the handler and listens. Rejects with ADDRESS_IN_USE or CONFIG_INVALID. */
export async function startHttp(options: {
  readonly settings: Config['server']
  readonly handler: HttpHandler
  /** For requests of which a gate is asked first; see Router. */
  readonly begin?: Begin
  readonly hooks: HookBus
  readonly log: Logger
}): Promise<StartedHttp> {
  const { settings, handler, begin, hooks, log } = options
  const { baseUrl } = settings
  const tls = settings.tls.cert === '' ? undefined : settings.tls
  const bound = createAddressBound(settings.maxPerAddress, log, (refused) => withCors(refused, SECURITY_HEADERS))
  const proxies = settings.trustedProxies.filter((network) => network !== 'unix')
  const adapter = await createAdapter(settings.adapter, {
    listen: settings.host.startsWith('unix:')
      ? { socket: settings.host.slice('unix:'.length), mode: settings.unixSocketMode }
      : { host: settings.host, port: settings.port },
    basePath: baseUrl.path,
    trustedProxies: proxies,
    unbounded: [...OWN_MACHINE, ...proxies],
    // Beyond the requests some connections that only wait: most clients then get an answer that tells them why.
    limits: {
      connections: connectionsWithin(descriptorLimit()),
      connectionsPerAddress: Math.ceil(settings.maxPerAddress * 1.5),
    },
    handler: bound.wrap(withRequestHooks(dressed(handler), hooks, begin && ((request) => withDress(begin(request))))),
    log,
    onFinished: (event) => {
      bound.finished(event.request)
      tellFinished(hooks, event)
      logRequest(log, event)
    },
    ...(tls ? { tls } : {}),
  })
  const listening = await adapter.listen()
  const shared = { tls: tls !== undefined, baseUrl }
  const at: Listening =
    'socket' in listening
      ? { ...shared, url: `unix:${listening.socket}`, socket: listening.socket }
      : {
          ...shared,
          ...listening,
          url: `${tls ? 'https' : 'http'}://${hostPort(listening.host, listening.port)}${baseUrl.path}`,
        }
  return { at, close: () => adapter.close(settings.stopTimeout) }
}

function dressed(handler: HttpHandler): HttpHandler {
  return withCors(withCompression(handler), SECURITY_HEADERS)
}

function withDress(begun: ReturnType<Begin>): ReturnType<Begin> {
  return { handler: dressed(begun.handler), release: () => begun.release() }
}

/** The path has no credentials; the query has. */
function logRequest(log: Logger, { request, status, bytes, durationMs, outcome }: FinishedRequest): void {
  const { id, method, path, address } = request
  log.debug('request', { id, method, path, address, status, bytes, durationMs: Math.round(durationMs), outcome })
}
