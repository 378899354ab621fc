import { addressGroup, type PluginRequest, type Reply, type Routes, type Track, type UserReader } from 'tonearm/plugin'
import { type Addresses, isProtected } from './addresses.ts'
import type { Content } from './content.ts'
import { iso, problemReply, STATUS, visitorOf } from './faces.ts'
import { archiveName, fileName } from './file-names.ts'
import { createOnceIn } from './gate.ts'
import { leaseOf } from './housekeeping.ts'
import { cardPage, messagePage, PAGE_HEADERS, type PageTrack, passwordPage, sharePage } from './page.ts'
import { playlist } from './playlist.ts'
import type { Service } from './service.ts'
import { GONE, NOT_FOUND, notFound, Problem, type Share, titleOf } from './share.ts'
import type { Shown } from './shown.ts'
import type { Visits } from './visits.ts'

export interface PublicParts {
  readonly visits: Visits
  readonly addresses: Addresses
  readonly content: Content
  readonly shown: Shown
  readonly service: Service
  readonly users: UserReader
  readonly maxBitrate: number
  now(): number
  baseOf(origin: string): string
  limitPages(address: string): void
  limitMedia(address: string): void
  /** The song, if this user may have it without what others share. */
  owned(songId: string, as: string): Promise<Track | undefined>
}

const VISITING = { ...STATUS, gone: 410, 'used-up': 410 } as const
/** Which songs are in a share is kept so long between two requests for them. */
const KEPT_MS = 10_000
const MAX_KEPT = 32
/** The same song to the same place is one line of the log. */
const LISTENED_MS = 600_000
/** Programs that look for a preview. Browsers inside chat programs carry their names too, so no bare names here. */
const PREVIEWS =
  /bot\b|crawler|spider|facebookexternalhit|facebookcatalog|whatsapp\/|skypeuripreview|slack-imgproxy|mastodon\/|pleroma|akkoma|misskey|embedly|iframely|vkshare|viber|kakaotalk-scrap|synapse|link ?preview/i

