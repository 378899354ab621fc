import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AccessScope } from '../../src/base/access-scope.ts'
import { type AlbumId, type ArtistId, decodeIdOf, encodeId, type LibraryId, type SongId } from '../../src/base/ids.ts'
import type { Song, Viewer } from '../../src/library/entities.ts'
import { ALBUMS } from '../../src/library/query/album-resource.ts'
import { ARTISTS } from '../../src/library/query/artist-resource.ts'
import type { Resource, ResourceQuery } from '../../src/library/query/resource.ts'
import { SONGS } from '../../src/library/query/song-resource.ts'
import { libraryFixture } from '../support/library-fixture.ts'
import { createRandom } from '../support/random.ts'
import { type ModelSong, readModel, visibleSongs } from '../support/scope-model.ts'

const fixture = libraryFixture({ after: (cleanup) => test.after(cleanup as () => void) }, { songs: 3000, libraries: 2 })
const { db, repositories } = fixture
const { lists, annotations, plays } = repositories
const model = readModel(db)
const genreKeys = new Map(
  repositories.genres.list(fixture.viewer()).map(({ id, name }) => [encodeId('genre', id), name]),
)

function query(
  given: Partial<Omit<ResourceQuery, 'filters'>> & { filters?: Record<string, string[]> } = {},
): ResourceQuery {
  return {
    offset: 0,
    limit: Number.POSITIVE_INFINITY,
    sort: '',
    descending: false,
    ...given,
    filters: new Map(Object.entries(given.filters ?? {})),
  }
}

type Kind = 'songs' | 'albums' | 'artists'

function ids(kind: Kind, viewer: Viewer, wanted: ResourceQuery): number[] {
  const list = lists[kind](viewer, wanted)
  const found = [...list.rows].map(({ item }) => item.id as number)
  if (wanted.limit === Number.POSITIVE_INFINITY && wanted.offset === 0) assert.equal(found.length, list.total)
  return found
}

const sorted = (numbers: Iterable<number>) => [...new Set(numbers)].sort((a, b) => a - b)

const SCOPES: Record<string, AccessScope> = {
  everything: { libraries: 'all' },
  'one library': { libraries: [2 as LibraryId] },
  'a library and a grant': {
    libraries: [2 as LibraryId],
    grants: [(model.find(({ library }) => library === 1)?.id ?? 0) as SongId],
  },
  'no explicit songs': { libraries: 'all', deny: { explicit: true } },
  'no rock, no folder': {
    libraries: 'all',
    deny: { genres: ['rock'], paths: [`1:${model.find(({ library }) => library === 1)?.folderPath}`] },
  },
  'some albums and artists not': {
    libraries: [1 as LibraryId],
    deny: { albums: [3 as AlbumId, 4 as AlbumId], artists: [5 as ArtistId], songs: [10, 11, 12] as SongId[] },
  },
  nothing: { libraries: [] },
}

/** What a filter leaves of songs, by plain reading. */
type Keeps = (song: ModelSong) => boolean
const credited =
  (id: number, roles?: readonly string[]): Keeps =>
  ({ credits }) =>
    credits.some(([role, artist]) => artist === id && (!roles || roles.includes(role)))

