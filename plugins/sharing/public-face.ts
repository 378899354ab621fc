import type { PluginRequest, Reply, Routes, Track, UserReader } from 'tonearm/plugin'
import { iso, problemReply, visitorOf } from './faces.ts'
import { messagePage, PAGE_HEADERS, type PageTrack, passwordPage, playlist, sharePage } from './page.ts'
import type { Signer } from './secrets.ts'
import type { Service } from './service.ts'
import { notFound, Problem, type Share } from './share.ts'
import type { Store } from './store.ts'

export interface PublicParts {
  readonly store: Store
  readonly service: Service
  readonly users: UserReader
  readonly signer: Signer
  readonly maxBitrate: number
  now(): number
  baseOf(origin: string): string
  mayKnock(address: string): boolean
  limitPages(address: string): void
  limitMedia(address: string): void
  readonly throttle: { assert(key: string): void; begin(key: string): void; forget(key: string): void }
  checkPassword(stored: string, password: string): Promise<boolean>
  owned(songId: string, as: string): Promise<Track | undefined>
}

const STATUS = { invalid: 400, 'not-found': 404, forbidden: 403, gone: 410, password: 401, busy: 429 } as const
/** Addresses given to a visitor whose way in was narrower than the link. */
const GUARDED_MS = 24 * 3_600_000
const COOKIE_S = 12 * 3_600
const KEPT_MS = 10_000
const MAX_KEPT = 32
const PREVIEWS =
  /bot\b|crawler|spider|facebookexternalhit|whatsapp|telegram|slack|discord|twitter|linkedin|skype|signal|mastodon|pleroma|embedly|preview|vkshare|iframely|matrix|synapse/i

const gone = () => new Problem('gone', 'This share is not available any more.')

