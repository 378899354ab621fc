import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { RawTags } from '../../src/hooks/hooks.ts'
import { mapSong } from '../../src/scanner/map-song.ts'
import { Names } from '../../src/scanner/names.ts'
import { DEFAULT_SCANNER_SETTINGS } from '../support/scanner-settings.ts'

const AUDIO = { durationMs: 1000, bitRate: 128, sampleRate: 44100, bitDepth: 0, channels: 2, codec: 'mp3' }
const MBID = (digit: number) => `${String(digit).repeat(8)}-0000-4000-8000-000000000000`

function map(tags: RawTags, path = 'Artist/Album/01 - Song.mp3', settings = DEFAULT_SCANNER_SETTINGS) {
  return mapSong({ path, tags, audio: AUDIO, lyrics: [], picture: '' }, new Names(settings), settings)
}

const namesOf = (tags: RawTags, role: string, settings = DEFAULT_SCANNER_SETTINGS) =>
  map(tags, undefined, settings)
    .credits.filter((credit) => credit.role === role)
    .map(({ name }) => name)

test('artists are split at the separators, tags of several values are not', () => {
  const cases: readonly [RawTags, readonly string[]][] = [
    [{ artist: ['Björk'] }, ['Björk']],
    [{ artist: ['A feat. B'] }, ['A', 'B']],
    [{ artist: ['A ft. B / C; D'] }, ['A', 'B', 'C', 'D']],
    [{ artist: ['AC/DC'] }, ['AC/DC']],
    [{ artist: ['A & B'] }, ['A & B']],
    [{ artist: ['A feat. B', 'C'] }, ['A feat. B', 'C']],
    [{ artist: ['A feat. B'], artists: ['A', 'B'] }, ['A', 'B']],
    [{ artists: ['A', 'a', 'Á'] }, ['A']],
    [{}, ['Artist']],
  ]
  for (const [tags, expected] of cases) assert.deepEqual(namesOf(tags, 'artist'), expected, JSON.stringify(tags))
})

test('names of the exceptions stay whole, in any case and among others', () => {
  const settings = { ...DEFAULT_SCANNER_SETTINGS, artistSplitExceptions: ['Above / Beyond', 'Ike ft. Tina'] }
  assert.deepEqual(namesOf({ artist: ['above / beyond'] }, 'artist', settings), ['above / beyond'])
  assert.deepEqual(namesOf({ artist: ['X feat. Ike ft. Tina'] }, 'artist', settings), ['X', 'Ike ft. Tina'])
})

test('the displayed artist is what the tag says, several values joined', () => {
  assert.equal(map({ artist: ['A feat. B'], artists: ['A', 'B'] }).artist, 'A feat. B')
  assert.equal(map({ artist: ['A', 'B'] }).artist, 'A • B')
  assert.equal(map({ artists: ['A', 'B'] }).artist, 'A • B')
})

test('an absent album artist is Various Artists on compilations, else the artist', () => {
  assert.deepEqual(namesOf({ artist: ['A'], compilation: ['1'] }, 'albumartist'), ['Various Artists'])
  assert.deepEqual(namesOf({ artist: ['A'] }, 'albumartist'), ['A'])
  assert.deepEqual(namesOf({ artist: ['A'], albumartist: ['B'], compilation: ['1'] }, 'albumartist'), ['B'])
  assert.equal(map({ artist: ['A'], albumartist: ['various artists'] }).compilation, true)
  assert.equal(map({ artist: ['A'], albumartist: ['B'] }).compilation, false)
})