export function addPublicFace(routes: Routes, parts: PublicParts) {
  const { visits, addresses, content, shown, service, users, now } = parts
  const contents = new Map<string, { readonly until: number; readonly ids: ReadonlySet<string> }>()
  const isNewToLog = createOnceIn(LISTENED_MS, now)
  const ownerOf = async (share: Share) => (await users.get(share.ownerId))?.name ?? ''

  async function details(request: PluginRequest, entered: Share) {
    const share = await shown.one(entered)
    const base = `${parts.baseOf(request.origin)}/share/`
    const player = request.query.get('player')
    const tracks = await content.tracks(share)
    return {
      id: share.id,
      title: titleOf(share),
      description: share.description,
      contents: share.contents,
      owner: await ownerOf(share),
      expiresAt: iso(share.expiresAt),
      downloadable: share.permissions.download,
      ...(share.permissions.download ? { downloadUrl: base + addresses.download(share) } : {}),
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
        coverUrl: base + addresses.cover(share, track.id),
        ...(share.permissions.stream ? { url: base + addresses.stream(share, track.id, player) } : {}),
      })),
    }
  }

  async function page(request: PluginRequest, entered: Share): Promise<Reply> {
    const share = await shown.one(entered)
    const tracks = await content.tracks(share)
    const base = `${parts.baseOf(request.origin)}/share/`
    const up = upOf(request)
    const player = request.query.get('player')
    const [first] = tracks
    const rows = tracks.map(({ id, title, artist, album, durationMs, coverId }): PageTrack => {
      const stream = share.permissions.stream ? { stream: up + addresses.stream(share, id, player) } : {}
      const picture = coverId === '' ? {} : { cover: up + addresses.cover(share, id) }
      return { title, artist, album, durationMs, ...picture, ...stream }
    })
    return htmlReply(
      200,
      sharePage({
        up,
        title: titleOf(share),
        description: share.description === titleOf(share) ? '' : share.description,
        contents: share.contents,
        owner: await ownerOf(share),
        tracks: rows,
        ...(share.permissions.download ? { download: up + addresses.download(share) } : {}),
        ...(share.expiresAt === undefined ? {} : { expiresAt: share.expiresAt }),
        card: {
          url: base + share.id,
          ...(first && first.coverId !== '' ? { image: base + addresses.cover(share, first.id) } : {}),
          ...(first && share.permissions.stream ? { audio: base + addresses.stream(share, first.id) } : {}),
        },
      }),
    )
  }

  async function m3u(request: PluginRequest, entered: Share): Promise<Reply> {
    const share = await shown.one(entered)
    const base = `${parts.baseOf(request.origin)}/share/`
    const player = request.query.get('player')
    const tracks = share.permissions.stream ? await content.tracks(share) : []
    return {
      kind: 'text',
      type: 'audio/x-mpegurl',
      headers: { 'cache-control': 'no-store', 'content-disposition': `inline; filename="${share.id}.m3u"` },
      body: playlist(
        titleOf(share),
        tracks.map((track) => ({ ...track, url: base + addresses.stream(share, track.id, player) })),
      ),
    }
  }

  async function open(request: PluginRequest): Promise<Reply> {
    const { query, headers } = request
    const id = request.params.id ?? ''
    if (query.has('download') && !['0', 'false'].includes(query.get('download') ?? '')) return download(request)
    const wanted = query.get('format')
    parts.limitPages(request.address)
    if (wanted === null && isPreview(request)) {
      const share = await visits.known(request, id)
      return isProtected(share) ? htmlReply(200, cardPage(upOf(request))) : page(request, share)
    }
    const share = await visits.enter(request, id)
    const format = wanted ?? ((headers.accept ?? '').includes('text/html') ? 'page' : share.format || 'raw')
    if (format === 'page' || format === 'html') return page(request, share)
    if (format === 'm3u') return m3u(request, share)
    return {
      kind: 'json',
      headers: { 'cache-control': 'no-store', 'referrer-policy': 'no-referrer' },
      body: await details(request, share),
    }
  }

  async function download(request: PluginRequest): Promise<Reply> {
    parts.limitPages(request.address)
    const share = await visits.known(request, request.params.id ?? '')
    if (!share.permissions.download) throw new Problem('forbidden', 'This share is not downloadable.')
    const isInvited = addresses.holds(share, 'd', request.query.get('t'))
    if (!isInvited) await visits.assertPassword(request, share)
    const tracks = await content.tracks(share)
    const [first] = tracks
    if (!first) throw new Problem('not-found', 'There is nothing in this share at the moment.')
    // The rest of a download that broke off is no other one, unless they are numbered: then every request is.
    const isRest = tracks.length === 1 && isLater(request) && share.maxDownloads === 0 && isInvited
    if (!isRest) await visits.take(request, share, isInvited ? ['download'] : ['view', 'download'])
    const shared = {
      actAs: share.rootId,
      lease: { key: leaseOf('download', share.id), ...untilOf(share) },
      headers: { 'referrer-policy': 'no-referrer', 'x-robots-tag': 'noindex' },
    }
    if (tracks.length === 1)
      return { kind: 'media', as: 'download', mediaId: first.id, downloadName: fileName(first, 1), ...shared }
    const title = titleOf(await shown.one(share))
    return {
      kind: 'zip',
      entries: tracks.map((track, index) => ({ mediaId: track.id, name: fileName(track, index + 1) })),
      downloadName: archiveName(title),
      comment: title,
      ...shared,
    }
  }

  async function media(request: PluginRequest, what: 's' | 'c'): Promise<Reply> {
    const { id = '', song = '' } = request.params
    parts.limitMedia(request.address)
    const share = await visits.known(request, id)
    const { stream, view } = share.permissions
    if (!addresses.holds(share, what, request.query.get('t'), song) || !(what === 's' ? stream : view)) throw notFound()
    if (!(await isIn(share, song)) || !(await parts.owned(song, share.rootId))) throw notFound()
    const shared = { kind: 'media', mediaId: song, actAs: share.rootId } as const
    if (what === 'c') {
      const size = Math.min(1200, Math.max(32, Math.floor(Number(request.query.get('size'))) || 600))
      return { ...shared, as: 'cover', size, headers: { 'cache-control': 'private, max-age=3600' } }
    }
    const line = `${id} ${song} ${addressGroup(request.address)}`
    if (request.method === 'GET' && !isLater(request) && isNewToLog(line))
      await service.logActivity(share.id, 'streamed', visitorOf(request))
    const format = ['', 'raw', 'm3u'].includes(share.format) ? undefined : share.format
    const most = [share.maxBitRate, parts.maxBitrate].filter((rate) => rate > 0)
    return {
      ...shared,
      as: 'stream',
      lease: { key: leaseOf('stream', share.id), ...untilOf(share) },
      ...(format === undefined ? {} : { format }),
      ...(most.length > 0 ? { maxBitRate: Math.min(...most) } : {}),
    }
  }

  /** What is in a share is looked up once for the requests of one song; the right to it each time. */
  async function isIn(share: Share, song: string): Promise<boolean> {
    const kept = contents.get(share.id)
    if (kept && now() < kept.until) return kept.ids.has(song)
    const ids = new Set((await content.tracks(share)).map((track) => track.id))
    contents.delete(share.id)
    if (contents.size >= MAX_KEPT) contents.delete(contents.keys().next().value as string)
    contents.set(share.id, { until: now() + KEPT_MS, ids })
    return ids.has(song)
  }

  async function unlock(request: PluginRequest): Promise<Reply> {
    parts.limitPages(request.address)
    // A form of another site would spend the visitor's tries.
    if (request.headers['sec-fetch-site'] === 'cross-site')
      throw new Problem('forbidden', 'Open the link itself to type its password.')
    const share = await visits.known(request, request.params.id ?? '')
    const typed = new URLSearchParams(await request.text()).get('password') ?? ''
    await visits.assertPassword(request, share, typed)
    return {
      kind: 'redirect',
      status: 303,
      // Relative: behind a proxy the visitor's own address of us is known best by the visitor.
      to: `${upOf(request)}${share.id}`,
      headers: { 'set-cookie': visits.cookieFor(request, share), 'cache-control': 'no-store' },
    }
  }

  /** People get a page, programs JSON. */
  const answering = (handler: (request: PluginRequest) => Promise<Reply>) => async (request: PluginRequest) => {
    try {
      return await handler(request)
    } catch (error) {
      if (!(error instanceof Problem)) throw error
      const status = VISITING[error.kind]
      if (!(request.headers.accept ?? '').includes('text/html')) return problemReply(status, error)
      const up = upOf(request)
      const wait: Record<string, string> =
        error.retryAfter === undefined ? {} : { 'retry-after': String(error.retryAfter) }
      return htmlReply(
        status,
        error.kind === 'password'
          ? passwordPage(up, request.params.id ?? '', request.method === 'POST' ? error.message : '')
          : messagePage(up, TITLES[error.kind] ?? 'This did not work', WHAT_TO_DO[error.message] ?? error.message),
        wait,
      )
    }
  }

  const options = { root: true, auth: 'public' } as const
  routes.get('/share/:id', answering(open), options)
  routes.post('/share/:id', answering(unlock), { ...options, bodyLimit: 4096 })
  routes.get(
    '/share/:id/m3u',
    answering(async (request) => {
      parts.limitPages(request.address)
      return m3u(request, await visits.enter(request, request.params.id ?? ''))
    }),
    options,
  )
  routes.get('/share/d/:id', answering(download), options)
  for (const what of ['s', 'c'] as const)
    routes.get(
      `/share/:id/${what}/:song`,
      answering((request) => media(request, what)),
      options,
    )

  return {
    /** What programs get of a link. */
    async visit(request: PluginRequest, id: string) {
      parts.limitPages(request.address)
      return details(request, await visits.enter(request, id))
    },
  }
}