for (const [name, scope] of Object.entries(SCOPES))
  test(`lists show what a viewer with ${name} sees, filters narrow it`, () => {
    const random = createRandom()
    const seed = `TEST_SEED=${random.seed}`
    const viewer = fixture.viewer(scope, 2)
    const seen = visibleSongs(model, scope)
    const song = random.pick(model)
    const artist = random.pick(model.flatMap(({ credits }) => credits))[1]
    const artistId = encodeId('artist', artist as ArtistId)
    const genre = random.pick([...genreKeys.keys()])
    const library = random.pick([1, 2])
    const filters: readonly (readonly [Record<string, string[]>, Keeps])[] = [
      [{}, () => true],
      [{ albumId: [encodeId('album', song.album as AlbumId)] }, ({ album }) => album === song.album],
      [{ genreId: [genre] }, ({ genres }) => genres.includes(genreKeys.get(genre) ?? '')],
      [{ artistsId: [artistId] }, credited(artist)],
      [{ roleTotalId: [artistId] }, credited(artist)],
      [
        { artistId: [artistId], libraryId: [`${library}`] },
        (one) => one.library === library && credited(artist, ['artist', 'albumartist'])(one),
      ],
      [{ roleComposerId: [artistId] }, credited(artist, ['composer'])],
      [{ libraryId: [`${library}`] }, (one) => one.library === library],
      [{ libraryId: ['99'] }, () => false],
    ]
    // Twice: a scope that is used again is worked out.
    for (const round of [1, 2])
      for (const [wanted, keeps] of filters) {
        const label = `${name} ${JSON.stringify(wanted)} round ${round} ${seed}`
        // A library that is asked for by name shows no grants: these are of no library.
        const narrowed = wanted.libraryId ? visibleSongs(model, { ...scope, grants: [] }) : seen
        const left = narrowed.filter(keeps)
        if (!wanted.artistId)
          assert.deepEqual(
            sorted(ids('songs', viewer, query({ filters: wanted }))),
            sorted(left.map(({ id }) => id)),
            label,
          )
        if (!wanted.albumId)
          assert.deepEqual(
            sorted(ids('albums', viewer, query({ filters: wanted }))),
            sorted(left.map(({ album }) => album)),
            label,
          )
      }
    assert.deepEqual(
      sorted(ids('artists', viewer, query())),
      sorted(seen.flatMap(({ credits }) => credits.map(([, id]) => id))),
      `artists ${seed}`,
    )
    for (const [role, roles] of [
      ['composer', ['composer']],
      ['maincredit', ['artist', 'albumartist']],
    ] as const)
      assert.deepEqual(
        sorted(ids('artists', viewer, query({ filters: { role: [role] } }))),
        sorted(
          seen.flatMap(({ credits }) => credits.filter(([own]) => roles.includes(own as never)).map(([, id]) => id)),
        ),
        `${role} ${seed}`,
      )
  })

const RESOURCES: readonly (readonly [Kind, Resource])[] = [
  ['songs', SONGS],
  ['albums', ALBUMS],
  ['artists', ARTISTS],
]

for (const [kind, { sorts }] of RESOURCES)
  test(`every order of ${kind} has all of them once, the same over all pages, and turns round`, (t) => {
    const small = libraryFixture(t, { songs: 250, libraries: 2 })
    const list = (viewer: Viewer, wanted: ResourceQuery) =>
      [...small.repositories.lists[kind](viewer, wanted).rows].map(({ item }) => item.id as number)
    for (const viewer of [small.viewer(), small.viewer({ libraries: 'all', deny: { explicit: true } }, 2)]) {
      const all = sorted(list(viewer, query()))
      const limit = Math.ceil(all.length / 3)
      for (const sort of Object.keys(sorts)) {
        const filters = { seed: ['x'] }
        const up = list(viewer, query({ sort, filters }))
        assert.deepEqual(sorted(up), all, sort)
        const paged = [0, 1, 2].flatMap((page) => list(viewer, query({ sort, offset: page * limit, limit, filters })))
        assert.deepEqual(paged, up, sort)
        if (sorts[sort]?.by === 'columns')
          assert.deepEqual(list(viewer, query({ sort, descending: true })), up.toReversed(), sort)
      }
    }
  })

const text = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0)
const SONG_ORDERS: Record<string, (a: Song, b: Song) => number> = {
  year: (a, b) => a.year - b.year,
  duration: (a, b) => a.durationMs - b.durationMs,
  bpm: (a, b) => a.bpm - b.bpm,
  createdAt: (a, b) => a.createdAt - b.createdAt,
  path: (a, b) => a.libraryId - b.libraryId || text(a.path, b.path),
}
for (const [sort, compare] of Object.entries(SONG_ORDERS))
  test(`songs by ${sort} stand in that order`, () => {
    const songs = [...lists.songs(fixture.viewer(), query({ sort })).rows].map(({ item }) => item)
    songs.forEach((song, index) => {
      const before = songs[index - 1]
      if (before) assert.ok(compare(before, song) <= 0, `${before.id} before ${song.id}`)
    })
  })

