import type { Scopes } from '../auth/scopes.ts'
import type { Clock } from '../base/clock.ts'
import { AppError } from '../base/errors.ts'
import { decodeIdOf, encodeId } from '../base/ids.ts'
import { fold } from '../base/text.ts'
import { json } from '../http/reply.ts'
import type { Route, RouteParams } from '../http/router.ts'
import type { HttpReply, HttpRequest } from '../http/types.ts'
import type { Playlist, User, Viewer } from '../library/entities.ts'
import type { PlaylistChanges, PlaylistRepository } from '../library/playlist-repository.ts'
import type { SongRepository } from '../library/song-repository.ts'
import type { UserRepository } from '../library/user-repository.ts'
import { booleanField, invalidField, namingFields, requiredText, textField } from './body-fields.ts'
import { jsonObject } from './json-body.ts'
import { type ListQuery, listPage, readListQuery } from './list-query.ts'
import type { NativeGate } from './native-gate.ts'
import { editablePlaylist, ownedPlaylist, visiblePlaylist } from './owned-playlist.ts'
import { m3uParts, m3uReply, songsOfM3u } from './playlist-m3u.ts'
import { playlistRecord } from './playlist-record.ts'

export interface PlaylistRouteServices {
  readonly gate: NativeGate
  readonly playlists: PlaylistRepository
  readonly songs: SongRepository
  readonly users: UserRepository
  readonly scopes: Scopes
  readonly clock: Clock
}

const BODY_BYTES = 64 * 1024
const M3U_BYTES = 2 * 1024 * 1024
/** Texts searched for by one list: each is looked for in every name and comment. */
const MAX_SEARCHES = 20

type Body = Readonly<Record<string, unknown>>
type Handler = (asked: {
  readonly request: HttpRequest
  readonly params: RouteParams
  readonly user: User
  /** What the user may see now: asked for after a body came, which may take its time. */
  readonly viewer: () => Viewer | Promise<Viewer>
}) => HttpReply | Promise<HttpReply>

/**
 * `/api/playlist`: one's own playlists and public ones, as the Subsonic API has them. Their owners change them, and no
 * administrator; those that mirror a file keep its songs. What they hold is counted as the reader sees it.
 */