const TITLES: Readonly<Partial<Record<Problem['kind'], string>>> = {
  'not-found': 'There is no such share',
  gone: 'This share has ended',
  'used-up': 'This share is used up',
  forbidden: 'Not with this share',
  busy: 'One moment, please',
}

/** Where the heading has said it already. */
const WHAT_TO_DO: Readonly<Record<string, string>> = {
  [NOT_FOUND]: 'Perhaps the link was cut off on its way. Whoever sent it can send it again.',
  [GONE]: 'Its time is over, or it was taken back. Whoever sent the link can share it anew.',
}

function htmlReply(status: number, body: string, more: Readonly<Record<string, string>> = {}): Reply {
  return { kind: 'text', status, type: 'text/html; charset=utf-8', headers: { ...PAGE_HEADERS, ...more }, body }
}

/** From where a page stands to `/share/`, whatever lies before it. */
function upOf({ path }: PluginRequest): string {
  return '../'.repeat(Math.max(0, path.split('/').length - 3))
}

/** People's browsers tell how they came to ask; robots that call themselves browsers are people. */
function isPreview({ headers }: PluginRequest): boolean {
  return PREVIEWS.test(headers['user-agent'] ?? '') && headers['sec-fetch-mode'] === undefined
}

/** A part that does not begin at the beginning. */
function isLater({ headers }: PluginRequest): boolean {
  return /^bytes=0*[1-9]/.test(headers.range ?? '')
}

function untilOf({ expiresAt }: Share): { readonly until?: number } {
  return expiresAt === undefined ? {} : { until: expiresAt }
}
