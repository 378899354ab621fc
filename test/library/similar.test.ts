import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AccessScope } from '../../src/base/access-scope.ts'
import type { AlbumId, ArtistId, LibraryId, SongId, UserId } from '../../src/base/ids.ts'
import { createRepositories } from '../../src/library/repositories.ts'
import { recount } from '../support/recount.ts'
import { tempDatabase } from '../support/temp-database.ts'

interface SongSpec {
  readonly artist: string
  readonly album?: string
  readonly genres?: readonly string[]
  readonly moods?: readonly string[]
  readonly year?: number
  readonly library?: number
  readonly track?: number
}

/** A library of rows, two users, and what they played: songs are named by their keys. */
function world(t: Parameters<typeof tempDatabase>[0], specs: Readonly<Record<string, SongSpec>>) {
  const db = tempDatabase(t)
  const ids = new Map<string, number>()
  const idOf = (table: string, name: string, columns: Readonly<Record<string, string | number>>) => {
    const known = ids.get(`${table} ${name}`)
    if (known) return known
    const names = Object.keys(columns)
    const { lastId } = db.run(
      `INSERT INTO ${table} (${names.join(', ')}) VALUES (${names.map(() => '?').join(', ')})`,
      Object.values(columns),
    )
    ids.set(`${table} ${name}`, Number(lastId))
    return Number(lastId)
  }
  const times = { created_at: 1, updated_at: 1 }
  const named = (name: string) => ({ name, order_name: name })
  db.transaction(() => {
    for (const number of [1, 2]) {
      idOf('library', String(number), { name: `L${number}`, path: `/m/${number}`, ...times })
      idOf('folder', String(number), { library_id: number, path: '', ...named('root'), ...times })
    }
    for (const [key, spec] of Object.entries(specs)) {
      const { artist, album = `${artist}'s`, genres = [], moods = [], year = 0, library = 1, track = 1 } = spec
      const artistId = idOf('artist', artist, { key: artist.toLowerCase(), ...named(artist), ...times })
      const albumId = idOf('album', `${library} ${album}`, {
        ...{ library_id: library, key: album, artist, artist_id: artistId, order_artist: artist },
        ...{ genres: JSON.stringify(genres), min_year: year, max_year: year, folder_id: library },
        ...named(album),
        ...times,
      })
      const songId = idOf('song', key, {
        ...{
          library_id: library,
          folder_id: library,
          album_id: albumId,
          path: key,
          size: 1,
          mtime_ms: 1,
          suffix: 'mp3',
        },
        ...{ pid: key, title: key, order_title: key, album, artist, artist_id: artistId, album_artist: artist },
        ...{ album_artist_id: artistId, genres: JSON.stringify(genres), moods: JSON.stringify(moods), year },
        ...{ track_number: track },
        ...times,
      })
      db.run('INSERT OR IGNORE INTO album_artist VALUES (?, ?, ?, 0)', [albumId, artistId, 'albumartist'])
      for (const role of ['artist', 'albumartist'])
        db.run('INSERT INTO song_artist (song_id, artist_id, role, position) VALUES (?, ?, ?, 0)', [
          songId,
          artistId,
          role,
        ])
      for (const genre of genres) {
        const genreId = idOf('genre', genre, { key: genre.toLowerCase(), name: genre })
        db.run('INSERT INTO song_genre VALUES (?, ?)', [songId, genreId])
        db.run('INSERT OR IGNORE INTO album_genre VALUES (?, ?)', [albumId, genreId])
      }
    }
    recount(db)
  })
  const repositories = createRepositories(db)
  for (const name of ['ann', 'bob', 'cem'])
    repositories.users.create({ name, isAdmin: false, roles: [], passwordHash: 'x', passwordSealed: null }, 1)
  const viewer = (scope: AccessScope = { libraries: 'all' }, userId = 1) => ({ userId: userId as UserId, scope })
  const song = (key: string) => ids.get(`song ${key}`) as SongId
  const artist = (name: string) => ids.get(`artist ${name}`) as ArtistId
  return {
    db,
    repositories,
    viewer,
    song,
    artist,
    play(user: number, ...keys: readonly string[]) {
      const plays = keys.map((key) => ({ songId: song(key), at: 1 }))
      repositories.plays.record(viewer(undefined, user), plays, 'test')
      repositories.plays.flush()
    },
    similar: (key: string, limit = 10, scope?: AccessScope) =>
      repositories.songs.similarTo(viewer(scope), { songs: [song(key)], artists: [] }, limit).map(({ title }) => title),
    similarArtists: (name: string, scope?: AccessScope) =>
      repositories.artists.similarTo(viewer(scope), artist(name), 10).map((one) => one.name),
    top: (name: string, scope?: AccessScope) =>
      repositories.songs.topOfArtist(viewer(scope), artist(name), 10).map(({ title }) => title),
  }
}

