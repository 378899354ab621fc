import type { Static, TObject, TProperties } from 'typebox'
import type { HookInput, HookName } from '../../hooks/hooks.ts'
import type { HandlerOutput } from '../../plugin/api/hook-api.ts'
import type { Notification } from '../../plugin/api/notify-api.ts'
import type { Permission } from '../../plugin/api/permission-api.ts'
import type { PluginDefinition, PluginLogger } from '../../plugin/api/plugin-api.ts'

/** The whole public surface of `tonearm/plugin/testing`. */

/**
 * `tiny`: one library, five songs (`One`, `Two`, the short `Jingle`, the quarter of an hour `Long`, `Duet`).
 * `acl`: two libraries, `Open` and `Closed`, with a genre, an explicit song and a folder to deny.
 * `unicode`: names that break careless code.
 */
export type TestLibrary = 'tiny' | 'acl' | 'unicode'

export interface TestUser {
  readonly name: string
  readonly isAdmin?: boolean
  /** Default: those of a new user. */
  readonly roles?: readonly string[]
  /** Names of libraries; default: all. */
  readonly libraries?: readonly string[]
}

export interface TestHostOptions {
  /** Beside the administrator, who is called `admin`. Default `alice` and `bob`. */
  readonly users?: readonly (string | TestUser)[]
  /** Default `tiny`. */
  readonly library?: TestLibrary
  /** ms since 1970; default noon of 1 January 2026, UTC. */
  readonly now?: number
  /** Where log lines go; default: `logged` only. */
  readonly log?: PluginLogger
}

export interface LoadOptions {
  /** What the administrator granted; default: everything that the plugin asks for. */
  readonly granted?: readonly Permission[]
  /** The plugin's folder, for `assets`. A plugin that is loaded from its folder knows it. */
  readonly dir?: string | URL
}

export interface InjectRequest {
  /** Default GET, or POST with a body. */
  readonly method?: string
  /** From the first slash: `/plugins/mine/list?page=2`. */
  readonly url: string
  /** Name or id; absent: nobody is logged in. */
  readonly user?: string
  readonly headers?: Readonly<Record<string, string>>
  /** Text and bytes are sent as they are, anything else as JSON. */
  readonly body?: unknown
}

export interface InjectedReply {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  readonly bytes: Uint8Array
  json(): unknown
}

/** A client of a WebSocket, or of a stream of events. */
export interface TestPeer {
  /** 101 for a WebSocket, 200 for events, else why not. */
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  /** What an answer that is neither says. */
  readonly body: string
  /** Texts that came by WebSocket, oldest first. */
  readonly messages: readonly string[]
  /** What came as events; without comments. */
  readonly events: readonly { readonly id: string; readonly event: string; readonly data: string }[]
  /** The code of the end; undefined while it is open. Streams of events have none of their own: 1000. */
  readonly closed: number | undefined
  /** To the plugin, by WebSocket. */
  send(text: string): void
  close(code?: number): void
}

export interface LoggedLine {
  readonly level: 'debug' | 'info' | 'warn' | 'error'
  readonly message: string
  readonly fields: Readonly<Record<string, unknown>>
}

/** What was registered, as `GET /api/plugin` counts it: hooks, routes, endpoints, tasks and so on. */
export type RegistrationCounts = Readonly<Record<string, number>>

export interface Loaded {
  readonly name: string
  /** As in the admin API: `active`, `failed`, `needs-grant`, `stopped` and so on. */
  readonly state: string
  /** '' or the last thing that went wrong. */
  readonly lastError: string
  readonly registered: RegistrationCounts
  /** The same plugin again, or a new version of it. Rejects with why it did not start; the old one then still serves. */
  reload(next?: PluginSource): Promise<void>
  /** A change of configuration, which is a reload. */
  configure(config: Readonly<Record<string, unknown>>): Promise<void>
  /** Takes it out and waits for its end. */
  unload(): Promise<void>
}

/**
 * A definition as a test imports it; or the path or `file:` URL of a plugin's folder, `.ts` or bundled `.js`: then it is
 * bundled and evaluated exactly as the server does, with its timers, console and `require` replaced.
 */
export type PluginSource = AnyPlugin | string | URL

/** Any definition, whatever its configuration and permissions are. */
export interface AnyPlugin {
  readonly name: string
  readonly apiVersion: string
  setup(ctx: never): void | Promise<void>
}

/**
 * The real plugin host, hooks, router, Subsonic room, scanner and SQLite over a small library of real files in a temporary
 * folder; no sockets, and its time stands still until `clock.advance`. One serves a whole test file or one test:
 * `await using host = await createTestHost()`.
 */
export interface TestHost extends AsyncDisposable {
  /** Rejects with why it did not start. `config` is what an administrator would set; defaults are filled in. */
  load<P extends TProperties, G extends readonly Permission[]>(
    plugin: PluginDefinition<P, G>,
    config?: Partial<Static<TObject<P>>>,
    options?: LoadOptions,
  ): Promise<Loaded>
  load(plugin: string | URL, config?: Readonly<Record<string, unknown>>, options?: LoadOptions): Promise<Loaded>
  /** Fires a hook as the core does and answers what the core would get; observers are waited for. */
  fire<N extends HookName>(hook: N, input: HookInput<N>): Promise<HandlerOutput<N>>
  /** A request to the whole server, without a socket. */
  inject(request: InjectRequest | string): Promise<InjectedReply>
  /** Opens a WebSocket or a stream of events; `settled()` waits for what is under way. */
  connect(request: InjectRequest | string): Promise<TestPeer>
  /** A Subsonic call; answers what stands below `subsonic-response`, `status: 'failed'` included. Default user: `admin`. */
  subsonic(
    endpoint: string,
    params?: Readonly<Record<string, string | number | boolean | readonly (string | number)[]>>,
    user?: string,
  ): Promise<Record<string, unknown>>
  readonly clock: {
    now(): number
    /** Moves the time; schedules that are due run to their end on the way. */
    advance(ms: number): Promise<void>
  }
  /** Waits until observers and event listeners have been served. */
  settled(): Promise<void>
  /** The public id of a user. */
  user(name: string): string
  /** The public id of a song, by its title; likewise the others. Throws for what is not there. */
  track(title: string): string
  album(name: string): string
  artist(name: string): string
  library(name: string): number
  /** What plugins and the core sent to people, oldest first. */
  readonly sent: readonly Notification[]
  /** Log lines of the host and its plugins. */
  readonly logged: readonly LoggedLine[]
  /**
   * Unloads the plugin if it is loaded, and throws when anything of any of its generations is left: handlers, routes,
   * endpoints, schedules, channels, timers, effects, leases, or handles that would keep a process alive.
   */
  assertNoLeaks(plugin: string): Promise<void>
  dispose(): Promise<void>
}
