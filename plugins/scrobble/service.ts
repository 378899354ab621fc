/** What a scrobbling service is told of one play. */
export interface Play {
  /** When it began, ms since 1970. */
  readonly at: number
  readonly title: string
  readonly artist: string
  readonly album: string
  readonly albumArtist: string
  /** 0 = unknown. */
  readonly durationMs: number
  readonly trackNumber: number
  readonly musicBrainzId: string
  readonly isrc: string
  /** The player. */
  readonly client: string
}

export type Outcome =
  /** Taken, but for those at these positions, which are to be sent again. */
  | { readonly kind: 'accepted'; readonly left: readonly number[]; readonly waitMs?: number }
  /** Not now: the service is away, busy, or limits us. */
  | { readonly kind: 'later'; readonly reason: string; readonly waitMs?: number }
  /** Never: something in what was sent is wrong. */
  | { readonly kind: 'refused'; readonly reason: string }
  /** The user's token or session is no longer valid. */
  | { readonly kind: 'unlinked'; readonly reason: string }
  /** The server's own key is wrong: an administrator has to act. */
  | { readonly kind: 'misconfigured'; readonly reason: string }

export type ServiceId = 'listenbrainz' | 'lastfm'

export interface Service {
  readonly id: ServiceId
  /** For people. */
  readonly title: string
  /** Plays in one request. */
  readonly batch: number
  /** What it does not want at all. */
  wants(play: Play): boolean
  nowPlaying(secret: string, play: Play, signal: AbortSignal): Promise<Outcome>
  submit(secret: string, plays: readonly Play[], signal: AbortSignal): Promise<Outcome>
}

export type Fetch = (url: string | URL, init?: RequestInit) => Promise<Response>

/** The answer with its body as JSON; undefined where it is none. Network trouble becomes an outcome. */
export async function ask(
  fetch: Fetch,
  url: string,
  init: RequestInit,
): Promise<{ readonly response: Response; readonly body: unknown } | { readonly outcome: Outcome }> {
  try {
    const response = await fetch(url, init)
    const text = await response.text()
    return { response, body: parse(text) }
  } catch (error) {
    return { outcome: { kind: 'later', reason: error instanceof Error ? error.message : 'the network failed' } }
  }
}

/** How long a service wants us to wait, ms: `Retry-After` in seconds or as a date, or ListenBrainz' own header. */
export function waitOf(response: Response, now: number): number | undefined {
  const given = response.headers.get('retry-after') ?? response.headers.get('x-ratelimit-reset-in')
  if (given === null) return undefined
  const seconds = Number(given)
  const ms = Number.isFinite(seconds) ? seconds * 1000 : Date.parse(given) - now
  return ms > 0 ? ms : undefined
}

/** A network trouble or a server's: with the wait that it asked for. */
export function later(response: Response, now: number): Outcome {
  const waitMs = waitOf(response, now)
  return { kind: 'later', reason: `it answered ${response.status}`, ...(waitMs === undefined ? {} : { waitMs }) }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
