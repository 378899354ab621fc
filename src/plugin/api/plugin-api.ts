import type { Socket } from 'node:net'
import type { Static, TObject, TProperties } from 'typebox'
import type {
  HookCall,
  HookInput,
  HookName,
  HookOutput,
  Hooks,
  PlaybackEvent,
  Purpose,
  RequestInfo,
} from '../../hooks/hooks.ts'
import type { Verdict } from '../../hooks/kinds.ts'
import type { Admin, Guarded } from './admin-api.ts'
import type { EventsHandler, LiveOptions, SocketHandler } from './live-api.ts'
import type { LibraryReader, Play, PlaybackReader, Role, Track, User, UserReader } from './reader-api.ts'
import type { ServerReader, Statistics } from './statistics-api.ts'

/**
 * The whole public surface of `tonearm/plugin`. Everything that crosses it is plain data, everything that touches storage
 * or the network is a promise, and whatever is registered on `ctx` is undone by the host. Inside a major version this
 * file only grows.
 */

/** The version of this API, not of the server: same major, minor not above the host's. */
export type ApiVersion = `${number}.${number}`

// ---- definition -----------------------------------------------------------------------------------------------------

export interface PluginDefinition<
  P extends TProperties = TProperties,
  G extends readonly Permission[] = readonly Permission[],
> {
  /** kebab-case, 2 to 40 characters; also the prefix of routes, tables and events. */
  readonly name: string
  readonly apiVersion: ApiVersion
  readonly description?: string
  /** What the plugin wants to do, each with the reason that an administrator reads before granting. */
  readonly permissions?: G
  readonly reasons?: { readonly [K in G[number]]?: string }
  /** A TypeBox object: validated, with defaults, before any code runs; plain JSON Schema for whoever draws a form. */
  readonly config?: TObject<P>
  /** Forward only; the index + 1 is the schema version. The old generation must still work after one (expand, then contract). */
  readonly migrations?: readonly Migration[]
  /** How long running calls may finish after a swap. Default 5,000 ms, at most 60,000. */
  readonly drainMs?: number
  /** Registers everything. Has 10 s. Nothing is visible before it ends; if it fails, nothing ever was. */
  setup(ctx: PluginContext<Static<TObject<P>>, G[number]>): void | Promise<void>
}

export interface Migration {
  /** DDL and DML on the plugin's own tables (`<name>_*`, with `_` for `-`); foreign keys to core tables are allowed. */
  readonly up: readonly string[]
  /** The old generation can't live with it: it is drained first, its routes answer 503, its gates deny meanwhile. */
  readonly breaking?: boolean
}

export type Permission =
  | 'library:read'
  | 'users:read'
  | 'playback:read'
  | 'server:read'
  | 'admin'
  | 'db'
  | 'storage'
  | 'settings'
  | 'scheduler'
  | 'notify'
  | 'assets'
  | 'access:scope'
  | 'access:stream'
  | 'request'
  | 'scan:tags'
  | 'routes'
  | 'routes:public'
  | 'routes:root'
  | 'subsonic'
  | `net:${string}`
  | `node:${string}`

// ---- context --------------------------------------------------------------------------------------------------------

/** Members behind a permission are missing from the type, and refuse at run time, unless the definition asks for it. */
export type PluginContext<C = unknown, G extends Permission = Permission> = BaseContext<C, G> &
  Granted<G, 'library:read', { readonly library: LibraryReader; readonly statistics: Statistics }> &
  Granted<G, 'server:read', { readonly server: ServerReader }> &
  Granted<G, 'users:read', { readonly users: UserReader }> &
  Granted<G, 'playback:read', { readonly playback: PlaybackReader }> &
  Granted<G, 'admin', { readonly admin: Admin }> &
  Granted<G, 'access:scope', { readonly guarded: Guarded }> &
  Granted<G, 'db', { readonly db: PluginDatabase }> &
  Granted<G, 'storage', { readonly storage: { /** A private folder, made on first use. */ dir(): Promise<string> } }> &
  Granted<G, 'settings', { readonly settings: Settings }> &
  Granted<G, 'scheduler', { readonly scheduler: Scheduler }> &
  Granted<G, 'notify', { readonly notify: Notify }> &
  Granted<G, 'assets', { readonly assets: Assets }> &
  Granted<G, 'routes' | 'routes:public' | 'routes:root', { readonly routes: Routes }> &
  Granted<G, 'subsonic', { readonly subsonic: Subsonic }> &
  Granted<G, `net:${string}`, Network>

type Granted<G extends Permission, Needed extends Permission, Member> = [Extract<G, Needed>] extends [never]
  ? Record<never, never>
  : Member

