import type { Scopes } from '../auth/scopes.ts'
import type { Clock } from '../base/clock.ts'
import { AppError } from '../base/errors.ts'
import { decodeIdOf, encodeId, type IdKind, type SongId } from '../base/ids.ts'
import { attachment } from '../http/content-disposition.ts'
import { json } from '../http/reply.ts'
import type { Route, RouteParams } from '../http/router.ts'
import type { HttpReply, HttpRequest } from '../http/types.ts'
import type { Playlist, Song, User, Viewer } from '../library/entities.ts'
import { type EntryQuery, isEntryOrder, type PlaylistEntry } from '../library/playlist-entries.ts'
import type { PlaylistRepository } from '../library/playlist-repository.ts'
import type { RecordDetails } from '../library/query/record-details.ts'
import type { SongRepository } from '../library/song-repository.ts'
import { invalidField, namingFields } from './body-fields.ts'
import { jsonObject } from './json-body.ts'
import { listReply } from './json-parts.ts'
import { type ListQuery, readListQuery } from './list-query.ts'
import type { NativeGate } from './native-gate.ts'
import { editablePlaylist, visiblePlaylist } from './owned-playlist.ts'
import { M3U_TYPE, m3uParts, m3uReply } from './playlist-m3u.ts'
import { songRecords } from './song-records.ts'

export interface PlaylistTrackRouteServices {
  readonly gate: NativeGate
  readonly playlists: PlaylistRepository
  readonly songs: SongRepository
  readonly details: RecordDetails
  readonly scopes: Scopes
  readonly clock: Clock
}

const BODY_BYTES = 2 * 1024 * 1024
const MAX_SONGS = 100_000
/** Albums, artists or discs of one call: each is looked up. */
const MAX_GROUPS = 1000
/** Characters: file systems and headers take no more. */
const MAX_FILE_NAME = 80
/** Songs that are read together while a list is sent. */
const SLICE = 16

type Asked = {
  readonly request: HttpRequest
  readonly params: RouteParams
  readonly user: User
  /** What the user may see now: asked for after a body came, which may take its time. */
  readonly viewer: () => Viewer | Promise<Viewer>
}
type Body = Readonly<Record<string, unknown>>

/**
 * `/api/playlist/{id}/tracks`. A track is a song with its place, from 1, for an id: as its reader counts, so that songs that
 * they may not see leave no gap.
 */
