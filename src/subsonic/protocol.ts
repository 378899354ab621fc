/** The version of the Subsonic API that every answer names. */
export const API_VERSION = '1.16.1'

/** The root's `type`. Never `subsonic`, `madsonic` or `ampache`: clients switch protocols on those names. */
export const SERVER_TYPE = 'tonearm'

export const NAMESPACE = 'http://subsonic.org/restapi'

/** What stands on the root of every answer. */
export interface Envelope {
  readonly status: 'ok' | 'failed'
  readonly serverVersion: string
}

export type Format =
  | { readonly kind: 'xml' }
  | { readonly kind: 'json' }
  /** `callback` is checked: a path of identifiers. */
  | { readonly kind: 'jsonp'; readonly callback: string }

export const XML: Format = { kind: 'xml' }
export const JSON_FORMAT: Format = { kind: 'json' }

export interface Extension {
  readonly name: string
  readonly versions: readonly number[]
}

/** OpenSubsonic extensions of the core; plugins add theirs. */
export const CORE_EXTENSIONS: readonly Extension[] = [
  { name: 'apiKeyAuthentication', versions: [1] },
  { name: 'formPost', versions: [1] },
  { name: 'indexBasedQueue', versions: [1] },
  { name: 'playbackReport', versions: [1] },
  { name: 'songLyrics', versions: [1, 2] },
  { name: 'topSongsByArtistId', versions: [1] },
  { name: 'transcodeOffset', versions: [1] },
  { name: 'transcoding', versions: [1] },
]
