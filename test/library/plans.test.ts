import assert from 'node:assert/strict'
import { test } from 'node:test'
import { yieldToLoop } from '../../src/base/deadline.ts'
import type { AlbumId, ArtistId, FolderId, LibraryId, PlaylistId, SongId } from '../../src/base/ids.ts'
import type { Database, SqlParams } from '../../src/db/database.ts'
import type { AlbumOrder } from '../../src/library/album-repository.ts'
import { createRepositories } from '../../src/library/repositories.ts'
import { libraryFixture } from '../support/library-fixture.ts'

const fixture = libraryFixture(
  { after: (cleanup) => test.after(cleanup as () => void) },
  { songs: 20_000, libraries: 2 },
)
// As great a part of the rows as the server looks at with 100,000 songs.
Array.from(fixture.db.analyze(4000))

/** A database that notes each query that runs through it. */
function listening(db: Database, heard: Map<string, SqlParams>): Database {
  const noted = (sql: string, params: SqlParams = []) => {
    if (/^\s*(SELECT|WITH|INSERT|UPDATE|DELETE)/i.test(sql)) heard.set(sql, params)
    return db
  }
  return {
    get: (sql, params) => noted(sql, params).get(sql, params),
    all: (sql, params) => noted(sql, params).all(sql, params),
    select: (sql, params, read) => noted(sql, params).select(sql, params, read),
    iterate: (sql, params) => noted(sql, params).iterate(sql, params),
    run: (sql, params, durability) => noted(sql, params).run(sql, params, durability),
    exec: (sql) => db.exec(sql),
    transaction: (work, durability) => db.transaction(work, durability),
    watch: (tables) => db.watch(tables),
    plan: (sql, params) => db.plan(sql, params),
    analyze: (rows) => db.analyze(rows),
    settle: () => db.settle(),
    settleSoon: () => db.settleSoon(),
    backup: (path) => db.backup(path),
    still: (work) => db.still(work),
    room: () => db.room(),
    fault: () => db.fault(),
    stats: () => db.stats(),
    get isOpen() {
      return db.isOpen
    },
    close: () => db.close(),
  }
}

const heard = new Map<string, SqlParams>()
const repositories = createRepositories(listening(fixture.db, heard))
const { songs, albums, artists, folders, genres, search, plays, playlists, bookmarks, playQueues, annotations } =
  repositories
const lib = (...ids: number[]) => ids as LibraryId[]
const eyes = {
  everything: fixture.viewer(),
  'one library': fixture.viewer({ libraries: lib(1) }),
  'two libraries': fixture.viewer({ libraries: lib(1, 2) }),
  denials: fixture.viewer({
    libraries: lib(1, 2),
    deny: {
      genres: ['Rock'],
      explicit: true,
      paths: ['1:x'],
      songs: [1 as SongId],
      albums: [2 as AlbumId],
      artists: [3 as ArtistId],
    },
    grants: [5 as SongId],
  }),
}
const page = { limit: 50, offset: 0 }
const ORDERS: AlbumOrder[] = [
  'random',
  'newest',
  'highest',
  'frequent',
  'recent',
  'byName',
  'byArtist',
  'starred',
  'byYear',
  'byGenre',
]
const playlist = playlists.create(eyes.everything, 'mine', [1 as SongId, 2 as SongId], 1) as PlaylistId
plays.record(eyes.everything, [{ songId: 7 as SongId, at: 5 }], 'test')

