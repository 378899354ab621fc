import type { RequestInfo } from '../../hooks/hooks.ts'
import type { Disposable } from './disposable-api.ts'
import type { Role, User } from './reader-api.ts'

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
  /** The same of songs, albums, artists and folders, in the order given; all but songs are directories. Since 1.4. */
  entries(user: User, ids: readonly string[]): Promise<readonly object[]>
  /**
   * Ids with those of folders replaced by what they stand for: an album, an artist, else songs. Folders that the user may
   * not see are left out, other ids stay. Since 1.4.
   */
  standsFor(user: User, ids: readonly string[]): Promise<readonly string[]>
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