/** Reaches granted hosts only, at addresses that are checked when the connection is made. */
export interface Network {
  fetch(url: string | URL, init?: RequestInit): Promise<Response>
  /**
   * A TCP connection, for protocols that are not HTTP. It ends with the plugin; until then it is yours: listen to its
   * `error`, and end it. For TLS give it to `connect` of `node:tls`. Rejects like `fetch`.
   */
  connect(target: ConnectTarget): Promise<Socket>
}

export interface ConnectTarget {
  /** Name or address. */
  readonly host: string
  readonly port: number
  /** Ends the connection, also later. */
  readonly signal?: AbortSignal
  /** For making it. Default 10,000 ms. */
  readonly timeoutMs?: number
}

export interface BaseContext<C, G extends Permission = Permission> {
  readonly name: string
  /** Frozen. A change of configuration is a reload. */
  readonly config: C
  readonly log: PluginLogger
  /** Aborted when this generation ends. */
  readonly signal: AbortSignal
  readonly hooks: HookRegistrar<G>
  readonly events: EventBus
  /** The time, which a test may own. */
  now(): number
  /** Anything else that must be undone: acquired at once, cleaned up last-in first-out, each with 2 s. */
  effect(acquire: () => Cleanup | Promise<Cleanup>, label?: string): Disposable
}

export type Cleanup = () => void | Promise<void>

/** Undoes one registration; calling it twice is harmless. */
export interface Disposable {
  dispose(): void
}

export interface PluginLogger {
  debug(message: string, fields?: object): void
  info(message: string, fields?: object): void
  warn(message: string, fields?: object): void
  error(message: string, fields?: object): void
}

// ---- hooks and events -----------------------------------------------------------------------------------------------

/** The scope that a plugin answers: sets, never callbacks. `deny` beats `libraries`. */
export interface AccessScope {
  readonly libraries: 'all' | readonly number[]
  readonly deny?: {
    readonly genres?: readonly string[]
    readonly explicit?: true
    /** `<libraryId>:<folder relative to the library's root>` */
    readonly paths?: readonly string[]
    /** Public ids of songs, albums and artists. */
    readonly ids?: readonly string[]
  }
}

/** Core hooks as plugins see them: as in `Hooks`, with public ids in scopes. */
export type HandlerOutput<N extends HookName> = N extends 'access.scope' ? AccessScope : HookOutput<N>
export type Handler<N extends HookName> = (
  input: HookInput<N>,
  call: HookCall,
) => HandlerOutput<N> | Promise<HandlerOutput<N>>

export interface HookOptions {
  /** Before or after the plugins without an order. Inside a group: by the configuration's order. */
  readonly order?: 'pre' | 'post'
  /** Less than the kind's deadline. */
  readonly timeoutMs?: number
}

/** Hooks that need a permission; the others are open to every plugin. */
export interface HookPermissions {
  'request.accept': 'request'
  'response.headers': 'request'
  'request.finished': 'request'
  'access.scope': 'access:scope'
  'access.grants': 'access:scope'
  'playlists.virtual': 'subsonic'
  'stream.authorize': 'access:stream'
  'scan.tags': 'scan:tags'
  'scan.started': 'library:read'
  'scan.progress': 'library:read'
  'scan.finished': 'library:read'
  'library.changed': 'library:read'
  'plugin.state': 'server:read'
  'library.root': 'library:read'
  'playback.started': 'playback:read'
  'playback.progress': 'playback:read'
  'playback.finished': 'playback:read'
  'annotation.changed': 'playback:read'
  'user.created': 'users:read'
  'user.changed': 'users:read'
  'user.deleted': 'users:read'
  'user.login': 'users:read'
}

/** The hooks that a plugin with the permissions `G` may listen to. */
export type AllowedHook<G extends Permission> = {
  [N in HookName]: N extends keyof HookPermissions ? (HookPermissions[N] extends G ? N : never) : N
}[HookName]

export interface HookRegistrar<G extends Permission = Permission> {
  on<N extends AllowedHook<G>>(name: N, handler: Handler<N>, options?: HookOptions): Disposable
}

/** Open by declaration merging; names start with the emitting plugin's own name and a dot: `'sharing.received'`. */
// biome-ignore lint/suspicious/noEmptyInterface: plugins merge their events into it
export interface PluginEvents {}

export interface EventBus {
  emit<N extends keyof PluginEvents>(name: N, payload: PluginEvents[N]): void
  /** Delivered after the emitting call, each listener alone; payloads are copied. */
  on<N extends keyof PluginEvents>(name: N, listener: (payload: PluginEvents[N]) => void | Promise<void>): Disposable
}

// ---- HTTP -----------------------------------------------------------------------------------------------------------

/**
 * Routes lie under `/plugins/<name>`; with `root` (permission `routes:root`) where they say, first come, first served.
 * Patterns: `/share/:id`, `/files/*`.
 */