export function playlistTrackRoutes(services: PlaylistTrackRouteServices): readonly Route[] {
  const { gate, playlists, songs, details, scopes, clock } = services
  const on = (method: string, path: string, handler: (asked: Asked) => HttpReply | Promise<HttpReply>): Route => ({
    method,
    path: `/api/playlist/:id/tracks${path}`,
    handler: gate.requireLogin(
      namingFields((request, params, user) =>
        handler({ request, params, user, viewer: () => scopes.viewer(user, 'browse') }),
      ),
    ),
  })

  function* tracks(playlist: Playlist, viewer: Viewer, entries: readonly PlaylistEntry[], serverPaths: boolean) {
    const playlistId = encodeId('playlist', playlist.id)
    for (let from = 0; from < entries.length; from += SLICE) {
      const slice = entries.slice(from, from + SLICE)
      const found = songs.findMany(viewer, [...new Set(slice.map(({ songId }) => songId))])
      const records = [...songRecords(details, viewer, found, { serverPaths })]
      const byId = new Map(records.map((record) => [record.id, record]))
      for (const { place, songId } of slice) {
        const mediaFileId = encodeId('song', songId)
        const record = byId.get(mediaFileId)
        if (record) yield { ...record, id: String(place), mediaFileId, playlistId }
      }
    }
  }

  const track = async ({ params, user, viewer: now }: Asked): Promise<HttpReply> => {
    const viewer = await now()
    const playlist = visiblePlaylist(playlists, viewer, params.id)
    const entry = playlists.entries(viewer, playlist.id)[placeOf(params.pos) - 1]
    const [record] = entry ? tracks(playlist, viewer, [entry], user.isAdmin) : []
    if (!record) throw noSuchTrack()
    return json(200, record)
  }

  const removed = async ({ viewer: now, params }: Asked, texts: readonly string[]): Promise<HttpReply> => {
    const viewer = await now()
    const playlist = editablePlaylist(playlists, viewer, params.id)
    const count = playlists.entries(viewer, playlist.id).length
    const places = [...new Set(texts.map(placeOf))].filter((place) => place >= 1 && place <= count)
    if (places.length === 0) throw noSuchTrack()
    playlists.edit(
      viewer,
      playlist.id,
      places.map((place) => place - 1),
      [],
      {},
      clock.now(),
    )
    const ids = places.map(String)
    // Navidrome answers one id otherwise than several; clients read one of both.
    return json(200, { id: ids[0], ids })
  }

  return [
    on('GET', '', async ({ request, params, user, viewer: now }) => {
      const viewer = await now()
      const playlist = visiblePlaylist(playlists, viewer, params.id)
      if (request.headers.accept?.toLowerCase().includes(M3U_TYPE)) {
        const parts = m3uParts(playlist.name, playlists.songs(viewer, playlist.id))
        return m3uReply(200, parts, {
          'content-disposition': attachment(`${playlist.name.slice(0, MAX_FILE_NAME)}.m3u`),
        })
      }
      const query = readListQuery(new URLSearchParams(request.query))
      const entries = filtered(playlists.entries(viewer, playlist.id, orderOf(query)), query)
      const page = entries.slice(query.offset, query.offset + query.limit)
      return listReply(tracks(playlist, viewer, page, user.isAdmin), { 'x-total-count': String(entries.length) })
    }),

    on('POST', '', async ({ request, params, viewer: now }) => {
      const body = await jsonObject(request, BODY_BYTES)
      const viewer = await now()
      const playlist = editablePlaylist(playlists, viewer, params.id)
      const added = playlists.edit(viewer, playlist.id, [], songsOf(body, viewer), {}, clock.now())
      return json(200, { added })
    }),

    on('DELETE', '', (asked) => {
      const ids = new URLSearchParams(asked.request.query).getAll('id')
      if (ids.length === 0) throw new AppError('BAD_REQUEST', 'Name the tracks to remove: id=3&id=5.')
      return removed(asked, ids)
    }),

    on('GET', '/:pos', track),

    on('PUT', '/:pos', async ({ request, params, viewer: now }) => {
      const body = await jsonObject(request, BODY_BYTES)
      const viewer = await now()
      const playlist = editablePlaylist(playlists, viewer, params.id)
      const from = placeOf(params.pos)
      const to = placeOf(numeral(body.insert_before))
      const count = playlists.entries(viewer, playlist.id).length
      if (from < 1 || from > count) throw noSuchTrack()
      // One past the end is the end, too: clients that mean "before this one" have no other word for it.
      if (to < 1 || to > count + 1) throw invalidField('insert_before', `a place from 1 to ${count}`)
      playlists.move(viewer, playlist.id, { from, to: Math.min(to, count) }, clock.now())
      return json(200, { id: String(from) })
    }),

    on('DELETE', '/:pos', (asked) => removed(asked, [asked.params.pos ?? ''])),
  ]

  /** Songs by their ids, then those of albums, of artists and of discs, each of them once. */
  function songsOf(body: Body, viewer: Viewer): readonly SongId[] {
    const chosen = [
      ...textList(body, 'ids', MAX_SONGS).flatMap((id) => decodeIdOf('song', id) ?? []),
      ...idsOnce(body, 'albumIds', 'album').flatMap((album) => songs.idsOf(viewer, { album }, MAX_SONGS)),
      ...idsOnce(body, 'artistIds', 'artist').flatMap((artist) => songs.idsOf(viewer, { artist }, MAX_SONGS)),
      ...songsOfDiscs(discsOf(body), viewer),
    ]
    if (chosen.length > MAX_SONGS) throw new AppError('BAD_REQUEST', `At most ${MAX_SONGS} songs a call.`)
    return chosen
  }

  function songsOfDiscs(discs: readonly Disc[], viewer: Viewer): readonly SongId[] {
    const albums = new Map<string, readonly Pick<Song, 'id' | 'discNumber' | 'releaseDate'>[]>()
    return discs.flatMap(({ albumId, discNumber, releaseDate }) => {
      const id = decodeIdOf('album', albumId)
      const known = albums.get(albumId)
      const all = known ?? (id === undefined ? [] : songs.ofAlbum(viewer, id).map(discOf))
      albums.set(albumId, all)
      return all
        .filter((song) => song.discNumber === discNumber && (releaseDate === '' || song.releaseDate === releaseDate))
        .map((song) => song.id)
    })
  }
}