const rock = (artist: string, over: Partial<SongSpec> = {}): SongSpec => ({
  artist,
  genres: ['Rock'],
  year: 1990,
  ...over,
})

test('songs are alike by genre, the rare more than the common, then by mood and year', (t) => {
  const { similar } = world(t, {
    seed: rock('A', { genres: ['Rock', 'Krautrock'], moods: ['Calm'], year: 1975 }),
    rare: rock('B', { genres: ['Krautrock'], year: 1980 }),
    calm: rock('C', { moods: ['calm'], year: 1975 }),
    near: rock('D', { year: 1976 }),
    far: rock('E', { year: 2015 }),
    other: rock('F', { year: 2016 }),
    jazz: { artist: 'G', genres: ['Jazz'], year: 1975 },
  })
  assert.deepEqual(similar('seed', 4), ['calm', 'rare', 'near', 'far'])
  assert.deepEqual(similar('seed', 4), similar('seed', 4), 'the same question has the same answer')
  assert.ok(!similar('seed').includes('seed'))
  assert.ok(!similar('seed', 5).includes('jazz'), 'of another kind, although of the same year')
  assert.ok(similar('seed', 6).includes('jazz'), 'as long as there is better')
})

test('who plays one song says what goes with it, and many say more than one', (t) => {
  const specs = {
    seed: rock('A'),
    same: rock('B'),
    heard: { artist: 'C', genres: ['Jazz'], year: 1960 },
    alone: { artist: 'D', genres: ['Folk'], year: 1960 },
  }
  const { similar, play } = world(t, specs)
  assert.deepEqual(similar('seed', 1), ['same'])
  play(1, 'seed', 'heard')
  assert.deepEqual(similar('seed', 2), ['same', 'heard'], 'of one listener it is a hint')
  assert.ok(!similar('seed').includes('alone'))
  for (const user of [2, 3]) play(user, 'seed', 'heard', 'heard')
  play(3, 'alone')
  assert.deepEqual(similar('seed', 3), ['same', 'heard', 'alone'])
})

test('a list is mixed: no artist fills it as long as there are others', (t) => {
  const many = Object.fromEntries(
    Array.from({ length: 20 }, (_, index) => [`b${index}`, rock('B', { album: `B${index % 2}` })] as const),
  )
  const others = Object.fromEntries(
    Array.from({ length: 10 }, (_, index) => [`o${index}`, rock(`O${index}`, { year: 2010 })] as const),
  )
  const { similar } = world(t, { seed: rock('A'), again: rock('A'), ...many, ...others })
  const list = similar('seed', 12)
  assert.equal(list.length, 12)
  assert.ok(list.filter((title) => title.startsWith('b')).length <= 2)
  assert.ok(list.includes('again'))
  assert.equal(similar('seed', 30).length, 30, 'what is left is filled with the others')
})

test('without genres and plays what is of that time, and of the artist, is nearest', (t) => {
  const { similar } = world(t, {
    seed: { artist: 'A', year: 1980 },
    own: { artist: 'A', year: 2000, album: 'later' },
    near: { artist: 'B', year: 1981 },
    far: { artist: 'C', year: 2010 },
    unknown: { artist: 'D' },
  })
  assert.deepEqual(similar('seed'), ['near', 'own'])
})

