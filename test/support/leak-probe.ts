import { coreRoutes } from '../../src/core-routes.ts'
import type { PluginServer } from './plugin-server.ts'

/** In every name, text and file that is to stay hidden, and nowhere else. */
export const MARK = 'zqmark'

export interface Probe {
  /** With everything but the login. */
  readonly path: string
  readonly method: string
  readonly body?: string
  /** What was sent may come back in an error's sentence. */
  readonly sent: readonly string[]
}

export interface Hidden {
  /** Public ids that must not come back, each in every place where an id may stand. */
  readonly ids: readonly string[]
  readonly libraryId: number
}

const LISTS = [
  'random',
  'newest',
  'highest',
  'frequent',
  'recent',
  'starred',
  'alphabeticalByName',
  'alphabeticalByArtist',
  'byGenre',
  'byYear',
]
/** Names under which endpoints take ids. */
const ID_NAMES = ['id', 'albumId', 'artistId', 'playlistId', 'songId', 'songIdToAdd', 'mediaId', 'current']
/** What endpoints without ids need, so that each one answers something. */
const GENERAL = {
  size: '500',
  count: '500',
  query: '',
  songCount: '500',
  albumCount: '500',
  artistCount: '500',
  genre: 'Rock',
  fromYear: '1900',
  toYear: '2100',
  name: 'Mine',
  username: 'kid',
  password: 'kid-pass',
  position: '0',
  submission: 'false',
  streamUrl: 'http://radio.example/',
  homepageUrl: '',
  message: 'hello',
  url: 'http://podcast.example/',
  rating: '3',
  offset: '0',
}

/** Endpoints that change something come last, so that they do not spoil what the others would show. */
const READS = /^(get|search|stream|download|hls|ping|tokenInfo)/i

export function subsonicProbes(server: PluginServer, ids: readonly string[], readsOnly: boolean): readonly Probe[] {
  const endpoints = server.subsonic.endpoints().map(({ name }) => name)
  const reads = endpoints.filter((name) => READS.test(name))
  const others = readsOnly ? [] : endpoints.filter((name) => !READS.test(name))
  return [...reads, ...others].flatMap((name) => {
    const of = (extra: Readonly<Record<string, string>>): Probe => ({
      method: 'GET',
      path: `/rest/${name}?${new URLSearchParams({ ...GENERAL, ...extra })}`,
      sent: Object.values(extra),
    })
    return [
      of({}),
      of({ genre: `${MARK} genre`, artist: `${MARK} artist`, title: `${MARK} song`, query: MARK }),
      ...(/list|type/i.test(name) ? LISTS.map((type) => of({ type })) : [of({ type: 'newest' })]),
      ...ids.map((id) => of(Object.fromEntries(ID_NAMES.map((key) => [key, id])))),
      ...['2', '99'].map((musicFolderId) => of({ musicFolderId, type: 'newest' })),
    ]
  })
}

/** The filters of a list of music that take ids of a kind, by the letter of the id. */
const ID_FILTERS: Readonly<Record<string, readonly string[]>> = {
  s: ['id'],
  a: ['id', 'album_id'],
  r: ['id', 'artist_id', 'artists_id', 'album_artist_id', 'role_total_id', 'role_composer_id'],
  d: ['folder_id'],
  g: ['id', 'genre_id'],
}

/** Lists of music by the native API: whole, in orders that count what is hidden, and by each filter. */
export function musicProbes(ids: readonly string[]): readonly Probe[] {
  const byId = ids.flatMap((id) => (ID_FILTERS[id[0] as string] ?? []).map((name) => [name, id] as const))
  const queries: readonly (readonly [string, string])[] = [
    ...byId,
    ...['title', 'name', 'path', 'comment', 'album'].map((name) => [name, MARK] as const),
    ...['library_id', 'year'].flatMap((name) => ['2', '99', '1999'].map((value) => [name, value] as const)),
    ...['starred', 'has_rating', 'recently_played', 'missing'].map((name) => [name, 'true'] as const),
    ...['songCount', 'size', 'playCount', 'rating', 'album', 'artist'].map((name) => ['_sort', name] as const),
  ]
  return ['song', 'album', 'artist', 'genre'].flatMap((kind) =>
    queries.map(([name, value]) => ({
      method: 'GET',
      path: `/api/${kind}?${name}=${encodeURIComponent(value)}&_order=DESC`,
      sent: [value],
    })),
  )
}

/** Every route of the core's native API and of all plugins, with each id in each place. */
export function nativeProbes(server: PluginServer, ids: readonly string[]): readonly Probe[] {
  const own = coreRoutes(server.core).filter(({ path }) => path !== '/rest/*')
  return [...own, ...server.routes()].flatMap(({ method, path }) => {
    const values = path.includes(':') ? ids : ['']
    return values.flatMap((id): Probe[] => {
      const filled = path.replace(/:[a-zA-Z]+/g, encodeURIComponent(id)).replace('*', id)
      const verb = method === 'ANY' ? 'GET' : method
      // A list takes what narrows it; one thing by its id is one thing, whatever else is asked.
      const lists = [`?id=${id}&library_id=2&_end=500`, `?_filters={"libraryId":2}`]
      const queries = verb === 'GET' && values.length === 1 ? ['', ...lists] : ['']
      return queries.map((query) => ({
        method: verb,
        path: filled + query,
        ...(verb === 'GET' || verb === 'DELETE' ? {} : { body: JSON.stringify({ ids: [id], id, name: 'x' }) }),
        sent: [id],
      }))
    })
  })
}

/** What of the hidden is in an answer; undefined when nothing is. */
export function leakIn(answer: string, probe: Probe, hidden: Hidden): string | undefined {
  let text = answer
  for (const sent of probe.sent) if (sent.includes(MARK)) text = text.replaceAll(sent, '')
  const at = text.toLowerCase().indexOf(MARK)
  if (at >= 0) return `…${text.slice(Math.max(0, at - 80), at + 40)}…`
  for (const [, id = ''] of text.matchAll(/(?<=")(?:[a-z]{2}-)?([a-z][0-9a-z]+)(?:_[0-9a-f]+)?(?=")/g))
    if (hidden.ids.includes(id)) return `the id ${id}`
  if (new RegExp(`"(musicFolderId|libraryId)"?[:=]"?${hidden.libraryId}\\b`).test(text)) return 'the hidden library'
  return undefined
}
