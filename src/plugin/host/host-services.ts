import type { SecretCheck } from '../../auth/secret-check.ts'
import type { Clock } from '../../base/clock.ts'
import type { UserId } from '../../base/ids.ts'
import type { Timers } from '../../base/timers.ts'
import type { Database } from '../../db/database.ts'
import type { HookDispatcher } from '../../hooks/hook-dispatcher.ts'
import type { PluginStateRepository } from '../../library/plugin-state-repository.ts'
import type { Logger } from '../../log/logger.ts'
import type { StreamerStatus } from '../../media/create-streamer.ts'
import type { Notification } from '../api/notify-api.ts'
import type { Breadcrumb } from '../containment/breadcrumb.ts'
import type { AdminServices } from '../facades/admin-facade.ts'
import type { SubsonicRendering } from '../facades/subsonic-facade.ts'
import type { ReaderServices } from '../facades/viewers.ts'
import type { PeerLimits } from '../live/peers.ts'
import type { MediaLeases } from '../routes/media-leases.ts'
import type { Generation } from './generation.ts'
import type { HostTables } from './host-tables.ts'

/** What the plugin host is built on. */
export interface HostServices extends ReaderServices {
  readonly db: Database
  readonly hooks: HookDispatcher
  readonly states: PluginStateRepository
  readonly clock: Clock
  readonly log: Logger
  readonly dataDir: string
  readonly breadcrumb: Breadcrumb
  readonly subsonic: SubsonicRendering
  /** Secrets of plugins' own, with the throttle of logins. */
  readonly checkSecret: SecretCheck
  readonly admin: AdminServices
  /** What is being streamed and converted; for figures. */
  readonly media: { status(): StreamerStatus }
  /** A note for people. Channels that plugins add come with the tables. */
  notify(notification: Notification): void
  /** Routes, Subsonic endpoints and the rest of the tables after each swap. Must not throw. */
  onTables(tables: HostTables): void
  /** What plugins gave and is being sent. */
  readonly leases: MediaLeases
  /** For schedules, and for looking whether informed clients still may be. Tests move their own. */
  readonly timers: Timers
  /** How many clients plugins may keep informed. */
  readonly peerLimits: PeerLimits
  /** Calls back after rights changed: of one user, or of everybody. @returns what ends that. */
  onRightsChanged(listener: (userId: UserId | undefined) => void): () => void
  /** Each life of a plugin as it begins, for those who count what is left of it. Must not throw. */
  onGeneration?(generation: Generation): void
  /** Settings of a plugin that the server's own configuration holds; what people set for the plugin beats them. */
  configured(plugin: string): Readonly<Record<string, unknown>>
  /** Names that must run: while one does not, nobody but administrators sees or hears anything. */
  readonly required: readonly string[]
}