test('every role gets its names, performers with their instruments', () => {
  const tags = {
    artist: ['A'],
    composer: ['C1 / C2'],
    lyricist: ['L'],
    conductor: ['Co'],
    arranger: ['Ar'],
    producer: ['P1; P2'],
    director: ['D'],
    engineer: ['E'],
    mixer: ['M'],
    remixer: ['R'],
    djmixer: ['DJ'],
    performer: ['Ann (guitar)', 'Bob (drums)', 'Cyd'],
    'performer:violin': ['Dee'],
  }
  const { credits } = map(tags)
  const of = (role: string) => credits.filter((credit) => credit.role === role)
  assert.deepEqual(
    of('composer').map(({ name }) => name),
    ['C1', 'C2'],
  )
  assert.deepEqual(
    of('producer').map(({ name }) => name),
    ['P1', 'P2'],
  )
  for (const role of ['lyricist', 'conductor', 'arranger', 'director', 'engineer', 'mixer', 'remixer', 'djmixer'])
    assert.equal(of(role).length, 1, role)
  assert.deepEqual(
    of('performer').map(({ name, subRole }) => [name, subRole]),
    [
      ['Ann', 'guitar'],
      ['Bob', 'drums'],
      ['Cyd', ''],
      ['Dee', 'violin'],
    ],
  )
})

test('sort names and MusicBrainz ids belong to artists by position', () => {
  const { credits } = map({
    artists: ['The One', 'Two'],
    artistsort: ['One, The', 'Two'],
    musicbrainz_artistid: [`${MBID(1)}/${MBID(2)}`],
    albumartist: ['The One'],
    musicbrainz_albumartistid: [MBID(1).toUpperCase()],
  })
  assert.deepEqual(
    credits.map(({ role, name, sortName, musicBrainzId }) => [role, name, sortName, musicBrainzId]),
    [
      ['artist', 'The One', 'One, The', MBID(1)],
      ['artist', 'Two', 'Two', MBID(2)],
      ['albumartist', 'The One', '', MBID(1)],
    ],
  )
})

test('dates follow the legacy rule and fill each other', () => {
  const cases: readonly [RawTags, readonly [string, string, string, number]][] = [
    [{ recordingdate: ['2001-02-03'] }, ['2001-02-03', '', '', 2001]],
    [{ recordingdate: ['2001'], originaldate: ['1990-05'] }, ['1990-05', '1990-05', '2001', 1990]],
    [{ recordingdate: ['1989'], originaldate: ['1990'] }, ['1989', '1990', '', 1989]],
    [{ recordingdate: ['2001'], originaldate: ['1990'], releasedate: ['2010'] }, ['2001', '1990', '2010', 2001]],
    [{ releasedate: ['2010'], originaldate: ['1990'] }, ['1990', '1990', '2010', 1990]],
    [{ releasedate: ['2010-12-24T00:00:00Z'] }, ['2010-12-24', '', '2010-12-24', 2010]],
    [{ recordingdate: ['20010203'] }, ['2001-02-03', '', '', 2001]],
    [{ recordingdate: ['03.02.2001'] }, ['2001-02-03', '', '', 2001]],
    [{ recordingdate: ['0000'] }, ['', '', '', 0]],
    [{ recordingdate: ['unknown'] }, ['', '', '', 0]],
  ]
  for (const [tags, expected] of cases) {
    const { date, originalDate, releaseDate, year } = map(tags)
    assert.deepEqual([date, originalDate, releaseDate, year], expected, JSON.stringify(tags))
  }
})

test('gains are read as decibel, R128 is brought to the same reference', () => {
  assert.deepEqual(
    map({
      replaygain_track_gain: ['-7.20 dB'],
      replaygain_track_peak: ['0.988'],
      replaygain_album_gain: ['+1,5 dB'],
    }).replayGain,
    { trackGain: -7.2, albumGain: 1.5, trackPeak: 0.988 },
  )
  assert.deepEqual(map({ r128_track_gain: ['-512'] }).replayGain, { trackGain: 3 })
  assert.deepEqual(map({ replaygain_track_gain: ['none'] }).replayGain, {})
})

