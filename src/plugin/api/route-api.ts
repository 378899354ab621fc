import type { Disposable } from './disposable-api.ts'
import type { EventsHandler, LiveOptions, SocketHandler } from './live-api.ts'
import type { Reply } from './reply-api.ts'
import type { PluginRequest } from './request-api.ts'

/**
 * Routes lie under `/plugins/<name>`; with `root` (permission `routes:root`) where they say, first come, first served.
 * Patterns: `/share/:id`, `/files/*`.
 */
export interface Routes {
  /** Answers HEAD too. */
  get(path: string, handler: RouteHandler, options?: RouteOptions): Disposable
  /** POST requests. */
  post(path: string, handler: RouteHandler, options?: RouteOptions): Disposable
  /** PUT requests. */
  put(path: string, handler: RouteHandler, options?: RouteOptions): Disposable
  /** PATCH requests. */
  patch(path: string, handler: RouteHandler, options?: RouteOptions): Disposable
  /** DELETE requests. */
  delete(path: string, handler: RouteHandler, options?: RouteOptions): Disposable
  /**
   * A WebSocket. The handler is called once for each client that the core has let in, ahead of the connection: what it
   * sends meanwhile comes first. If it throws, the client gets 502.
   */
  socket(path: string, handler: SocketHandler, options?: LiveOptions): Disposable
  /** Server-sent events, for `EventSource`. A handler that answers a reply (json, text, empty ...) refuses by it. */
  events(path: string, handler: EventsHandler, options?: LiveOptions): Disposable
  /**
   * Looks at a secret that is the plugin's own, as a password in a header. Guesses are slowed down as those at logins are,
   * by the same settings: whoever has guessed too often is not looked at, and gets the seconds to wait, for an answer with
   * 429. Ask only when something was sent: a request without a secret is no guess. Since 1.3.
   */
  checkSecret(request: PluginRequest, check: () => boolean | Promise<boolean>): Promise<SecretVerdict>
  /** Ends media that are being sent under this lease, given by whatever life of this plugin. @returns how many. */
  endMedia(lease: string): number
  /** The leases under which media are being sent now, given by whatever life of this plugin. */
  runningMedia(): readonly string[]
}

/** What became of a guess. `retryAfter`: seconds until the next one is looked at. */
export type SecretVerdict = { readonly ok: true } | { readonly ok: false; readonly retryAfter?: number }

export interface RouteOptions {
  /**
   * Default 'user'. 'public' needs the permission `routes:public`; it knows its visitor by token or API key, and Basic is
   * left to the route.
   */
  readonly auth?: 'user' | 'admin' | 'public'
  /**
   * Refuses logins by API key with 403: for what changes accounts, passwords or rights, and gives more than the owner of a
   * key gave away with it. Since 1.3.
   */
  readonly apiKeys?: false
  readonly root?: true
  /** Steps aside, without a warning, where another plugin has the same path and does not yield. */
  readonly yields?: true
  /** Bytes; default 1 MiB, at most 64 MiB. */
  readonly bodyLimit?: number
  /** Default 30,000 ms. */
  readonly timeoutMs?: number
}

export type RouteHandler = (request: PluginRequest) => Reply | Promise<Reply>

export interface Assets {
  /**
   * Serves a folder of the plugin's package read-only under `/plugins/<name>/<urlPath>`. Throws where it is not there;
   * `tonearm plugin build` copies it, if `folder` is a text or a constant of one.
   */
  serve(
    urlPath: string,
    folder: string,
    options?: { /** At `urlPath` itself; needs `routes:root`. */ readonly root?: true },
  ): Disposable
}
