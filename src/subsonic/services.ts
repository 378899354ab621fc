import type { Accounts } from '../auth/accounts.ts'
import type { Authenticator } from '../auth/authenticator.ts'
import type { PictureAddresses } from '../auth/picture-addresses.ts'
import type { Scopes } from '../auth/scopes.ts'
import type { Clock } from '../base/clock.ts'
import type { HookBus } from '../hooks/hook-bus.ts'
import type { Repositories } from '../library/repositories.ts'
import type { Logger } from '../log/logger.ts'
import type { Artwork } from '../media/artwork.ts'
import type { LocalInfo } from '../media/local-info.ts'
import type { Lyrics } from '../media/lyrics.ts'
import type { Streamer } from '../media/streamer.ts'
import type { Playback } from '../playback/playback.ts'
import type { Scanner } from '../scanner/scanner.ts'
import type { HlsTickets } from './hls/tickets.ts'
import type { StreamAgreements } from './stream-agreements.ts'

/** Everything that the endpoints use; given by the composition root. */
export interface SubsonicServices {
  readonly repositories: Repositories
  readonly authenticator: Authenticator
  readonly accounts: Accounts
  readonly scopes: Scopes
  readonly streamer: Streamer
  readonly agreements: StreamAgreements
  readonly hls: HlsTickets
  readonly artwork: Artwork
  readonly lyrics: Lyrics
  readonly localInfo: LocalInfo
  readonly pictures: Pick<PictureAddresses, 'of'>
  readonly playback: Playback
  readonly scanner: Scanner
  readonly hooks: HookBus
  readonly clock: Clock
  readonly log: Logger
  readonly settings: SubsonicSettings
}

export interface SubsonicSettings {
  readonly serverVersion: string
  /** Space-separated words that don't count at the start of a name. */
  readonly ignoredArticles: string
  /** Values of `c` that get no OpenSubsonic fields. */
  readonly legacyClients: readonly string[]
  /** Values of `c` whose songs are id, title and isDir only. */
  readonly minimalClients: readonly string[]
  /** Song paths as on disk instead of Artist/Album/NN - Title.ext. */
  readonly realPaths: boolean
  /** `coverArt` of things without a picture: sent when a placeholder is configured. */
  readonly placeholderCovers: boolean
}
