import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ArtistId, FolderId, LibraryId, PlaylistId, UserId } from '../../src/base/ids.ts'
import { createNameSorting } from '../../src/base/sort-name.ts'
import type { Playlist } from '../../src/library/entities.ts'
import { albumChild, albumId3 } from '../../src/subsonic/responses/album.ts'
import { artistId3 } from '../../src/subsonic/responses/artist.ts'
import { folderChild } from '../../src/subsonic/responses/folder.ts'
import { indexGroups } from '../../src/subsonic/responses/index-groups.ts'
import { playlistTree } from '../../src/subsonic/responses/playlist.ts'
import type { Rendering } from '../../src/subsonic/responses/rendering.ts'
import { songChild } from '../../src/subsonic/responses/song.ts'
import { userTree } from '../../src/subsonic/responses/user.ts'
import { date, itemDate } from '../../src/subsonic/responses/values.ts'
import type { Tree } from '../../src/subsonic/tree.ts'
import { albumOf, artistOf, CREATED, folderOf, songOf, userOf } from '../support/entities.ts'

const EMPTY = { album: undefined, tally: undefined }
const TYPES: Readonly<Record<string, string>> = { mp3: 'audio/mpeg', flac: 'audio/flac' }

function rendering(given: Partial<Rendering> = {}): Rendering {
  return {
    view: 'full',
    realPaths: false,
    placeholderCovers: false,
    flacAsMp3: false,
    sortName: createNameSorting('The Die').spell,
    contentTypeOf: (suffix) => TYPES[suffix] ?? 'application/octet-stream',
    transcodedAs: () => undefined,
    ...given,
  }
}

/** Members that would be sent. */
function sent(tree: Tree): unknown {
  return JSON.parse(JSON.stringify(tree))
}

test('a tagged song carries every field of the specification', () => {
  const artist = { id: 4 as ArtistId, name: 'Ann', role: 'artist', subRole: '' } as const
  const song = songOf({
    title: 'A/B: Song',
    sortTitle: 'song',
    album: 'First',
    artist: 'Ann feat. Bob',
    albumArtist: 'Ann',
    credits: [
      artist,
      { id: 5 as ArtistId, name: 'Bob', role: 'artist', subRole: '' },
      { ...artist, role: 'albumartist' },
      { id: 6 as ArtistId, name: 'Cem', role: 'composer', subRole: '' },
      { id: 7 as ArtistId, name: 'Dee', role: 'performer', subRole: 'violin' },
    ],
    trackNumber: 3,
    discNumber: 2,
    year: 1999,
    genres: ['Rock', 'Pop'],
    moods: ['calm'],
    isrc: ['DEA123456789'],
    works: [{ name: 'Suite' }],
    movements: [{ name: 'Allegro', number: 1, count: 3 }],
    groupings: ['live'],
    replayGain: { trackGain: -7.1, trackPeak: 0.98 },
    bpm: 120,
    comment: 'hello',
    bitDepth: 16,
    explicit: 'e',
    musicBrainzRecordingId: 'mb-1',
    coverVersion: 'c0ffee',
    starredAt: CREATED,
    rating: 4,
    averageRating: 3.6666,
    playCount: 7,
    playedAt: CREATED,
    bookmarkPositionMs: 1500,
  })
  const transcodedAs = () => ({ suffix: 'opus', contentType: 'audio/ogg' })
  assert.deepEqual(sent(songChild(song, rendering({ transcodedAs }))), {
    id: 's1',
    parent: 'd2',
    isDir: false,
    title: 'A/B: Song',
    album: 'First',
    artist: 'Ann feat. Bob',
    track: 3,
    year: 1999,
    genre: 'Rock',
    coverArt: 'a3_c0ffee',
    size: 1000,
    contentType: 'audio/mpeg',
    suffix: 'mp3',
    transcodedContentType: 'audio/ogg',
    transcodedSuffix: 'opus',
    duration: 61,
    bitRate: 128,
    path: 'Ann/First/2-03 - A_B: Song.mp3',
    isVideo: false,
    userRating: 4,
    averageRating: 3.67,
    playCount: 7,
    discNumber: 2,
    created: '2026-01-02T03:04:05.678Z',
    starred: '2026-01-02T03:04:05.678Z',
    albumId: 'a3',
    artistId: 'r4',
    type: 'music',
    bookmarkPosition: 1500,
    mediaType: 'song',
    played: '2026-01-02T03:04:05.678Z',
    bpm: 120,
    comment: 'hello',
    sortName: 'song',
    musicBrainzId: 'mb-1',
    isrc: ['DEA123456789'],
    genres: [{ name: 'Rock' }, { name: 'Pop' }],
    replayGain: { trackGain: -7.1, trackPeak: 0.98 },
    channelCount: 2,
    samplingRate: 44_100,
    bitDepth: 16,
    moods: ['calm'],
    artists: [
      { id: 'r4', name: 'Ann' },
      { id: 'r5', name: 'Bob' },
    ],
    displayArtist: 'Ann feat. Bob',
    albumArtists: [{ id: 'r4', name: 'Ann' }],
    displayAlbumArtist: 'Ann',
    contributors: [
      { role: 'composer', artist: { id: 'r6', name: 'Cem' } },
      { role: 'performer', subRole: 'violin', artist: { id: 'r7', name: 'Dee' } },
    ],
    displayComposer: 'Cem',
    explicitStatus: 'explicit',
    groupings: ['live'],
    works: [{ name: 'Suite' }],
    movements: [{ name: 'Allegro', number: 1, count: 3 }],
  })
})

