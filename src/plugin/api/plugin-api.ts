import type { Static, TObject, TProperties } from 'typebox'
import type { Admin, Guarded } from './admin-api.ts'
import type { Cleanup, Disposable } from './disposable-api.ts'
import type { EventBus, HookRegistrar } from './hook-api.ts'
import type { Network } from './network-api.ts'
import type { Notify } from './notify-api.ts'
import type { Permission } from './permission-api.ts'
import type { LibraryReader, PlaybackReader, UserReader } from './reader-api.ts'
import type { Assets, Routes } from './route-api.ts'
import type { Scheduler } from './scheduler-api.ts'
import type { ServerReader, Statistics } from './statistics-api.ts'
import type { PluginDatabase, Settings } from './storage-api.ts'
import type { Subsonic } from './subsonic-api.ts'

/**
 * What a plugin is and what it gets: the heart of `tonearm/plugin`; the other files of this folder are the rest of that
 * surface. Everything that crosses it is plain data, everything that touches storage or the network is a promise, and
 * whatever is registered on `ctx` is undone by the host. Inside a major version the surface only grows.
 */

/** The version of this API, not of the server: same major, minor not above the host's. */
export type ApiVersion = `${number}.${number}`
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

export interface BaseContext<C, G extends Permission = Permission> {
  /** The plugin's own. */
  readonly name: string
  /** Frozen. A change of configuration is a reload. */
  readonly config: C
  /** The server's log; each line says which plugin it is from. */
  readonly log: PluginLogger
  /** Aborted when this generation ends. */
  readonly signal: AbortSignal
  /** What happens in the server, and where it may be changed. */
  readonly hooks: HookRegistrar<G>
  /** Between plugins. */
  readonly events: EventBus
  /** The time, which a test may own. */
  now(): number
  /** Anything else that must be undone: acquired at once, cleaned up last-in first-out, each with 2 s. */
  effect(acquire: () => Cleanup | Promise<Cleanup>, label?: string): Disposable
}

/** A short message, and fields for what differs; never a secret. */
export interface PluginLogger {
  /** For whoever looks for a mistake; not shown by default. */
  debug(message: string, fields?: object): void
  /** What an administrator likes to read. */
  info(message: string, fields?: object): void
  /** Something is wrong, and it goes on. */
  warn(message: string, fields?: object): void
  /** Something failed. */
  error(message: string, fields?: object): void
}