test('songs of an album stand by disc and track', () => {
  const viewer = fixture.viewer()
  const album = encodeId('album', (model[0]?.album ?? 0) as AlbumId)
  const expected = repositories.songs
    .ofAlbum(viewer, decodeIdOf('album', album) as AlbumId)
    .map(({ id }) => id as number)
  assert.deepEqual(ids('songs', viewer, query({ sort: 'album', filters: { albumId: [album] } })), expected)
  const every = ids('songs', viewer, query({ sort: 'album' }))
  const at = every.indexOf(expected[0] as number)
  assert.deepEqual(every.slice(at, at + expected.length), expected)
})

test('an unknown order is the default one, an unknown filter is none', () => {
  const viewer = fixture.viewer()
  for (const [kind, { defaultSort }] of RESOURCES)
    assert.deepEqual(
      ids(kind, viewer, query({ sort: 'id; DROP TABLE song', filters: { 'x" OR 1=1': ['1'], constructor: ['1'] } })),
      ids(kind, viewer, query({ sort: defaultSort })),
    )
})

test('chance is stable by its seed, and for the pages of one reader', () => {
  const viewer = fixture.viewer()
  const drawn = (seed: string, offset = 0) =>
    ids('songs', viewer, query({ sort: 'random', offset, limit: 500, filters: { seed: [seed] } }))
  assert.deepEqual(drawn('a'), drawn('a'))
  assert.notDeepEqual(drawn('a'), drawn('b'))
  assert.equal(new Set([...drawn('a'), ...drawn('a', 500)]).size, 1000)
  const page = (offset: number) => ids('songs', viewer, query({ sort: 'random', offset, limit: 500 }))
  assert.equal(new Set([...page(0), ...page(500), ...page(1000)]).size, 1500)
  assert.notDeepEqual(page(0), page(0))
})

test('marks of the reader filter and sort, plays that wait included', () => {
  const viewer = fixture.viewer()
  const other = fixture.viewer(undefined, 2)
  const [a, b, c] = [20, 21, 22] as SongId[] as [SongId, SongId, SongId]
  annotations.setStarred(viewer, [{ kind: 'song', key: b }], true, 1000)
  annotations.setStarred(viewer, [{ kind: 'song', key: a }], true, 2000)
  annotations.setRating(viewer, { kind: 'song', key: c }, 4, 3000)
  plays.record(
    viewer,
    [
      { songId: c, at: 5000 },
      { songId: c, at: 6000 },
      { songId: a, at: 7000 },
    ],
    'test',
  )
  const first = (sort: string, descending: boolean, limit: number, who = viewer) =>
    ids('songs', who, query({ sort, descending, limit }))
  assert.deepEqual(first('starredAt', true, 2), [a, b])
  assert.deepEqual(first('rating', true, 1), [c])
  assert.deepEqual(first('playCount', true, 2), [c, a])
  assert.deepEqual(first('playDate', true, 2), [a, c])
  assert.deepEqual(ids('songs', viewer, query({ sort: 'playCount' })).slice(-2), [a, c])
  const marked = (filters: Record<string, string[]>, who = viewer) => sorted(ids('songs', who, query({ filters })))
  assert.deepEqual(marked({ starred: ['true'] }), [a, b])
  assert.equal(marked({ starred: ['false'] }).length, model.length - 2)
  assert.deepEqual(marked({ hasRating: ['true'] }), [c])
  assert.deepEqual(marked({ recentlyPlayed: ['1'] }), [a, c])
  assert.deepEqual(marked({ starred: ['true'] }, other), [])
  annotations.setStarred(viewer, [{ kind: 'song', key: b }], false, 1000)
  assert.deepEqual(marked({ starred: ['true'] }), [a])
})