export interface Routes {
  get(path: string, handler: RouteHandler, options?: RouteOptions): Disposable
  post(path: string, handler: RouteHandler, options?: RouteOptions): Disposable
  put(path: string, handler: RouteHandler, options?: RouteOptions): Disposable
  patch(path: string, handler: RouteHandler, options?: RouteOptions): Disposable
  delete(path: string, handler: RouteHandler, options?: RouteOptions): Disposable
  /**
   * A WebSocket. The handler is called once for each client that the core has let in, ahead of the connection: what it
   * sends meanwhile comes first. If it throws, the client gets 502.
   */
  socket(path: string, handler: SocketHandler, options?: LiveOptions): Disposable
  /** Server-sent events, for `EventSource`. A handler that answers a reply (json, text, empty ...) refuses by it. */
  events(path: string, handler: EventsHandler, options?: LiveOptions): Disposable
  /** Ends media that are being sent under this lease, given by whatever life of this plugin. @returns how many. */
  endMedia(lease: string): number
  /** The leases under which media are being sent now, given by whatever life of this plugin. */
  runningMedia(): readonly string[]
}

export interface RouteOptions {
  /** Default 'user'. 'public' needs the permission `routes:public`. */
  readonly auth?: 'user' | 'admin' | 'public'
  readonly root?: true
  /** Steps aside, without a warning, where another plugin has the same path and does not yield. */
  readonly yields?: true
  /** Bytes; default 1 MiB, at most 64 MiB. */
  readonly bodyLimit?: number
  /** Default 30,000 ms. */
  readonly timeoutMs?: number
}

export type RouteHandler = (request: PluginRequest) => Reply | Promise<Reply>

export interface PluginRequest extends RequestInfo {
  readonly params: Readonly<Record<string, string>>
  readonly query: URLSearchParams
  /** Lower-case names. Credentials are removed unless the route is public. */
  readonly headers: Readonly<Record<string, string>>
  /** Scheme, host and base path as the client sees them. */
  readonly origin: string
  /** Undefined on public routes without a login. */
  readonly user: User | undefined
  readonly signal: AbortSignal
  json(): Promise<unknown>
  text(): Promise<string>
  bytes(): Promise<Uint8Array>
}

/** A description; the core moves the bytes, so that a reload cannot cut them. */
export type Reply =
  | { readonly kind: 'json'; readonly status?: number; readonly headers?: ReplyHeaders; readonly body: unknown }
  | {
      readonly kind: 'text'
      readonly status?: number
      readonly headers?: ReplyHeaders
      readonly type?: string
      readonly body: string
    }
  | {
      readonly kind: 'bytes'
      readonly status?: number
      readonly headers?: ReplyHeaders
      readonly type: string
      readonly body: Uint8Array
    }
  | { readonly kind: 'empty'; readonly status?: number; readonly headers?: ReplyHeaders }
  | {
      readonly kind: 'redirect'
      readonly to: string
      readonly status?: 301 | 302 | 303 | 307 | 308
      readonly headers?: ReplyHeaders
    }
  /** Music and pictures of the library, as this user may have them (`actAs`: a user's public id). */
  | {
      readonly kind: 'media'
      readonly mediaId: string
      readonly as?: 'stream' | 'download' | 'cover'
      readonly actAs: string
      readonly format?: string
      readonly maxBitRate?: number
      /** Longest edge in pixels, for covers. */
      readonly size?: number
      /** File name of a download; default: the song's file name. */
      readonly downloadName?: string
      readonly lease?: MediaLease
      readonly headers?: ReplyHeaders
    }
  /**
   * Songs as one ZIP, stored as they are and sent in constant memory. Each is opened when its turn has come, if the user
   * may have it then; those that can't be had are left out, and the archive's comment says so.
   */
  | {
      readonly kind: 'zip'
      readonly entries: readonly { readonly mediaId: string; readonly name: string }[]
      readonly actAs: string
      readonly downloadName: string
      readonly comment?: string
      readonly lease?: MediaLease
      readonly headers?: ReplyHeaders
    }
  /** Inside `storage.dir()` only; ranges work. */
  | {
      readonly kind: 'file'
      readonly path: string
      readonly type: string
      readonly downloadName?: string
      readonly headers?: ReplyHeaders
    }
  /** Made while it is sent; holds its generation until it ends, at most 10 minutes after a reload. */
  | {
      readonly kind: 'stream'
      readonly status?: number
      readonly type: string
      readonly headers?: ReplyHeaders
      readonly body: AsyncIterable<Uint8Array | string>
    }

/** What media are given for. They outlive reloads; `routes.endMedia(key)` ends those that are being sent. */
export interface MediaLease {
  readonly key: string
  /** ms since 1970: they break off then. */
  readonly until?: number
}