export function addPublicFace(routes: Routes, parts: PublicParts) {
  const { store, service, users, signer, now } = parts
  const contents = new Map<string, { readonly until: number; readonly ids: ReadonlySet<string> }>()

  async function known(request: PluginRequest, id: string): Promise<Share> {
    if (!parts.mayKnock(request.address) || !/^[0-9A-Za-z]{10}$/.test(id)) throw notFound()
    const found = await store.find(id)
    if (!found) throw notFound()
    const { user } = request
    if (found.recipient.kind !== 'link') {
      const isKnown = user && (user.isAdmin || user.id === found.ownerId || (await service.isRecipient(found, user.id)))
      if (!isKnown) throw notFound()
    }
    const share = await service.alive(found)
    if (!share) throw gone()
    return share
  }

  const cookieParts = (share: Share) => ['password', share.id, share.salt]

  async function assertPassword(request: PluginRequest, share: Share, typed?: string): Promise<void> {
    if (share.password === '') return
    const cookie = new RegExp(`(?:^|;\\s*)share_${share.id}=([^;]+)`).exec(request.headers.cookie ?? '')?.[1]
    if (cookie && typed === undefined && signer.verify(cookieParts(share), cookie, now())) return
    const given = typed ?? request.headers['x-share-password'] ?? request.query.get('password') ?? undefined
    if (given === undefined || given === '') throw new Problem('password', 'This share needs its password.')
    const key = `${share.id} ${request.address}`
    parts.throttle.assert(key)
    parts.throttle.begin(key)
    if (given.length > 500 || !(await parts.checkPassword(share.password, given))) {
      await service.note(share.id, 'password_failed', visitorOf(request))
      throw new Problem('password', 'That is not the password.')
    }
    parts.throttle.forget(key)
  }

  /** The way in of a visitor: password, then a view is taken. */
  async function enter(request: PluginRequest, id: string): Promise<Share> {
    parts.limitPages(request.address)
    const share = await known(request, id)
    if (!share.permissions.view) throw new Problem('forbidden', 'This share can not be looked at.')
    await assertPassword(request, share)
    if (!(await service.take(share, 'view', visitorOf(request)))) throw gone()
    return share
  }

  const endOf = (share: Share) =>
    share.password !== '' || share.maxViews > 0
      ? Math.min(share.expiresAt ?? Number.POSITIVE_INFINITY, now() + GUARDED_MS)
      : share.expiresAt
  const address = (share: Share, what: 's' | 'c', songId: string) =>
    `${share.id}/${what}/${songId}?t=${signer.sign([what, share.id, share.salt, songId], endOf(share))}`
  const downloadAddress = (share: Share) => `d/${share.id}?t=${signer.sign(['d', share.id, share.salt], endOf(share))}`
  const titleOf = (share: Share) => share.description || share.contents || 'Shared music'

  async function details(share: Share, base: string) {
    const tracks = await service.content(share)
    return {
      id: share.id,
      title: titleOf(share),
      description: share.description,
      contents: share.contents,
      owner: (await users.get(share.ownerId))?.name ?? '',
      expiresAt: iso(share.expiresAt),
      downloadable: share.permissions.download,
      ...(share.permissions.download ? { downloadUrl: `${base}/share/${downloadAddress(share)}` } : {}),
      tracks: tracks.map((track) => ({
        id: track.id,
        title: track.title,
        artist: track.artist,
        album: track.album,
        track: track.trackNumber,
        disc: track.discNumber,
        year: track.year,
        genres: track.genres,
        duration: Math.round(track.durationMs / 1000),
        suffix: track.suffix,
        bitRate: track.bitRate,
        size: track.size,
        coverUrl: `${base}/share/${address(share, 'c', track.id)}`,
        ...(share.permissions.stream ? { url: `${base}/share/${address(share, 's', track.id)}` } : {}),
      })),
    }
  }

  async function page(request: PluginRequest, share: Share, isPreview: boolean): Promise<Reply> {
    const tracks = isPreview && isGuarded(share) ? [] : await service.content(share)
    const base = parts.baseOf(request.origin)
    const first = tracks[0]
    const rows = tracks.map((track): PageTrack => {
      const { title, artist, album, durationMs } = track
      return {
        title,
        artist,
        album,
        durationMs,
        cover: address(share, 'c', track.id),
        ...(share.permissions.stream ? { stream: address(share, 's', track.id) } : {}),
      }
    })
    const body = sharePage({
      title: titleOf(share),
      description: share.description && share.description !== share.contents ? share.contents : '',
      owner: (await users.get(share.ownerId))?.name ?? '',
      tracks: rows,
      ...(share.permissions.download ? { download: downloadAddress(share) } : {}),
      downloadLabel: tracks.length === 1 ? 'Download' : 'Download all (ZIP)',
      ...(share.expiresAt === undefined ? {} : { expires: new Date(share.expiresAt).toISOString().slice(0, 10) }),
      card: {
        url: `${base}/share/${share.id}`,
        ...(first ? { image: `${base}/share/${address(share, 'c', first.id)}` } : {}),
        ...(first && share.permissions.stream ? { audio: `${base}/share/${address(share, 's', first.id)}` } : {}),
      },
    })
    return { kind: 'text', type: 'text/html; charset=utf-8', headers: PAGE_HEADERS, body }
  }

  async function m3u(request: PluginRequest, share: Share): Promise<Reply> {
    const base = parts.baseOf(request.origin)
    const tracks = share.permissions.stream ? await service.content(share) : []
    const rows = tracks.map((track) => ({ ...track, url: `${base}/share/${address(share, 's', track.id)}` }))
    return {
      kind: 'text',
      type: 'audio/x-mpegurl',
      headers: { 'cache-control': 'no-store', 'content-disposition': `inline; filename="${share.id}.m3u"` },
      body: playlist(titleOf(share), rows),
    }
  }

  async function open(request: PluginRequest): Promise<Reply> {
    const id = request.params.id ?? ''
    const { query, headers } = request
    if (query.has('download') && !['0', 'false'].includes(query.get('download') ?? '')) return download(request)
    const agent = headers['user-agent'] ?? ''
    const wanted = query.get('format')
    if (wanted === null && PREVIEWS.test(agent)) {
      parts.limitPages(request.address)
      const share = await known(request, id)
      return page(request, share, true)
    }
    const share = await enter(request, id)
    const format = wanted ?? ((headers.accept ?? '').includes('text/html') ? 'page' : share.format || 'raw')
    if (format === 'page' || format === 'html') return page(request, share, false)
    if (format === 'm3u') return m3u(request, share)
    return {
      kind: 'json',
      headers: { 'cache-control': 'no-store', 'referrer-policy': 'no-referrer' },
      body: await details(share, parts.baseOf(request.origin)),
    }
  }

  async function download(request: PluginRequest): Promise<Reply> {
    parts.limitPages(request.address)
    const share = await known(request, request.params.id ?? '')
    if (!share.permissions.download) throw new Problem('forbidden', 'This share is not downloadable.')
    const isInvited = signer.verify(['d', share.id, share.salt], request.query.get('t') ?? '', now())
    if (!isInvited) await assertPassword(request, share)
    const tracks = await service.content(share)
    const [first] = tracks
    if (!first) throw notFound()
    if (request.method !== 'HEAD') {
      const visitor = visitorOf(request)
      if (!isInvited && !(await service.take(share, 'view', visitor))) throw gone()
      if (!(await service.take(share, 'download', visitor))) throw gone()
    }
    const lease = leaseOf(share)
    const actAs = share.rootId
    if (tracks.length === 1)
      return { kind: 'media', as: 'download', mediaId: first.id, actAs, lease, downloadName: fileName(first, 1) }
    return {
      kind: 'zip',
      entries: tracks.map((track, index) => ({ mediaId: track.id, name: fileName(track, index + 1) })),
      actAs,
      lease,
      downloadName: `${safe(titleOf(share))}.zip`,
      comment: titleOf(share),
      headers: { 'referrer-policy': 'no-referrer' },
    }
  }

  async function media(request: PluginRequest, what: 's' | 'c'): Promise<Reply> {
    const { id = '', song = '' } = request.params
    parts.limitMedia(request.address)
    const share = await known(request, id)
    const { stream, view } = share.permissions
    if (
      !signer.verify([what, id, share.salt, song], request.query.get('t') ?? '', now()) ||
      !(what === 's' ? stream : view)
    )
      throw notFound()
    if (!(await holds(share, song)) || !(await parts.owned(song, share.rootId))) throw notFound()
    const shared = { kind: 'media', mediaId: song, actAs: share.rootId, lease: leaseOf(share) } as const
    if (what === 'c') {
      const size = Math.min(1200, Math.max(32, Number(request.query.get('size')) || 600))
      return { ...shared, as: 'cover', size, headers: { 'cache-control': 'private, max-age=3600' } }
    }
    if (request.method === 'GET' && /^(bytes=0-)?$/.test(request.headers.range ?? ''))
      await service.note(share.id, 'streamed', visitorOf(request))
    const format = ['', 'raw', 'm3u'].includes(share.format) ? undefined : share.format
    const most = [share.maxBitRate, parts.maxBitrate].filter((rate) => rate > 0)
    return {
      ...shared,
      as: 'stream',
      ...(format === undefined ? {} : { format }),
      ...(most.length > 0 ? { maxBitRate: Math.min(...most) } : {}),
    }
  }

  /** What is in a share is looked up once for the requests of one song; the right to it each time. */
  async function holds(share: Share, song: string): Promise<boolean> {
    const kept = contents.get(share.id)
    if (kept && now() < kept.until) return kept.ids.has(song)
    const ids = new Set((await service.content(share)).map((track) => track.id))
    contents.delete(share.id)
    if (contents.size >= MAX_KEPT) contents.delete(contents.keys().next().value as string)
    contents.set(share.id, { until: now() + KEPT_MS, ids })
    return ids.has(song)
  }

  async function unlock(request: PluginRequest): Promise<Reply> {
    parts.limitPages(request.address)
    const share = await known(request, request.params.id ?? '')
    const typed = new URLSearchParams(await request.text()).get('password') ?? ''
    await assertPassword(request, share, typed)
    const cookie = signer.sign(cookieParts(share), now() + COOKIE_S * 1000)
    const secure = request.origin.startsWith('https:') ? '; Secure' : ''
    return {
      kind: 'redirect',
      status: 303,
      to: `${request.origin}/share/${share.id}`,
      headers: {
        'set-cookie': `share_${share.id}=${cookie}; Max-Age=${COOKIE_S}; HttpOnly; SameSite=Lax${secure}`,
        'cache-control': 'no-store',
      },
    }
  }

  /** People get a page, programs JSON. */
  const answering = (handler: (request: PluginRequest) => Promise<Reply>) => async (request: PluginRequest) => {
    try {
      return await handler(request)
    } catch (error) {
      if (!(error instanceof Problem)) throw error
      const status = STATUS[error.kind]
      if (!(request.headers.accept ?? '').includes('text/html')) return problemReply(status, error)
      const body =
        error.kind === 'password'
          ? passwordPage(request.params.id ?? '', request.method === 'POST' ? error.message : '')
          : messagePage(TITLES[error.kind] ?? 'This did not work', error.message)
      const wait: Record<string, string> =
        error.retryAfter === undefined ? {} : { 'retry-after': String(error.retryAfter) }
      return {
        kind: 'text' as const,
        status,
        type: 'text/html; charset=utf-8',
        headers: { ...PAGE_HEADERS, ...wait },
        body,
      }
    }
  }

  const options = { root: true, auth: 'public' } as const
  routes.get('/share/:id', answering(open), options)
  routes.post('/share/:id', answering(unlock), { ...options, bodyLimit: 4096 })
  routes.get(
    '/share/:id/m3u',
    answering(async (request) => m3u(request, await enter(request, request.params.id ?? ''))),
    options,
  )
  routes.get('/share/d/:id', answering(download), options)
  routes.get(
    '/share/:id/s/:song',
    answering((request) => media(request, 's')),
    options,
  )
  routes.get(
    '/share/:id/c/:song',
    answering((request) => media(request, 'c')),
    options,
  )

  return {
    visit: async (request: PluginRequest, id: string) =>
      details(await enter(request, id), parts.baseOf(request.origin)),
  }
}

const TITLES: Readonly<Record<string, string>> = {
  'not-found': 'There is no such share',
  gone: 'This share has ended',
  forbidden: 'Not with this share',
  busy: 'One moment, please',
}

const isGuarded = (share: Share) => share.password !== '' || share.maxViews > 0

function leaseOf(share: Share): { readonly key: string; readonly until?: number } {
  return { key: share.id, ...(share.expiresAt === undefined ? {} : { until: share.expiresAt }) }
}

/** `NN - Artist - Title.ext`, with nothing that a file system or an unpacker takes for more than a name. */
function fileName({ artist, title, suffix }: Track, number: number): string {
  return `${String(number).padStart(2, '0')} - ${safe(artist)} - ${safe(title)}.${suffix}`
}

function safe(text: string): string {
  const clean = text.replace(/[\u0000-\u001f\u007f\\/:*?"<>|]/g, '_').replace(/^[. ]+|[. ]+$/g, '')
  return Array.from(clean).slice(0, 80).join('') || 'untitled'
}
