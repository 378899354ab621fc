import { ask, type Fetch, later, type Outcome, type Play, type Service } from './service.ts'

export interface ListenBrainzOptions {
  /** `https://api.listenbrainz.org`, or of a service that speaks its protocol. */
  readonly url: string
  readonly fetch: Fetch
  now(): number
}

export interface ListenBrainz extends Service {
  /** The account's name; undefined for a token that is not valid. Rejects when the service can't be asked. */
  accountOf(token: string, signal: AbortSignal): Promise<string | undefined>
}

const BATCH = 100

export function createListenBrainz({ url, fetch, now }: ListenBrainzOptions): ListenBrainz {
  const base = url.replace(/\/+$/, '')

  async function send(token: string, type: string, payload: readonly object[], signal: AbortSignal): Promise<Outcome> {
    const answer = await ask(fetch, `${base}/1/submit-listens`, {
      method: 'POST',
      headers: { authorization: `Token ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ listen_type: type, payload }),
      signal,
    })
    if ('outcome' in answer) return answer.outcome
    const { response, body } = answer
    if (response.ok) return { kind: 'accepted', left: [] }
    const reason = (body as { error?: unknown } | undefined)?.error
    const told = typeof reason === 'string' ? reason.slice(0, 200) : `it answered ${response.status}`
    if (response.status === 401) return { kind: 'unlinked', reason: told }
    if (response.status === 400 || response.status === 413) return { kind: 'refused', reason: told }
    return later(response, now())
  }

  return {
    id: 'listenbrainz',
    title: 'ListenBrainz',
    batch: BATCH,
    wants: () => true,
    nowPlaying: (token, play, signal) => send(token, 'playing_now', [{ track_metadata: metadata(play) }], signal),
    submit: (token, plays, signal) =>
      send(
        token,
        plays.length === 1 ? 'single' : 'import',
        plays.map((play) => ({ listened_at: Math.floor(play.at / 1000), track_metadata: metadata(play) })),
        signal,
      ),
    async accountOf(token, signal) {
      const response = await fetch(`${base}/1/validate-token`, { headers: { authorization: `Token ${token}` }, signal })
      if (response.status === 401 || response.status === 400) return undefined
      if (!response.ok) throw new Error(`ListenBrainz answered ${response.status}`)
      const { valid, user_name: name } = (await response.json()) as { valid?: unknown; user_name?: unknown }
      return valid === true && typeof name === 'string' ? name : undefined
    },
  }
}

function metadata(play: Play) {
  const { durationMs, trackNumber, musicBrainzId, isrc, client } = play
  return {
    artist_name: play.artist,
    track_name: play.title,
    ...(play.album ? { release_name: play.album } : {}),
    additional_info: {
      media_player: client || 'Tonearm',
      submission_client: 'Tonearm',
      ...(durationMs > 0 ? { duration_ms: durationMs } : {}),
      ...(trackNumber > 0 ? { tracknumber: trackNumber } : {}),
      ...(musicBrainzId ? { recording_mbid: musicBrainzId } : {}),
      ...(isrc ? { isrc } : {}),
    },
  }
}