test('an untagged song has what clients need, defaults for what is supported, and nothing for unknown dates', () => {
  const child = sent(songChild(songOf(), rendering())) as Record<string, unknown>
  for (const key of ['track', 'year', 'genre', 'coverArt', 'starred', 'played', 'userRating', 'averageRating']) {
    assert.ok(!(key in child), key)
  }
  assert.equal(child.discNumber, 1)
  assert.equal(child.path, '[Unknown Artist]/[Unknown Album]/file.mp3')
  assert.deepEqual([child.bpm, child.comment, child.musicBrainzId, child.explicitStatus], [0, '', '', ''])
  assert.deepEqual([child.genres, child.contributors, child.replayGain, child.moods], [[], [], {}, []])
})

test('legacy clients get what the schema 1.16.1 knows, minimal ones three fields of a song', () => {
  const song = songOf({ genres: ['Rock'], credits: [{ id: 6 as ArtistId, name: 'C', role: 'composer', subRole: '' }] })
  const legacy = sent(songChild(song, rendering({ view: 'legacy' }))) as Record<string, unknown>
  assert.ok(Object.values(legacy).every((value) => typeof value !== 'object'))
  assert.ok(!('mediaType' in legacy) && !('bpm' in legacy) && 'genre' in legacy && 'albumId' in legacy)
  assert.deepEqual(sent(songChild(song, rendering({ view: 'minimal' }))), { id: 's1', isDir: false, title: 'file' })
})

test('the picture of a song goes by its album, so that songs share one id for it, or is a placeholder where one is sent', () => {
  const cover = (given: Parameters<typeof songOf>[0], placeholderCovers = false) =>
    songChild(songOf(given), rendering({ placeholderCovers })).coverArt
  assert.equal(cover({ coverVersion: 'ab', hasEmbeddedCover: true }), 'a3_ab')
  assert.equal(cover({ coverVersion: 'ab' }), 'a3_ab')
  assert.equal(cover({}), undefined)
  assert.equal(cover({}, true), 'a3')
})

test('paths never leave their folder, and are the real ones only by setting', () => {
  const song = songOf({ albumArtist: '..', album: 'AC/DC\u0000', title: '', path: 'real/one.mp3' })
  assert.equal(songChild(song, rendering()).path, '_/AC_DC_/.mp3')
  assert.equal(songChild(song, rendering({ realPaths: true })).path, 'real/one.mp3')
})

test('Jamstash is told that flac is mp3', () => {
  const child = songChild(songOf({ suffix: 'flac' }), rendering({ flacAsMp3: true }))
  assert.deepEqual([child.suffix, child.contentType], ['mp3', 'audio/mpeg'])
  assert.deepEqual(songChild(songOf({ suffix: 'flac' }), rendering()).suffix, 'flac')
})

test('an album carries its dates in parts, its discs and a rating of 0', () => {
  const album = albumOf({
    name: 'First',
    artist: 'Ann',
    artists: [{ id: 4 as ArtistId, name: 'Ann' }],
    minYear: 1998,
    maxYear: 1999,
    originalDate: '1998-07',
    releaseDate: '1999',
    coverVersion: 'ff',
    discTitles: [{ disc: 2, title: 'Live' }],
    recordLabels: ['EMI'],
    releaseTypes: ['album'],
    explicit: 'c',
  })
  const tree = sent(albumId3(album, rendering())) as Record<string, unknown>
  assert.deepEqual(
    [tree.year, tree.userRating, tree.originalReleaseDate, tree.releaseDate, tree.explicitStatus],
    [1999, 0, { year: 1998, month: 7 }, { year: 1999 }, 'clean'],
  )
  assert.deepEqual(tree.discTitles, [{ disc: 2, title: 'Live', coverArt: 'a3_ff' }])
  assert.deepEqual([tree.recordLabels, tree.releaseTypes], [[{ name: 'EMI' }], ['album']])
  assert.ok(!('played' in tree) && !('starred' in tree) && !('genre' in tree))
})

