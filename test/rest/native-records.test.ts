import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AlbumId, ArtistId } from '../../src/base/ids.ts'
import type { Song } from '../../src/library/entities.ts'
import type { AlbumDetails, ArtistDetails, SongDetails } from '../../src/library/query/details.ts'
import { nativeAlbum } from '../../src/rest/native-album.ts'
import { nativeArtist } from '../../src/rest/native-artist.ts'
import { nativeSong } from '../../src/rest/native-song.ts'
import { albumOf, artistOf, CREATED, songOf } from '../support/entities.ts'
import { libraryFixture } from '../support/library-fixture.ts'

const PLAIN: SongDetails = {
  libraryName: 'Music',
  libraryPath: '/srv/music',
  orderTitle: 'file',
  orderAlbumName: 'unknown album',
  orderArtistName: 'unknown artist',
  orderAlbumArtistName: 'unknown artist',
  sortAlbumName: '',
  sortArtistName: '',
  sortAlbumArtistName: '',
  artistMusicBrainzId: '',
  albumArtistMusicBrainzId: '',
  albumMusicBrainzId: '',
  releaseGroupMusicBrainzId: '',
  albumVersion: '',
  catalogNumber: '',
  genreIds: [],
  tags: {},
  lyrics: [],
  ratedAt: undefined,
}

function written(song: Partial<Song>, details: Partial<SongDetails> = {}, serverPaths = true): Record<string, unknown> {
  return JSON.parse(JSON.stringify(nativeSong(songOf(song), { ...PLAIN, ...details }, { serverPaths })))
}

const AT = new Date(CREATED).toISOString()

test('a song without tags says what Navidrome always says, and leaves out what is nothing', () => {
  assert.deepEqual(written({}), {
    id: 's1',
    libraryId: 1,
    libraryPath: '/srv/music',
    libraryName: 'Music',
    folderId: 'd2',
    path: 'Folder/file.mp3',
    title: 'file',
    album: '[Unknown Album]',
    artistId: 'r4',
    artist: '[Unknown Artist]',
    albumArtistId: 'r4',
    albumArtist: '[Unknown Artist]',
    albumId: 'a3',
    hasCoverArt: false,
    trackNumber: 0,
    discNumber: 1,
    year: 0,
    originalYear: 0,
    releaseYear: 0,
    size: 1000,
    suffix: 'mp3',
    duration: 61.4,
    bitRate: 128,
    sampleRate: 44_100,
    channels: 2,
    codec: 'mp3',
    genre: '',
    orderTitle: 'file',
    orderAlbumName: 'unknown album',
    orderArtistName: 'unknown artist',
    orderAlbumArtistName: 'unknown artist',
    compilation: false,
    lyrics: '[]',
    explicitStatus: '',
    rgAlbumGain: null,
    rgAlbumPeak: null,
    rgTrackGain: null,
    rgTrackPeak: null,
    participants: {},
    missing: false,
    birthTime: AT,
    createdAt: AT,
    updatedAt: AT,
    bookmarkPosition: 0,
    imageAbsent: true,
  })
})

test('where a library lies on the disk is for administrators', () => {
  assert.equal(written({}, {}, false).libraryPath, '')
})

/** A song or its details with something to say, and the fields that say it. */
const SAYING: readonly (readonly [string, Partial<Song>, Partial<SongDetails>, Readonly<Record<string, unknown>>])[] = [
  ['plays', { playCount: 3, playedAt: CREATED }, {}, { playCount: 3, playDate: AT }],
  ['a rating', { rating: 4 }, { ratedAt: CREATED }, { rating: 4, ratedAt: AT }],
  ['a rating that was taken back', { rating: 0 }, { ratedAt: CREATED }, { rating: undefined, ratedAt: undefined }],
  ['a star', { starredAt: CREATED }, {}, { starred: true, starredAt: AT }],
  ['an average', { averageRating: 3.6666 }, {}, { averageRating: 3.67 }],
  ['a bookmark', { bookmarkPositionMs: 1234 }, {}, { bookmarkPosition: 1234 }],
  ['a picture', { coverVersion: '0a1b' }, {}, { imageHash: '0a1b', imageAbsent: undefined }],
  ['years', { originalDate: '1969-08', releaseDate: '2009' }, {}, { originalYear: 1969, releaseYear: 2009 }],
  [
    'gains',
    { replayGain: { trackGain: -7.2, albumPeak: 0 } },
    {},
    { rgTrackGain: -7.2, rgAlbumPeak: 0, rgTrackPeak: null },
  ],
  [
    'genres and tags',
    { genres: ['Rock', 'Jazz'], moods: ['Calm'], works: [{ name: 'Opus 1' }] },
    { genreIds: ['g1', ''], tags: { media: ['CD'], releasetype: ['album', 'live'] } },
    {
      genre: 'Rock',
      genres: [{ id: 'g1', name: 'Rock' }],
      tags: {
        media: ['CD'],
        releasetype: ['album', 'live'],
        genre: ['Rock', 'Jazz'],
        mood: ['Calm'],
        work: ['Opus 1'],
      },
      mbzAlbumType: 'album',
    },
  ],
  [
    'credits',
    {
      credits: [
        { role: 'artist', id: 5 as ArtistId, name: 'Ann', subRole: '' },
        { role: 'performer', id: 6 as ArtistId, name: 'Bo', subRole: 'drums' },
        { role: 'performer', id: 7 as ArtistId, name: 'Cy', subRole: '' },
      ],
    },
    {},
    {
      participants: {
        artist: [{ id: 'r5', name: 'Ann' }],
        performer: [
          { id: 'r6', name: 'Bo', subRole: 'drums' },
          { id: 'r7', name: 'Cy' },
        ],
      },
    },
  ],
  [
    'lyrics, as a text of JSON',
    {},
    {
      lyrics: [
        { lang: 'und', synced: true, offsetMs: 0, lines: [{ ms: 10, text: 'la' }] },
        { lang: 'en', kind: 'translation', synced: false, offsetMs: 0, lines: [{ text: 'lo' }] },
      ],
    },
    { lyrics: '[{"lang":"xxx","line":[{"start":10,"value":"la"}],"synced":true}]' },
  ],
]