test('artists are alike when their songs are, and the one asked about is not among them', (t) => {
  const { similarArtists, play } = world(t, {
    a1: rock('A', { genres: ['Krautrock'] }),
    a2: rock('A', { album: 'second' }),
    b1: rock('B', { genres: ['Krautrock'] }),
    b2: rock('B', { genres: ['Krautrock'] }),
    c: rock('C'),
    d: { artist: 'D', genres: ['Jazz'], year: 1990 },
    hidden: rock('H', { genres: ['Krautrock'], library: 2 }),
  })
  assert.deepEqual(
    similarArtists('A').filter((name) => name !== 'H'),
    ['B', 'C'],
  )
  assert.ok(similarArtists('A').includes('H'))
  assert.deepEqual(similarArtists('A', { libraries: [1 as LibraryId] }), ['B', 'C'])
  for (const user of [1, 2, 3]) play(user, 'a1', 'd')
  assert.ok(similarArtists('A').includes('D'))
})

test('what a viewer may not see changes nothing that they see', (t) => {
  const specs: Record<string, SongSpec> = {
    seed: rock('A', { genres: ['Rock', 'Pop'] }),
    a2: rock('A', { year: 1991 }),
    rock1: rock('B'),
    pop1: { artist: 'C', genres: ['Pop'], year: 1990 },
    liked: { artist: 'D', genres: ['Jazz'], year: 1950 },
  }
  const scope = { libraries: [1 as LibraryId] }
  const ask = ({ similar, similarArtists, top }: ReturnType<typeof world>) => [
    similar('seed', 10, scope),
    similarArtists('A', scope),
    top('A', scope),
  ]
  const small = world(t, specs)
  small.play(2, 'seed', 'liked')
  small.play(3, 'seed')
  const expected = ask(small)
  const hidden = Object.fromEntries(
    Array.from({ length: 300 }, (_, index) => [
      `h${index}`,
      {
        ...rock(index % 2 ? 'A' : `H${index}`),
        library: 2,
        album: `h${index}`,
        genres: index % 3 ? ['Pop'] : ['Rock', 'Jazz'],
      },
    ]),
  )
  const large = world(t, { ...specs, ...hidden })
  large.play(2, 'seed', 'liked')
  large.play(3, 'seed')
  // Its listeners play hundreds of what the viewer does not see, far more often.
  for (const user of [2, 3]) for (let round = 0; round < 5; round++) large.play(user, ...Object.keys(hidden))
  assert.deepEqual(ask(large), expected)
  const denied = {
    libraries: 'all' as const,
    deny: { albums: Object.keys(hidden).map((_, index) => (index + 5) as AlbumId) },
  }
  assert.deepEqual(large.similar('seed', 10, denied), expected[0])
})

test('top songs are the most played, then the best rated, then the newest in the order of their album', (t) => {
  const { top, play, repositories, viewer, song } = world(t, {
    old2: rock('A', { year: 1980, album: 'old', track: 2 }),
    old1: rock('A', { year: 1980, album: 'old', track: 1 }),
    new2: rock('A', { year: 2000, album: 'new', track: 2 }),
    new1: rock('A', { year: 2000, album: 'new', track: 1 }),
    undated: rock('A', { year: 0, album: 'some' }),
    hidden: rock('A', { year: 2010, library: 2 }),
  })
  const scope = { libraries: [1 as LibraryId] }
  assert.deepEqual(top('A', scope), ['new1', 'new2', 'old1', 'old2', 'undated'])
  repositories.annotations.setRating(viewer(), { kind: 'song', key: song('old2') }, 4, 1)
  play(2, 'undated', 'hidden', 'hidden')
  assert.deepEqual(top('A', scope), ['undated', 'old2', 'new1', 'new2', 'old1'])
  assert.equal(top('A')[0], 'hidden')
})