function discOf({ id, discNumber, releaseDate }: Song) {
  return { id, discNumber, releaseDate }
}

function orderOf({ sort, descending, filters }: ListQuery): EntryQuery {
  const seed = filters.get('seed')?.[0]
  if (sort !== '' && isEntryOrder(sort)) return { order: sort, descending, ...(seed === undefined ? {} : { seed }) }
  return { descending: sort === 'id' && descending }
}

function filtered(entries: readonly PlaylistEntry[], { filters }: ListQuery): readonly PlaylistEntry[] {
  const [ids, libraries, missing] = [filters.get('id'), filters.get('libraryId'), filters.get('missing')?.[0]]
  // What is missing is in nobody's list.
  if (missing !== undefined && /^(true|1)$/i.test(missing)) return []
  if (!ids && !libraries) return entries
  return entries.filter(
    ({ place, libraryId }) =>
      (ids?.includes(String(place)) ?? true) && (libraries?.includes(String(libraryId)) ?? true),
  )
}

/** 0 for what is no place. */
function placeOf(text: string | undefined): number {
  return /^\d{1,9}$/.test(text ?? '') ? Number(text) : 0
}

/** Clients send numbers, and texts of them. */
function numeral(value: unknown): string {
  return typeof value === 'number' || typeof value === 'string' ? String(value) : ''
}

interface Disc {
  readonly albumId: string
  readonly discNumber: number
  readonly releaseDate: string
}

function discsOf(body: Body): readonly Disc[] {
  const wanted = body.discs ?? []
  if (!Array.isArray(wanted) || wanted.length > MAX_GROUPS) throw invalidField('discs', `at most ${MAX_GROUPS} discs`)
  const discs = wanted.map((one: unknown): Disc => {
    const { albumId, discNumber, releaseDate } = (typeof one === 'object' && one !== null ? one : {}) as Body
    const disc = numeral(discNumber)
    if (typeof albumId !== 'string' || !/^\d{1,9}$/.test(disc))
      throw invalidField('discs', 'a list of {albumId, discNumber, releaseDate}')
    return { albumId, discNumber: Number(disc), releaseDate: typeof releaseDate === 'string' ? releaseDate : '' }
  })
  return [...new Map(discs.map((disc) => [JSON.stringify(disc), disc])).values()]
}

function idsOnce<K extends IdKind>(body: Body, name: string, kind: K) {
  const ids = textList(body, name, MAX_GROUPS).map((id) => decodeIdOf(kind, id))
  return [...new Set(ids.filter((id) => id !== undefined))]
}

function textList(body: Body, name: string, most: number): readonly string[] {
  const value = body[name] ?? []
  if (!Array.isArray(value) || value.length > most || !value.every((one) => typeof one === 'string'))
    throw invalidField(name, `a list of at most ${most} ids`)
  return value
}

function noSuchTrack(): AppError {
  return new AppError('NOT_FOUND', 'There is no such track in the playlist.')
}