test('texts are found by words, by their beginning, and by MusicBrainz id', () => {
  const viewer = fixture.viewer()
  const song = repositories.songs.find(viewer, 30 as SongId)
  assert.ok(song)
  assert.ok(ids('songs', viewer, query({ filters: { title: [song.title] } })).includes(30))
  assert.ok(ids('songs', viewer, query({ filters: { album: [song.album.slice(0, 3).toUpperCase()] } })).includes(30))
  assert.deepEqual(ids('songs', viewer, query({ filters: { path: ['%'] } })), [])
  // Each is compared with every song: of very many the first ones count.
  const many = Array.from({ length: 1000 }, (_, n) => `nothing ${n}`)
  assert.deepEqual(ids('songs', viewer, query({ filters: { album: [...many, song.album] } })), [])
  const id = '0123abcd-0000-4000-8000-000000000001'
  db.run('UPDATE song SET musicbrainz_recording_id = ? WHERE id = 30', [id])
  assert.deepEqual(ids('songs', viewer, query({ filters: { title: [id.toUpperCase()] } })), [30])
})

test('a long list is read as the walk comes to it: what goes meanwhile is not shown', (t) => {
  const small = libraryFixture(t, { songs: 100 })
  const { rows, total } = small.repositories.lists.songs(small.viewer(), query({ sort: 'id' }))
  const seen: number[] = []
  for (const { item } of rows) {
    if (seen.length === 0) small.db.run('UPDATE song SET missing = 1 WHERE id = 90')
    seen.push(item.id)
  }
  assert.deepEqual([total, seen.length, seen.includes(90)], [100, 99, false])
})

test('counts of a list narrowed to a library are those of that library', () => {
  const viewer = fixture.viewer()
  for (const library of [1, 2]) {
    const inside = model.filter((song) => song.library === library)
    for (const { item, details } of lists.artists(viewer, query({ limit: 40, filters: { libraryId: [`${library}`] } }))
      .rows) {
      const own = inside.filter(credited(item.id))
      assert.equal(details.total.songCount, own.length)
      assert.equal(details.total.albumCount, new Set(own.map(({ album }) => album)).size)
      const main = inside.filter(credited(item.id, ['artist', 'albumartist']))
      assert.equal(details.stats.maincredit?.songCount ?? 0, main.length)
    }
  }
})

test('no filter and no order of a client becomes SQL, and none fails', () => {
  const random = createRandom()
  const values = [
    '',
    ' ',
    '0',
    '-1',
    '1e999',
    'NaN',
    'true',
    'FALSE',
    `'`,
    `"`,
    `' OR 1=1 --`,
    '%',
    '_',
    '\\',
    '\u0000',
    '\ud800',
    '*',
    'AND',
    'NEAR(',
    '🎵',
    's1',
    'a1',
    'r1',
    'g1',
    's'.repeat(5000),
    '%'.repeat(60_000),
    'a '.repeat(3000),
    '0123abcd-0000-4000-8000-000000000001',
    '{"a":1}',
    '[1',
    '9'.repeat(30),
  ]
  const viewers = Object.values(SCOPES).map((scope) => fixture.viewer(scope, 2))
  for (let round = 0; round < 300; round++) {
    const [kind, resource] = random.pick(RESOURCES)
    const names = [...Object.keys(resource.filters), 'libraryId', 'seed', '__proto__', 'x']
    const filters = Object.fromEntries(
      Array.from({ length: 1 + random.whole(4) }, () => [
        random.pick(names),
        Array.from({ length: random.pick([1, 1, 2, 40]) }, () => random.pick(values)),
      ]),
    )
    const wanted = query({
      sort: random.pick([...Object.keys(resource.sorts), ...values]),
      descending: random.next() < 0.5,
      offset: random.pick([0, 3, 1e9, Number.MAX_SAFE_INTEGER]),
      limit: random.pick([0, 1, 20]),
      filters,
    })
    const { rows } = lists[kind](random.pick(viewers), wanted)
    assert.ok([...rows].length <= 20, `TEST_SEED=${random.seed} ${JSON.stringify(filters)}`)
  }
})
