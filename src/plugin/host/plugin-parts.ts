import type { Auth } from '../../auth/create-auth.ts'
import type { Clock } from '../../base/clock.ts'
import type { Config } from '../../config/load.ts'
import type { Database } from '../../db/database.ts'
import type { HookDispatcher } from '../../hooks/hook-dispatcher.ts'
import type { Repositories } from '../../library/repositories.ts'
import type { Logger } from '../../log/logger.ts'
import type { Artwork } from '../../media/artwork.ts'
import type { RunningStreamer } from '../../media/create-streamer.ts'
import type { Notify } from '../../notify/notify.ts'
import type { NativeGate } from '../../rest/native-gate.ts'
import type { Scanner } from '../../scanner/scanner.ts'
import type { Subsonic } from '../../subsonic/create-subsonic.ts'

/** What plugins stand on. */
export interface PluginParts {
  readonly config: Config
  readonly db: Database
  readonly repositories: Repositories
  readonly hooks: HookDispatcher
  readonly auth: Auth
  readonly scanner: Scanner
  readonly subsonic: Subsonic
  readonly streamer: RunningStreamer
  readonly artwork: Artwork
  readonly gate: NativeGate
  readonly notify: Notify
  readonly clock: Clock
  readonly log: Logger
}