/** What one name does, and what its plans may hold beside searches: walks that are the point of the call. */
const reads: Record<string, { run: (viewer: (typeof eyes)['everything']) => unknown; may?: RegExp }> = {
  'a song': { run: (viewer) => songs.find(viewer, 9 as SongId) },
  songs: { run: (viewer) => songs.findMany(viewer, [1, 2, 3] as SongId[]) },
  'songs of an album': { run: (viewer) => songs.ofAlbum(viewer, 9 as AlbumId) },
  'ids of songs of a folder': {
    run: (viewer) => songs.idsOf(viewer, { folder: 9 as FolderId }, 1000),
    may: /TEMP B-TREE FOR ORDER BY/,
  },
  'songs of a folder': { run: (viewer) => songs.ofFolder(viewer, 9 as FolderId), may: /TEMP B-TREE FOR ORDER BY/ },
  'songs of an artist': { run: (viewer) => songs.ofArtist(viewer, 3 as ArtistId, page) },
  'top songs': { run: (viewer) => songs.topOfArtist(viewer, 3 as ArtistId, 50), may: /TEMP B-TREE/ },
  'similar songs': {
    run: (viewer) => songs.similarTo(viewer, { songs: [5 as SongId], artists: [] }, 50),
    may: /TEMP B-TREE/,
  },
  'similar songs of an artist': {
    run: (viewer) => songs.similarTo(viewer, { songs: [], artists: [3 as ArtistId] }, 500),
    may: /TEMP B-TREE/,
  },
  'similar artists': { run: (viewer) => artists.similarTo(viewer, 3 as ArtistId, 20), may: /TEMP B-TREE/ },
  'random songs': { run: (viewer) => [...songs.random(viewer, {}, 50)] },
  'random songs of a genre': { run: (viewer) => songs.random(viewer, { genre: 'Swing' }, 500), may: /TEMP B-TREE/ },
  'random songs of years': {
    run: (viewer) => songs.random(viewer, { fromYear: 1990, toYear: 1991 }, 500),
    may: /TEMP B-TREE/,
  },
  'songs of a genre': { run: (viewer) => [...songs.ofGenre(viewer, 'Jazz', page)] },
  'starred songs': { run: (viewer) => [...songs.starred(viewer)] },
  'a song by names': { run: (viewer) => songs.byArtistAndTitle(viewer, 'Anna', 'Love') },
  'a path': { run: (viewer) => songs.absolutePath(viewer, 9 as SongId), may: /SCAN l\b/ },
  albums: { run: (viewer) => albums.findMany(viewer, [1, 2, 3] as AlbumId[]) },
  'albums of an artist': {
    run: (viewer) => [
      albums.ofArtist(viewer, 3 as ArtistId),
      albums.ofArtist(viewer, 3 as ArtistId, { appearsOn: true }),
    ],
    may: /TEMP B-TREE/,
  },
  artists: {
    run: (viewer) => [artists.find(viewer, 3 as ArtistId), artists.findByName(viewer, 'Anna')],
    may: /TEMP B-TREE FOR ORDER BY/,
  },
  'all album artists': {
    run: (viewer) => [...artists.albumArtists(viewer)].length,
    may: /TEMP B-TREE FOR (GROUP BY|count)|SCAN v/,
  },
  'starred artists': { run: (viewer) => artists.starred(viewer) },
  genres: { run: (viewer) => genres.list(viewer), may: /SCAN g\b|TEMP B-TREE/ },
  'root folders': { run: (viewer) => folders.roots(viewer), may: /SCAN l\b/ },
  'folders in a folder': {
    run: (viewer) => folders.children(viewer, 1 as FolderId),
    may: /TEMP B-TREE FOR LAST TERM|TEMP B-TREE FOR GROUP BY/,
  },
  'loose songs': { run: (viewer) => folders.looseSongs(viewer, 1 as LibraryId), may: /TEMP B-TREE FOR ORDER BY/ },
  'everything by pages': {
    run: (viewer) => [
      search.songs(viewer, '', { limit: 50, offset: 9000 }),
      search.albums(viewer, '', { limit: 50, offset: 500 }),
      search.artists(viewer, '', { limit: 50, offset: 300 }),
    ],
  },
  'words found': {
    run: (viewer) =>
      ['love', 'lo', 'l', '東京', 'love night'].map((words) => [
        search.songs(viewer, words, { limit: 20, offset: 30 }),
        search.albums(viewer, words, { limit: 20, offset: 30 }),
        search.artists(viewer, words, { limit: 20, offset: 30 }),
      ]),
    may: /TEMP B-TREE FOR ORDER BY/,
  },
  'the play history': { run: (viewer) => plays.history(viewer, page), may: /SCAN p$/ },
  'a count of a play': { run: (viewer) => plays.record(viewer, [{ songId: 9 as SongId, at: 9 }], 'test') },
  playlists: {
    run: (viewer) => [playlists.list(viewer), playlists.songs(viewer, playlist)],
    may: /SCAN i\b|TEMP B-TREE FOR ORDER BY/,
  },
  bookmarks: {
    run: (viewer) => [bookmarks.save(viewer, 9 as SongId, 5, '', 1), bookmarks.list(viewer)],
    may: /TEMP B-TREE FOR ORDER BY/,
  },
  'a play queue': { run: (viewer) => playQueues.find(viewer) },
  'stars and ratings': {
    run: (viewer) => [
      annotations.setStarred(
        viewer,
        [
          { kind: 'album', key: 9 },
          { kind: 'artist', key: 3 },
          { kind: 'folder', key: 9 },
        ],
        true,
        1,
      ),
      annotations.setRating(viewer, { kind: 'song', key: 9 }, 4, 1),
    ],
  },
}
for (const order of ORDERS) {
  const query = { order, genre: 'Jazz', fromYear: 1990, toYear: 1980, ...page }
  reads[`albums ${order}`] = {
    run: (viewer) => albums.list(viewer, query),
    ...(order === 'byGenre' ? { may: /TEMP B-TREE FOR ORDER BY/ } : {}),
  }
  reads[`folders ${order}`] = {
    run: (viewer) => folders.listAlbums(viewer, query),
    ...(order === 'byGenre' || order === 'byYear' ? { may: /TEMP B-TREE/ } : {}),
  }
}

