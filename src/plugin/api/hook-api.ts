import type { HookCall, HookInput, HookName, HookOutput } from '../../hooks/hooks.ts'
import type { Disposable } from './disposable-api.ts'
import type { Permission } from './permission-api.ts'
import type { AccessScope } from './scope-api.ts'

/** Hooks of the core and events between plugins: part of `tonearm/plugin`. */

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
  'playback.paused': 'playback:read'
  'playback.resumed': 'playback:read'
  'playback.stopped': 'playback:read'
  'playback.counted': 'playback:read'
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
  /** Registers a handler. */
  on<N extends AllowedHook<G>>(name: N, handler: Handler<N>, options?: HookOptions): Disposable
}

/** Open by declaration merging; names start with the emitting plugin's own name and a dot: `'sharing.received'`. */
// biome-ignore lint/suspicious/noEmptyInterface: plugins merge their events into it
export interface PluginEvents {}

export interface EventBus {
  /** Under a name that begins with the plugin's own. */
  emit<N extends keyof PluginEvents>(name: N, payload: PluginEvents[N]): void
  /** Delivered after the emitting call, each listener alone; payloads are copied. */
  on<N extends keyof PluginEvents>(name: N, listener: (payload: PluginEvents[N]) => void | Promise<void>): Disposable
}