test('numbers, flags and lists are read as taggers write them', () => {
  const song = map({
    track: ['03/12'],
    disc: ['2/3'],
    discsubtitle: ['Live'],
    bpm: ['127.6'],
    explicitstatus: ['4'],
    genre: ['Rock; Pop/Jazz', 'rock'],
    mood: ['Sad, Slow'],
    isrc: ['AA1', 'AA1/BB2'],
    grouping: ['G'],
    work: ['W'],
    musicbrainz_workid: [MBID(3)],
    movementname: ['Allegro'],
    movement: ['2/4'],
    releasetype: ['album; live'],
    recordlabel: ['Blue'],
    unheard_of: ['kept'],
  })
  assert.deepEqual([song.trackNumber, song.discNumber, song.discSubtitle], [3, 2, 'Live'])
  assert.deepEqual([song.bpm, song.explicit], [128, 'e'])
  assert.deepEqual(song.genres, ['Rock', 'Pop', 'Jazz'])
  assert.deepEqual(song.moods, ['Sad', 'Slow'])
  assert.deepEqual(song.isrc, ['AA1', 'BB2'])
  assert.deepEqual(song.works, [{ name: 'W', musicBrainzId: MBID(3) }])
  assert.deepEqual(song.movements, [{ name: 'Allegro', number: 2, count: 4 }])
  assert.deepEqual(song.tags.releasetype, ['album', 'live'])
  assert.deepEqual(song.tags.tracktotal, ['12'])
  assert.deepEqual(song.tags.unheard_of, ['kept'])
  assert.equal(song.tags.genre, undefined)
  assert.equal(map({ explicitstatus: ['2'] }).explicit, 'c')
  assert.equal(map({ track: ['A2'] }).trackNumber, 2)
})

test('articles do not count when sorting, unless they are all there is', () => {
  assert.equal(map({ title: ['The Wall'] }).orderTitle, 'wall')
  assert.equal(map({ title: ['The'] }).orderTitle, 'the')
  assert.equal(map({ title: ['Theme'] }).orderTitle, 'theme')
  assert.equal(map({ album: ['Les Été'] }).album.orderName, 'ete')
})

test('songs without tags are named by their path', () => {
  const cases: readonly [string, readonly [string, number, number, string, string]][] = [
    ['Pink Floyd/Animals/03 - Sheep.tak', ['Sheep', 3, 1, 'Animals', 'Pink Floyd']],
    ['Pink Floyd/The Wall/CD2/1-04 Vera.mp3', ['Vera', 4, 1, 'The Wall', 'Pink Floyd']],
    ['Pink Floyd/The Wall/CD 2/04. Vera.mp3', ['Vera', 4, 2, 'The Wall', 'Pink Floyd']],
    ['Nena/99 Luftballons.mp3', ['99 Luftballons', 0, 1, 'Nena', '[Unknown Artist]']],
    ['Nena - Nena/01_Kino.mp3', ['Kino', 1, 1, 'Nena', 'Nena']],
    ['1979.mp3', ['1979', 0, 1, '[Unknown Album]', '[Unknown Artist]']],
  ]
  for (const [path, expected] of cases) {
    const song = map({}, path)
    assert.deepEqual([song.title, song.trackNumber, song.discNumber, song.album.name, song.artist], expected, path)
  }
})

test('an album is a release, else artist, name, version and release date together', () => {
  const key = (tags: RawTags, path?: string) => map(tags, path).album.key
  const base = { artist: ['A'], album: ['X'] }
  assert.equal(key(base, 'one/1.mp3'), key({ ...base, title: ['T'] }, 'other/2.mp3'))
  assert.notEqual(key(base), key({ ...base, albumversion: ['Deluxe'] }))
  assert.notEqual(key(base), key({ ...base, releasedate: ['2001'] }))
  assert.notEqual(key(base), key({ ...base, albumartist: ['B'] }))
  assert.equal(key({ ...base, musicbrainz_albumid: [MBID(1)] }), key({ artist: ['B'], musicbrainz_albumid: [MBID(1)] }))
  assert.notEqual(key({}, 'Band/Live/1.mp3'), key({}, 'Other/Live/1.mp3'))
  assert.equal(key({}, 'Band/Live/CD1/1.mp3'), key({}, 'Band/Live/CD2/1.mp3'))
})

test('a song is known by its release track, else by album, disc, track and title', () => {
  const pid = (tags: RawTags) => map(tags).pid
  const base = { artist: ['A'], album: ['X'], title: ['T'], track: ['1'] }
  assert.equal(pid(base), pid({ ...base, comment: ['other'] }))
  assert.notEqual(pid(base), pid({ ...base, track: ['2'] }))
  const tagged = { musicbrainz_trackid: [MBID(5)] }
  assert.equal(pid({ ...base, ...tagged }), pid({ title: ['Z'], ...tagged }))
})
