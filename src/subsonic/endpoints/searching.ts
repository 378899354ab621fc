import { AppError } from '../../base/errors.ts'
import { fold } from '../../base/text.ts'
import type { Song } from '../../library/entities.ts'
import type { SearchPage } from '../../library/search-index.ts'
import type { Call } from '../call.ts'
import { type Endpoint, tree } from '../endpoint.ts'
import type { Params } from '../params.ts'
import { albumItem } from '../responses/album.ts'
import { artistId3 } from '../responses/artist.ts'
import { folderArtist } from '../responses/folder.ts'
import { songChild } from '../responses/song.ts'
import { PAGE, pagedList, type Tree } from '../tree.ts'
import { folderChildren } from './folder-children.ts'
import { clamp } from './found.ts'
import { narrowed } from './narrowed.ts'

/** Rows of one kind in an answer. Clients that copy the library ask for 10,000; the answer is made while it is sent. */
const MOST = 100_000

/** Songs that the old `search` looks through. */
const MOST_MATCHES = 5000

export const searchingEndpoints: readonly Endpoint[] = [
  tree('search', (call) => ({ searchResult: oldSearch(call) })),

  tree('search2', (call) => {
    const viewer = narrowed(call)
    const query = queryOf(call.params)
    const { search } = call.services.repositories
    const { rendering } = call
    return {
      searchResult2: {
        artist: pagedList(
          pageOf(call.params, 'artist'),
          (page) => search.folders(viewer, query, { ...page, holding: 'folders' }),
          (folder) => folderArtist(folder, rendering),
        ),
        album: pagedList(
          pageOf(call.params, 'album'),
          (page) => folderChildren(call, viewer, search.folders(viewer, query, { ...page, holding: 'songs' })),
          (tree) => tree,
        ),
        song: pagedList(
          pageOf(call.params, 'song'),
          (page) => search.songs(viewer, query, page),
          (song) => songChild(song, rendering),
        ),
      },
    }
  }),

  tree('search3', (call) => {
    const viewer = narrowed(call)
    const query = queryOf(call.params)
    const { search } = call.services.repositories
    const { rendering } = call
    return {
      searchResult3: {
        artist: pagedList(
          pageOf(call.params, 'artist'),
          (page) => search.artists(viewer, query, page),
          (artist) => artistId3(artist, rendering),
        ),
        album: pagedList(
          pageOf(call.params, 'album'),
          (page) => search.albums(viewer, query, page),
          (album) => albumItem(album, rendering),
        ),
        song: pagedList(
          pageOf(call.params, 'song'),
          (page) => search.songs(viewer, query, page),
          (song) => songChild(song, rendering),
        ),
      },
    }
  }),
]

const EVERYTHING: ReadonlySet<string> = new Set(['""', "''", '*', '"*"', "'*'"])

/** Must be sent, but may be empty, a pair of quotes or an asterisk: then everything is listed. */
function queryOf(params: Params): string {
  const query = params.raw('query')
  if (query === undefined) throw new AppError('MISSING_PARAMETER', "Required parameter 'query' is missing.")
  const text = query.trim()
  return EVERYTHING.has(text) ? '' : text
}

function pageOf(params: Params, kind: 'artist' | 'album' | 'song'): SearchPage {
  return {
    limit: clamp(params.integer(`${kind}Count`, 20), MOST),
    offset: Math.max(0, params.integer(`${kind}Offset`, 0)),
  }
}

/** The search of version 1.0: songs by separate words for artist, album and title. */
function oldSearch(call: Call): Tree {
  const { params, viewer } = call
  const fields = [
    { words: params.optional('artist'), of: (song: Song) => `${song.artist} ${song.albumArtist}` },
    { words: params.optional('album'), of: (song: Song) => song.album },
    { words: params.optional('title'), of: (song: Song) => song.title },
  ].flatMap(({ words, of }) => (words === undefined || EVERYTHING.has(words) ? [] : [{ words: fold(words), of }]))
  const any = params.optional('any') ?? ''
  const newerThan = params.integer('newerThan', 0)
  const query = [EVERYTHING.has(any) ? '' : any, ...fields.map((field) => field.words)].filter(Boolean).join(' ')
  const offset = Math.max(0, params.integer('offset', 0))
  const limit = clamp(params.integer('count', 20), PAGE)
  const matches: Song[] = []
  let totalHits = 0
  for (let from = 0; from < MOST_MATCHES; from += PAGE) {
    const page = call.services.repositories.search.songs(viewer, query, { limit: PAGE, offset: from })
    for (const song of page) {
      if (song.createdAt <= newerThan || !fields.every(({ words, of }) => fold(of(song)).includes(words))) continue
      if (totalHits >= offset && matches.length < limit) matches.push(song)
      totalHits++
    }
    if (page.length < PAGE) break
  }
  return { offset, totalHits, match: matches.map((song) => songChild(song, call.rendering)) }
}