test('an album as a directory says so, and is read as an album as well', () => {
  const child = albumChild(albumOf({ name: 'First' }), rendering())
  assert.deepEqual(
    [child.isDir, child.title, child.name, child.album, child.songCount],
    [true, 'First', 'First', 'First', 1],
  )
  assert.equal('name' in albumChild(albumOf(), rendering({ view: 'legacy' })), false)
})

test('artists always tell their number of albums', () => {
  assert.equal(artistId3(artistOf({ albumCount: 0 }), rendering()).albumCount, 0)
  assert.equal(artistId3(artistOf({ albumCount: 0 }), rendering({ view: 'legacy' })).albumCount, 0)
})

test('a folder names its parent unless that is the root', () => {
  const inner = folderOf({
    id: 9 as FolderId,
    parentId: 2 as FolderId,
    path: 'Ann/First',
    name: 'First',
    songCount: 0,
    totalSongs: 12,
  })
  assert.deepEqual(
    [
      folderChild(inner, EMPTY, rendering()).parent,
      folderChild(inner, EMPTY, rendering()).artist,
      folderChild(inner, EMPTY, rendering()).songCount,
    ],
    ['d2', 'Ann', 12],
  )
  const outer = folderChild(folderOf(), EMPTY, rendering())
  assert.deepEqual([outer.parent, outer.artist], [undefined, undefined])
})

test('the index has one group a letter, and # first for all else', () => {
  const items = ['1999', '...and you', 'abba', 'ärzte', 'beatles', 'жуки', '山下'].map((orderName) => ({ orderName }))
  assert.deepEqual(
    indexGroups(items).map((group) => [group.name, group.items.length]),
    [
      ['#', 3],
      ['A', 1],
      ['Ä', 1],
      ['B', 1],
      ['Ж', 1],
    ],
  )
  assert.deepEqual(indexGroups([{ orderName: '' }])[0]?.name, '#')
})

test('dates are UTC with three digits, and absent or impossible ones are left out', () => {
  assert.equal(date(CREATED), '2026-01-02T03:04:05.678Z')
  assert.equal(date(0), '1970-01-01T00:00:00.000Z')
  assert.equal(date(undefined), undefined)
  assert.equal(date(Number.NaN), undefined)
  assert.equal(date(1e17), undefined)
})

test('dates of releases have the parts that are known', () => {
  assert.deepEqual(sent(itemDate('2001-02-03')), { year: 2001, month: 2, day: 3 })
  assert.deepEqual(sent(itemDate('2001-00-00')), { year: 2001 })
  assert.deepEqual(sent(itemDate('about 2001')), {})
})

test('a playlist is read-only for others and while it mirrors a file', () => {
  const playlist: Playlist = {
    id: 8 as PlaylistId,
    ownerId: 1 as UserId,
    ownerName: 'ann',
    name: 'Mix',
    comment: '',
    public: true,
    path: undefined,
    sync: false,
    songCount: 2,
    durationMs: 2400,
    size: 0,
    coverVersion: '',
    createdAt: CREATED,
    updatedAt: CREATED,
  }
  assert.equal(playlistTree(playlist, 1 as UserId, rendering()).readonly, false)
  assert.equal(playlistTree(playlist, 2 as UserId, rendering()).readonly, true)
  assert.equal(playlistTree({ ...playlist, sync: true }, 1 as UserId, rendering()).readonly, true)
  assert.deepEqual(Object.keys(playlistTree(playlist, 1 as UserId, rendering({ view: 'minimal' }))), [
    'id',
    'name',
    'songCount',
    'duration',
    'created',
    'changed',
  ])
})

test('a user has all twelve roles as truth values, the folders as numbers, and may always scrobble', () => {
  const tree = userTree(userOf({ roles: ['stream', 'share'] }), [1, 3] as LibraryId[])
  const roles = Object.entries(tree).filter(([key]) => key.endsWith('Role'))
  assert.equal(roles.length, 12)
  assert.deepEqual(
    roles.filter(([, value]) => value === true).map(([key]) => key),
    ['streamRole', 'shareRole'],
  )
  assert.deepEqual([tree.folder, tree.scrobblingEnabled, tree.maxBitRate], [[1, 3], true, undefined])
  const admin = userTree(userOf({ isAdmin: true, roles: ['podcast'] }), [])
  assert.deepEqual(
    Object.entries(admin).flatMap(([key, value]) => (key.endsWith('Role') && value === false ? [key] : [])),
    ['jukeboxRole', 'videoConversionRole'],
  )
})