export type ReplyHeaders = Readonly<Record<string, string>>

export interface Assets {
  /** Serves a folder of the plugin's package read-only under `/plugins/<name>/<urlPath>`. */
  serve(
    urlPath: string,
    folder: string,
    options?: { /** At `urlPath` itself; needs `routes:root`. */ readonly root?: true },
  ): Disposable
}

// ---- Subsonic -------------------------------------------------------------------------------------------------------

export interface Subsonic {
  /** Adds an endpoint, or takes over one that the core answers as absent (`getShares`). */
  endpoint(
    name: string,
    handler: (request: SubsonicRequest) => SubsonicPayload | Promise<SubsonicPayload>,
    options?: { readonly role?: Role },
  ): Disposable
  /** Listed in getOpenSubsonicExtensions. */
  extension(name: string, versions: readonly number[]): Disposable
  /** Throw it from a handler: answered as a Subsonic error. */
  error(code: 0 | 10 | 20 | 30 | 40 | 41 | 42 | 43 | 44 | 50 | 60 | 70, message: string): Error
  /** Songs as `child` objects the way the core renders them, for payloads; what the user may not see is left out. */
  children(user: User, songIds: readonly string[]): Promise<readonly object[]>
}

export interface SubsonicRequest extends RequestInfo {
  readonly user: User
  readonly origin: string
  readonly params: SubsonicParams
  readonly signal: AbortSignal
}

export interface SubsonicParams {
  /** Throws error 10 when missing. */
  string(key: string): string
  optional(key: string): string | undefined
  all(key: string): readonly string[]
  integer(key: string, fallback?: number): number
  boolean(key: string, fallback?: boolean): boolean
}

/** One tree; the host writes XML, JSON or JSONP from it. */
export type SubsonicPayload = Readonly<Record<string, unknown>>

// ---- storage --------------------------------------------------------------------------------------------------------

export type SqlValue = string | number | bigint | Uint8Array | null

/** The plugin's own tables only (`<name>_*`); checked when a statement is prepared. */
export interface PluginDatabase {
  all<Row = Record<string, SqlValue>>(sql: string, params?: readonly SqlValue[]): Promise<readonly Row[]>
  get<Row = Record<string, SqlValue>>(sql: string, params?: readonly SqlValue[]): Promise<Row | undefined>
  run(sql: string, params?: readonly SqlValue[]): Promise<{ readonly changes: number; readonly lastId: number }>
  /** All or nothing; data, not a callback. Answers the changes of each statement. */
  batch(statements: readonly (readonly [sql: string, params?: readonly SqlValue[]])[]): Promise<readonly number[]>
}

/** Values that people set while the server runs; JSON. */
export interface Settings {
  get<T>(key: string, fallback: T): Promise<T>
  set(key: string, value: unknown): Promise<void>
  onChange(key: string, listener: (value: unknown) => void): Disposable
}

// ---- time and news --------------------------------------------------------------------------------------------------

/** A run never overlaps itself; starts after the swap, stops before the drain. */
export interface Scheduler {
  every(ms: number, task: Task, options?: { readonly jitterMs?: number }): Disposable
  /** Five fields, server's time zone. */
  cron(expression: string, task: Task): Disposable
  after(ms: number, task: Task): Disposable
}

export type Task = (run: { readonly signal: AbortSignal }) => void | Promise<void>

export interface Notification {
  readonly topic: string
  readonly title: string
  readonly body?: string
  readonly level?: 'info' | 'warn' | 'error'
  /** Public id; absent = the administrators. */
  readonly userId?: string
  /** What it is about, for channels that make their own text: plain JSON, at most 4,000 characters. */
  readonly data?: Readonly<Record<string, unknown>>
}

/** A notification as channels get it. */
export interface Note extends Notification {
  /** The same each time it is delivered. */
  readonly id: string
  /** ms since 1970 */
  readonly at: number
}

export interface ChannelOptions {
  /**
   * Each note is kept on disk until it was delivered: over restarts, and while the plugin is away (2,000 notes). One may come
   * twice, with the same id. A delivery that rejects is tried again, and the notes behind it wait.
   */
  readonly durable?: boolean
}

export interface Notify {
  /** Written down before it returns where a durable channel is known. */
  send(notification: Notification): void
  channel(name: string, deliver: (note: Note) => Promise<void>, options?: ChannelOptions): Disposable
}

export type {
  HookCall,
  HookInput,
  HookName,
  Hooks,
  LibraryReader,
  Play,
  PlaybackEvent,
  PlaybackReader,
  Purpose,
  RequestInfo,
  Role,
  Track,
  User,
  UserReader,
  Verdict,
}
