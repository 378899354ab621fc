import type { PluginRequest, Reply, Routes, User } from 'tonearm/plugin'
import { rowIdOf } from 'tonearm/plugin'
import type { Delivery } from './delivery.ts'
import type { LastFm } from './lastfm.ts'
import type { ListenBrainz } from './listenbrainz.ts'
import type { ServiceId } from './service.ts'
import type { Store } from './store.ts'

export interface RouteOptions {
  readonly store: Store
  readonly delivery: Delivery
  readonly listenBrainz: ListenBrainz
  /** Undefined while there is no API key. */
  readonly lastFm: LastFm | undefined
  /** Last.fm's page on which a user allows us. */
  readonly lastFmPage: (token: string) => string
  now(): number
  /** Something may be waiting that can be sent now. */
  onLinked(): void
}

/** Tokens that users are about to allow; Last.fm forgets them after an hour. */
const MAX_PENDING = 1000
const PENDING_MS = 3_600_000

/** Each user links accounts of their own. No answer ever holds a token. */
export function addRoutes(routes: Routes, options: RouteOptions): void {
  const { store, delivery, listenBrainz, lastFm } = options
  const pending = new Map<string, { readonly token: string; readonly until: number }>()

  const link = async (user: User, service: ServiceId, account: { readonly name: string; readonly secret: string }) => {
    const userId = rowOf(user)
    await store.link({ userId, service, account: account.name, secret: account.secret }, options.now())
    delivery.forget({ userId, service })
    options.onLinked()
    return status(user)
  }
  const status = async (user: User): Promise<Reply> => {
    const userId = rowOf(user)
    const [links, waiting] = await Promise.all([store.links(userId), store.waiting(userId)])
    return {
      kind: 'json',
      headers: { 'cache-control': 'no-store' },
      body: links.map(({ service, account, problem, dropped, refused, sent, sentAt }) => ({
        service,
        account,
        working: problem === '',
        problem,
        waiting: waiting.get(service) ?? 0,
        sent,
        refused,
        dropped,
        sentAt: sentAt === null ? null : new Date(sentAt).toISOString(),
      })),
    }
  }
  const unlink = (service: ServiceId) =>
    forUser(async (user) => {
      const found = await store.unlink(rowOf(user), service)
      return found ? { kind: 'empty' } : refusal(404, 'There is no such link.')
    })

  routes.get('/', forUser(status))
  routes.put(
    '/listenbrainz',
    forUser(async (user, request) => {
      const { token } = (await request.json()) as { token?: unknown }
      if (typeof token !== 'string' || !/^[\w-]{1,200}$/.test(token.trim()))
        return refusal(422, 'Send {"token": "..."}: your user token from ListenBrainz’ settings.')
      const secret = token.trim()
      const name = await reach('ListenBrainz', () => listenBrainz.accountOf(secret, request.signal))
      if (typeof name === 'object') return name
      if (name === undefined) return refusal(422, 'ListenBrainz does not know this token.')
      return link(user, 'listenbrainz', { name, secret })
    }),
  )
  routes.delete('/listenbrainz', unlink('listenbrainz'))

  routes.post(
    '/lastfm/start',
    forUser(async (user, request) => {
      if (!lastFm) return refusal(503, NO_KEY)
      const token = await reach('Last.fm', () => lastFm.requestToken(request.signal))
      if (typeof token === 'object') return token
      const now = options.now()
      for (const [id, { until }] of pending) if (until <= now) pending.delete(id)
      if (pending.size >= MAX_PENDING) return refusal(503, 'Too many links are being made. Try again later.')
      pending.set(user.id, { token, until: now + PENDING_MS })
      return { kind: 'json', headers: { 'cache-control': 'no-store' }, body: { url: options.lastFmPage(token) } }
    }),
  )
  routes.post(
    '/lastfm/finish',
    forUser(async (user, request) => {
      if (!lastFm) return refusal(503, NO_KEY)
      const begun = pending.get(user.id)
      if (!begun || begun.until <= options.now()) return refusal(409, 'Begin with POST lastfm/start and open its url.')
      const session = await reach('Last.fm', () => lastFm.session(begun.token, request.signal))
      if (session === undefined) return refusal(409, 'Last.fm has not been told yet: open the url and allow it there.')
      if ('kind' in session) return session
      pending.delete(user.id)
      return link(user, 'lastfm', { name: session.account, secret: session.key })
    }),
  )
  routes.delete('/lastfm', unlink('lastfm'))
}

const NO_KEY =
  'This server has no key for Last.fm: an administrator sets lastFmKey and lastFmSecret of the plugin scrobble.'

function forUser(handler: (user: User, request: PluginRequest) => Promise<Reply>) {
  return async (request: PluginRequest): Promise<Reply> =>
    request.user ? handler(request.user, request) : refusal(401, 'Log in.')
}

/** What the service answered, or a reply that says that it can't be asked. */
async function reach<T>(name: string, work: () => Promise<T>): Promise<T | (Reply & { kind: 'json' })> {
  try {
    return await work()
  } catch {
    return refusal(502, `${name} can't be asked right now. Try again later.`)
  }
}

function refusal(status: number, error: string): Reply & { kind: 'json' } {
  return { kind: 'json', status, headers: { 'cache-control': 'no-store' }, body: { error } }
}

function rowOf({ id }: User): number {
  const row = rowIdOf('user', id)
  if (row === undefined) throw new TypeError(`${id} is no id of a user`)
  return row
}