export function playlistRoutes(services: PlaylistRouteServices): readonly Route[] {
  const { gate, playlists, songs, users, scopes, clock } = services
  const on = (method: string, path: string, handler: Handler): Route => ({
    method,
    path,
    handler: gate.requireLogin(
      namingFields((request, params, user) =>
        handler({ request, params, user, viewer: () => scopes.viewer(user, 'browse') }),
      ),
    ),
  })

  const recordsOf = (viewer: Viewer, user: User, list: readonly Playlist[]) => {
    const marks = playlists.marks(
      viewer,
      list.map(({ id }) => id),
    )
    return list.map((one) => playlistRecord(one, { marks: marks.get(one.id), serverPaths: user.isAdmin }))
  }
  const recordOf = (viewer: Viewer, user: User, playlist: Playlist) => json(200, recordsOf(viewer, user, [playlist])[0])
  const listReply = (viewer: Viewer, user: User, list: readonly Playlist[], { query }: HttpRequest) => {
    const asked = readListQuery(new URLSearchParams(query))
    const { items, total } = listPage(...selected(recordsOf(viewer, user, list), asked))
    return json(200, items, { 'x-total-count': String(total) })
  }

  return [
    on('GET', '/api/playlist', async ({ request, user, viewer: now }) => {
      const viewer = await now()
      return listReply(viewer, user, playlists.list(viewer), request)
    }),

    on('GET', '/api/song/:id/playlists', async ({ request, params, user, viewer: now }) => {
      const viewer = await now()
      const id = decodeIdOf('song', params.id ?? '')
      if (id === undefined || !songs.find(viewer, id)) throw new AppError('NOT_FOUND', 'There is no such song.')
      return listReply(viewer, user, playlists.containing(viewer, id), request)
    }),

    on('GET', '/api/playlist/:id', async ({ params, user, viewer: now }) => {
      const viewer = await now()
      return recordOf(viewer, user, visiblePlaylist(playlists, viewer, params.id))
    }),

    on('POST', '/api/playlist', async ({ request, viewer: now }) => {
      if (!isJson(request)) {
        const bytes = await request.body(M3U_BYTES)
        const { name, songIds } = await songsOfM3u(songs, await now(), bytes)
        const viewer = await now()
        const id = playlists.create(viewer, name || 'Imported playlist', songIds, clock.now())
        const playlist = visiblePlaylist(playlists, viewer, encodeId('playlist', id))
        return m3uReply(201, m3uParts(playlist.name, playlists.songs(viewer, id)))
      }
      const body = withoutRules(await jsonObject(request, BODY_BYTES))
      const { comment = '', public: isPublic = false } = changesOf(body)
      const viewer = await now()
      const id = playlists.create(viewer, requiredText(body, 'name'), [], clock.now(), { comment, public: isPublic })
      return json(200, { id: encodeId('playlist', id) })
    }),

    on('PUT', '/api/playlist/:id', async ({ request, params, user, viewer: now }) => {
      const body = withoutRules(await jsonObject(request, BODY_BYTES))
      const viewer = await now()
      const playlist = ownedPlaylist(playlists, viewer, params.id)
      const owner = ownerOf(body, playlist, user)
      const { sync, ...changes } = changesOf(body)
      const all = {
        ...changes,
        ...(sync === undefined || playlist.path === undefined ? {} : { sync }),
        ...(owner ? { owner: owner.id } : {}),
      }
      playlists.edit(viewer, playlist.id, [], [], all, clock.now())
      // One that was given away may be private, and then out of sight.
      const given = owner && { ...playlist, ...all, ownerId: owner.id, ownerName: owner.name, updatedAt: clock.now() }
      return recordOf(viewer, user, playlists.find(viewer, playlist.id) ?? given ?? playlist)
    }),

    on('DELETE', '/api/playlist/:id', async ({ params, viewer: now }) => {
      playlists.remove(editablePlaylist(playlists, await now(), params.id).id)
      return json(200, {})
    }),
  ]

  /** Undefined when it stays whose it is. Only an administrator gives a playlist away. */
  function ownerOf(body: Body, playlist: Playlist, user: User): User | undefined {
    const text = textField(body, 'ownerId') || undefined
    const id = text === undefined ? undefined : decodeIdOf('user', text)
    if (text === undefined || id === playlist.ownerId) return undefined
    if (!user.isAdmin) throw new AppError('FORBIDDEN', 'Only administrators may give a playlist to another user.')
    const owner = id === undefined ? undefined : users.find(id)
    if (!owner) throw invalidField('ownerId', 'the id of a user')
    return owner
  }
}

type PlaylistRecord = ReturnType<typeof playlistRecord>

/** The filters that are not those of all lists; what is left of the query is for `listPage`. */
function selected(records: readonly PlaylistRecord[], query: ListQuery): [readonly PlaylistRecord[], ListQuery] {
  const filters = new Map(query.filters)
  const taken = (name: string) => {
    const values = filters.get(name)
    filters.delete(name)
    return values
  }
  const words = taken('q')?.slice(0, MAX_SEARCHES).map(fold)
  const [smart] = taken('smart')?.map(isTrue) ?? []
  const [starred] = taken('starred')?.map(isTrue) ?? []
  const isFound = ({ name, comment }: PlaylistRecord) => {
    const texts = words ? [fold(name), fold(comment)] : []
    return words?.some((word) => texts.some((text) => text.includes(word))) ?? true
  }
  const chosen = records.filter(
    (record) => smart !== true && (starred === undefined || (record.starred ?? false) === starred) && isFound(record),
  )
  return [chosen, { ...query, filters }]
}

function isTrue(text: string): boolean {
  return /^(true|1)$/i.test(text)
}

/** Anything but JSON is a playlist file. */
function isJson({ headers }: HttpRequest): boolean {
  return /^\s*application\/json\s*(;|$)/i.test(headers['content-type'] ?? '')
}

function changesOf(body: Body): PlaylistChanges {
  const [name, comment] = [body.name == null ? undefined : requiredText(body, 'name'), textField(body, 'comment')]
  const [isPublic, sync] = [booleanField(body, 'public'), booleanField(body, 'sync')]
  return {
    ...(name === undefined ? {} : { name }),
    ...(comment === undefined ? {} : { comment }),
    ...(isPublic === undefined ? {} : { public: isPublic }),
    ...(sync === undefined ? {} : { sync }),
  }
}

function withoutRules(body: Body): Body {
  const rules = body.rules ?? ''
  const says = typeof rules === 'object' ? Object.keys(rules).length > 0 : rules !== ''
  if (says) throw new AppError('BAD_REQUEST', 'rules make a smart playlist, and this server has none: leave them out.')
  return body
}