/** Lists of the native API whose order an index gives, whole or as a filter leaves them. */
for (const [kind, sorts] of [
  ['songs', ['title', 'album', 'albumArtist', 'createdAt', 'year']],
  ['albums', ['name', 'artist', 'createdAt', 'maxYear']],
  ['artists', ['name', 'createdAt']],
] as const)
  for (const sort of sorts)
    for (const descending of [false, true])
      reads[`${kind} by ${sort}${descending ? ', turned round' : ''}`] = {
        run: (viewer) => [...repositories.lists[kind](viewer, { ...page, sort, descending, filters: new Map() }).rows],
        // All of them are few, and read once.
        may: /SCAN genre\b/,
      }
for (const [name, value] of Object.entries({ albumId: 'a9', artistsId: 'r3', genreId: 'g2', id: 's9', title: 'love' }))
  reads[`songs with ${name}`] = {
    run: (viewer) => [
      ...repositories.lists.songs(viewer, {
        ...page,
        sort: 'title',
        descending: false,
        filters: new Map([[name, [value]]]),
      }).rows,
    ],
    may: /TEMP B-TREE FOR ORDER BY|SCAN genre\b/,
  }

/** Lists made of a parameter, matches of the search index, single rows and the way up from a folder are no tables. */
const HARMLESS = /^SCAN (\w+ VIRTUAL TABLE INDEX (1:|\d*:M)|CONSTANT ROW|\d+ CONSTANT|up$)/

/** Credits of the artists on one page are gathered first, then counted in some ways. */
const OF_A_PAGE = /^SCAN (page_credits|\(subquery-\d+\))$|TEMP B-TREE FOR (GROUP BY|DISTINCT|count)/

for (const [name, viewer] of Object.entries(eyes))
  for (const [what, { run, may }] of Object.entries(reads))
    test(`${what} for a viewer of ${name}: searches by index, without sorting the library`, async () => {
      heard.clear()
      run(viewer)
      // What is worked out between requests is heard as well.
      for (let turn = 0; turn < 3; turn++) await yieldToLoop()
      assert.ok(heard.size > 0, 'a read that asks nothing tests nothing')
      for (const [sql, params] of heard) {
        const steps = fixture.db.plan(sql, params)
        const bad = steps.filter(
          (step) =>
            /^SCAN |TEMP B-TREE|AUTOMATIC/.test(step) &&
            !HARMLESS.test(step) &&
            !may?.test(step) &&
            !(sql.includes('page_credits') && OF_A_PAGE.test(step)),
        )
        assert.deepEqual(bad, [], `${sql}\n${steps.join('\n')}`)
      }
    })
