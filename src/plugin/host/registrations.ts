import { AppError } from '../../base/errors.ts'
import type { AnyHookEntry } from '../../hooks/hook-table.ts'
import type { HookPermissions } from '../api/hook-api.ts'
import type { EventsHandler, SocketHandler } from '../api/live-api.ts'
import type { Note } from '../api/notify-api.ts'
import type { RouteHandler, RouteOptions } from '../api/route-api.ts'
import type { Task } from '../api/scheduler-api.ts'
import type { SubsonicPayload, SubsonicRequest } from '../api/subsonic-api.ts'
import { outsideWatch } from '../containment/sync-watch.ts'

export type RouteMethod = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

export interface RouteRegistration {
  readonly method: RouteMethod
  /** Whole path, the plugin's prefix included. */
  readonly path: string
  /** Outside the plugin's own prefix. */
  readonly root: boolean
  /** Steps aside for another plugin's. */
  readonly yields: boolean
  readonly handler: RouteHandler
  readonly auth: NonNullable<RouteOptions['auth']>
  /** Whether a login by API key passes. */
  readonly apiKeys: boolean
  readonly bodyLimit: number
  readonly timeoutMs: number
}

interface LiveRegistration {
  /** Whole path, the plugin's prefix included. */
  readonly path: string
  /** Outside the plugin's own prefix. */
  readonly root: boolean
  readonly auth: NonNullable<RouteOptions['auth']>
  readonly bodyLimit: 0
  readonly maxBuffered: number
  readonly maxMessage: number
}

export interface SocketRegistration extends LiveRegistration {
  readonly handler: SocketHandler
}

export interface EventsRegistration extends LiveRegistration {
  readonly handler: EventsHandler
}

export interface EndpointRegistration {
  readonly name: string
  readonly handler: (request: SubsonicRequest) => SubsonicPayload | Promise<SubsonicPayload>
  readonly role: string | undefined
}

export interface ExtensionRegistration {
  readonly name: string
  readonly versions: readonly number[]
}

export interface ListenerRegistration {
  readonly event: string
  readonly listener: (payload: never) => void | Promise<void>
}

export interface TaskRegistration {
  /** Starts ticking; answers what stops it. Called at the swap, never for a staged generation. */
  start(): () => void
  readonly label: string
  readonly task: Task
}

export interface ChannelRegistration {
  readonly name: string
  readonly durable: boolean
  readonly deliver: (note: Note) => Promise<void>
}

export interface AssetRegistration {
  /** Whole URL path, with a slash at the end. */
  readonly urlPath: string
  /** Absolute folder inside the plugin's package. */
  readonly folder: string
}

export interface SettingListener {
  readonly key: string
  readonly listener: (value: unknown) => void
}

interface Kinds {
  hook: AnyHookEntry
  route: RouteRegistration
  socket: SocketRegistration
  events: EventsRegistration
  endpoint: EndpointRegistration
  extension: ExtensionRegistration
  listener: ListenerRegistration
  task: TaskRegistration
  channel: ChannelRegistration
  asset: AssetRegistration
  setting: SettingListener
}

export type RegistrationKind = keyof Kinds

/** Of routes, hooks and so on each. */
const MOST_OF_A_KIND = 1000

/** What one generation registered. Nothing here acts by itself: the tables are built from it at a swap. */
export class Registrations {
  #lists: { [K in RegistrationKind]: Set<Kinds[K]> } = {
    hook: new Set(),
    route: new Set(),
    socket: new Set(),
    events: new Set(),
    endpoint: new Set(),
    extension: new Set(),
    listener: new Set(),
    task: new Set(),
    channel: new Set(),
    asset: new Set(),
    setting: new Set(),
  }
  #onChange: (() => void) | undefined
  #followers = new Set<() => void>()

  /** Throws BAD_REQUEST for one too many: each swap of the tables goes through all of them. */
  add<K extends RegistrationKind>(kind: K, entry: Kinds[K]): { dispose(): void } {
    if (this.#lists[kind].size >= MOST_OF_A_KIND)
      throw new AppError('BAD_REQUEST', `a plugin registers at most ${MOST_OF_A_KIND} of a kind (${kind})`)
    this.#lists[kind].add(entry)
    this.#changed()
    return {
      dispose: () => {
        if (this.#lists[kind].delete(entry)) this.#changed()
      },
    }
  }

  #changed(): void {
    if (!this.#onChange && this.#followers.size === 0) return
    outsideWatch(() => {
      this.#onChange?.()
      for (const follow of [...this.#followers]) follow()
    })
  }

  /** A further listener; @returns what detaches it. */
  alsoWhenChanged(listener: () => void): () => void {
    this.#followers.add(listener)
    return () => this.#followers.delete(listener)
  }

  all<K extends RegistrationKind>(kind: K): ReadonlySet<Kinds[K]> {
    return this.#lists[kind]
  }

  /** Called after each change from now on: a live generation's tables are built again. */
  whenChanged(listener: (() => void) | undefined): void {
    this.#onChange = listener
  }

  counts(): Readonly<Record<RegistrationKind, number>> {
    return Object.fromEntries(Object.entries(this.#lists).map(([kind, set]) => [kind, set.size])) as Record<
      RegistrationKind,
      number
    >
  }

  clear(): void {
    this.#onChange = undefined
    this.#followers.clear()
    for (const set of Object.values(this.#lists)) set.clear()
  }
}

/** Hooks that need a permission; the others are open to every plugin. */
export const HOOK_PERMISSIONS = {
  'request.accept': 'request',
  'response.headers': 'request',
  'request.finished': 'request',
  'access.scope': 'access:scope',
  'access.grants': 'access:scope',
  'playlists.virtual': 'subsonic',
  'stream.authorize': 'access:stream',
  'scan.tags': 'scan:tags',
  'scan.started': 'library:read',
  'scan.progress': 'library:read',
  'scan.finished': 'library:read',
  'library.changed': 'library:read',
  'plugin.state': 'server:read',
  'library.root': 'library:read',
  'playback.started': 'playback:read',
  'playback.progress': 'playback:read',
  'playback.paused': 'playback:read',
  'playback.resumed': 'playback:read',
  'playback.stopped': 'playback:read',
  'playback.counted': 'playback:read',
  'playback.finished': 'playback:read',
  'annotation.changed': 'playback:read',
  'user.created': 'users:read',
  'user.changed': 'users:read',
  'user.deleted': 'users:read',
  'user.login': 'users:read',
} as const satisfies HookPermissions
