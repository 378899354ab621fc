import { createHash } from 'node:crypto'
import { ask, type Fetch, later, type Outcome, type Play, type Service } from './service.ts'

export interface LastFmOptions {
  /** `https://ws.audioscrobbler.com/2.0/`, or of a service that speaks its protocol. */
  readonly url: string
  readonly apiKey: string
  readonly secret: string
  readonly fetch: Fetch
  now(): number
}

export interface LastFm extends Service {
  /** A token that the user is to allow on Last.fm's own page. Rejects when the service refuses or can't be asked. */
  requestToken(signal: AbortSignal): Promise<string>
  /** The session of an allowed token; undefined when it was not allowed (yet). Rejects like `requestToken`. */
  session(token: string, signal: AbortSignal): Promise<{ readonly account: string; readonly key: string } | undefined>
}

type Params = Readonly<Record<string, string>>

const BATCH = 50
/** Shorter songs are not for scrobbling, says Last.fm. */
const SHORTEST_MS = 30_000
/** A day's limit is over: there is no telling when it began. */
const DAILY_WAIT_MS = 3_600_000

/** Last.fm's signature: names and values in the order of names, then the secret; `format` is not part of it. */
export function signatureOf(params: Params, secret: string): string {
  const text = Object.keys(params)
    .filter((name) => name !== 'format' && name !== 'callback')
    .sort()
    .map((name) => name + params[name])
    .join('')
  return createHash('md5')
    .update(text + secret, 'utf8')
    .digest('hex')
}

export function createLastFm(options: LastFmOptions): LastFm {
  const { url, apiKey, secret, fetch, now } = options

  function call(params: Params, signal: AbortSignal) {
    const asked: Params = { ...params, api_key: apiKey }
    const body = new URLSearchParams({ ...asked, api_sig: signatureOf(asked, secret), format: 'json' })
    return ask(fetch, url, { method: 'POST', body, signal })
  }

  async function send(params: Params, signal: AbortSignal): Promise<Outcome & { readonly body?: unknown }> {
    const answer = await call(params, signal)
    if ('outcome' in answer) return answer.outcome
    const { response, body } = answer
    const { error, message } = (body ?? {}) as { error?: unknown; message?: unknown }
    if (error === undefined && response.ok) return { kind: 'accepted', left: [], body }
    const reason = typeof message === 'string' ? message.slice(0, 200) : `it answered ${response.status}`
    if (UNLINKED.has(Number(error))) return { kind: 'unlinked', reason }
    if (MISCONFIGURED.has(Number(error))) return { kind: 'misconfigured', reason }
    if (REFUSED.has(Number(error))) return { kind: 'refused', reason }
    return { ...later(response, now()), ...(error === undefined ? {} : { reason }) }
  }

  return {
    id: 'lastfm',
    title: 'Last.fm',
    batch: BATCH,
    wants: ({ durationMs }) => durationMs === 0 || durationMs > SHORTEST_MS,
    nowPlaying: (sk, play, signal) => send({ method: 'track.updateNowPlaying', sk, ...fieldsOf(play, '') }, signal),
    async submit(sk, plays, signal) {
      const fields = plays.map((play, index) => ({
        ...fieldsOf(play, `[${index}]`),
        [`timestamp[${index}]`]: String(Math.floor(play.at / 1000)),
      }))
      const outcome = await send({ method: 'track.scrobble', sk, ...Object.assign({}, ...fields) }, signal)
      if (outcome.kind !== 'accepted') return outcome
      const left = overDailyLimit(outcome.body)
      return { kind: 'accepted', left, ...(left.length > 0 ? { waitMs: DAILY_WAIT_MS } : {}) }
    },
    async requestToken(signal) {
      const outcome = await send({ method: 'auth.getToken' }, signal)
      const token = (outcome as { body?: { token?: unknown } }).body?.token
      if (typeof token === 'string') return token
      throw new Error(`Last.fm gave no token: ${'reason' in outcome ? outcome.reason : 'its answer makes no sense'}`)
    },
    async session(token, signal) {
      const outcome = await send({ method: 'auth.getSession', token }, signal)
      if (outcome.kind === 'unlinked') return undefined
      const session = (outcome as { body?: { session?: { name?: unknown; key?: unknown } } }).body?.session
      if (typeof session?.name === 'string' && typeof session.key === 'string')
        return { account: session.name, key: session.key }
      throw new Error(`Last.fm gave no session: ${'reason' in outcome ? outcome.reason : 'its answer makes no sense'}`)
    },
  }
}

/** 4 authentication failed, 9 invalid session, 14 token not allowed, 15 token expired, 17 login needed. */
const UNLINKED = new Set([4, 9, 14, 15, 17])
/** 10 invalid key, 13 invalid signature, 26 suspended key. */
const MISCONFIGURED = new Set([10, 13, 26])
/** 5 invalid format, 6 invalid parameters, 7 invalid resource. */
const REFUSED = new Set([5, 6, 7])

function fieldsOf(play: Play, index: string): Params {
  return {
    [`artist${index}`]: play.artist,
    [`track${index}`]: play.title,
    ...(play.album ? { [`album${index}`]: play.album } : {}),
    ...(play.albumArtist && play.albumArtist !== play.artist ? { [`albumArtist${index}`]: play.albumArtist } : {}),
    ...(play.durationMs > 0 ? { [`duration${index}`]: String(Math.round(play.durationMs / 1000)) } : {}),
    ...(play.trackNumber > 0 ? { [`trackNumber${index}`]: String(play.trackNumber) } : {}),
    ...(play.musicBrainzId ? { [`mbid${index}`]: play.musicBrainzId } : {}),
  }
}

/** Positions that were ignored for the day's limit. What was ignored for another reason will not get better. */
function overDailyLimit(body: unknown): readonly number[] {
  const given = (body as { scrobbles?: { scrobble?: unknown } } | undefined)?.scrobbles?.scrobble
  const list = Array.isArray(given) ? given : given === undefined ? [] : [given]
  return list.flatMap((one: { ignoredMessage?: { code?: unknown } }, index) =>
    String(one?.ignoredMessage?.code) === '5' ? [index] : [],
  )
}