for (const [name, song, details, expected] of SAYING)
  test(`a song tells of ${name}`, () => {
    const record = written(song, details)
    assert.deepEqual(Object.fromEntries(Object.keys(expected).map((key) => [key, record[key]])), expected)
  })

test('an album says what Navidrome says', () => {
  const details: AlbumDetails = {
    libraryName: 'Music',
    libraryPath: '/srv/music',
    orderAlbumName: 'live',
    orderAlbumArtistName: 'ann',
    sortAlbumArtistName: '',
    albumArtistMusicBrainzId: '',
    genreIds: ['g1'],
    tags: { media: ['CD'] },
    participants: [{ role: 'albumartist', id: 4 as ArtistId, name: 'Ann' }],
    ratedAt: CREATED,
  }
  const album = albumOf({
    name: 'Live',
    artist: 'Ann',
    genres: ['Rock'],
    recordLabels: ['Stax'],
    releaseTypes: ['live'],
    originalDate: '1970',
    maxYear: 1999,
    minYear: 1998,
    discTitles: [{ disc: 2, title: 'Encore' }],
    rating: 5,
    songCount: 2,
    coverVersion: 'ff',
  })
  const record = JSON.parse(JSON.stringify(nativeAlbum(album, details, { serverPaths: false })))
  assert.deepEqual(record, {
    id: 'a3',
    libraryId: 1,
    libraryPath: '',
    libraryName: 'Music',
    name: 'Live',
    albumArtistId: 'r4',
    albumArtist: 'Ann',
    maxYear: 1999,
    minYear: 1998,
    maxOriginalYear: 1970,
    minOriginalYear: 1970,
    originalDate: '1970',
    compilation: false,
    songCount: 2,
    duration: 61.4,
    size: 1000,
    discs: { '2': 'Encore' },
    orderAlbumName: 'live',
    orderAlbumArtistName: 'ann',
    mbzAlbumType: 'live',
    explicitStatus: '',
    rgAlbumGain: null,
    rgAlbumPeak: null,
    externalInfoUpdatedAt: null,
    genre: 'Rock',
    genres: [{ id: 'g1', name: 'Rock' }],
    tags: { media: ['CD'], genre: ['Rock'], recordlabel: ['Stax'], releasetype: ['live'] },
    participants: { albumartist: [{ id: 'r4', name: 'Ann' }] },
    missing: false,
    importedAt: AT,
    createdAt: AT,
    updatedAt: AT,
    rating: 5,
    ratedAt: AT,
    imageHash: 'ff',
  })
})

test('an artist says what Navidrome says', () => {
  const counts = { songCount: 3, albumCount: 1, size: 300 }
  const details: ArtistDetails = { stats: { artist: counts, maincredit: counts }, total: counts, ratedAt: undefined }
  const record = JSON.parse(JSON.stringify(nativeArtist(artistOf({ name: 'Ann', orderName: 'ann' }), details)))
  assert.deepEqual(record, {
    id: 'r4',
    name: 'Ann',
    orderArtistName: 'ann',
    stats: { artist: counts, maincredit: counts },
    size: 300,
    albumCount: 1,
    songCount: 3,
    missing: false,
    createdAt: AT,
    imageAbsent: true,
  })
})

test('details tell what the tables hold, and of hidden songs nothing', (t) => {
  const { db, repositories, viewer } = libraryFixture(t, { songs: 200 })
  const { details, songs, albums, artists } = repositories
  const all = viewer()
  const album = albums.list(all, { order: 'byName', limit: 1, offset: 0 })[0]
  assert.ok(album)
  const ofAlbum = songs.ofAlbum(all, album.id)
  const [first, ...others] = ofAlbum
  assert.ok(first && others.length > 0)
  db.run('INSERT OR REPLACE INTO song_tags (song_id, tags) VALUES (?, ?)', [first.id, '{"media":["CD"]}'])
  const known = details.songs(all, ofAlbum)
  assert.deepEqual([...known.keys()].sort(), ofAlbum.map(({ id }) => id).sort())
  assert.deepEqual(known.get(first.id)?.tags, { media: ['CD'] })
  const row = db.get<{ order_title: string }>('SELECT order_title FROM song WHERE id = ?', [first.id])
  assert.equal(known.get(first.id)?.orderTitle, row?.order_title)
  assert.equal(known.get(first.id)?.genreIds.length, first.genres.length)
  assert.ok(known.get(first.id)?.genreIds.every((id) => id.startsWith('g')))

  const part = viewer({ libraries: 'all', deny: { songs: others.map(({ id }) => id) } }, 2)
  const seen = albums.find(part, album.id)
  assert.ok(seen)
  const people = details.albums(part, [seen]).get(album.id as AlbumId)?.participants ?? []
  const credited = new Set(first.credits.map(({ role, id }) => `${role} ${id}`))
  assert.deepEqual(new Set(people.map(({ role, id }) => `${role} ${id}`)), credited)

  const artist = artists.find(part, first.artistId)
  assert.ok(artist)
  const counted = details.artists(part, [artist]).get(artist.id)
  const visible = songs.idsOf(part, { artist: artist.id }, 1000)
  assert.equal(counted?.stats.maincredit?.songCount, visible.length)
})
