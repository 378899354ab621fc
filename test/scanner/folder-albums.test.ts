import assert from 'node:assert/strict'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import type { AlbumId } from '../../src/base/ids.ts'
import { joinAlbums } from '../../src/scanner/folder-albums.ts'
import { mapSong } from '../../src/scanner/map-song.ts'
import { Names } from '../../src/scanner/names.ts'
import type { LibrarySpec } from '../support/music-library.ts'
import { EVERYTHING, type ScanRig, scanRig } from '../support/scanned-library.ts'
import { DEFAULT_SCANNER_SETTINGS } from '../support/scanner-settings.ts'

type Tags = Readonly<Record<string, string | readonly string[]>>

const MBID = '11111111-2222-3333-4444-555555555555'

/** Tracks of `First`, numbered; `.m4a` and the like before the tags give the ending. */
function folder(path: string, tracks: readonly Tags[]): LibrarySpec {
  return Object.fromEntries(
    tracks.map(({ ending = '.mp3', ...tags }, index) => [
      `${path}/${index + 1}${ending}`,
      { title: `Song ${index + 1}`, tracknumber: String(index + 1), album: 'First', artist: 'Anna', ...tags },
    ]),
  ) as LibrarySpec
}

function albums(rig: ScanRig): readonly string[] {
  return rig.db
    .all<{ artist: string; name: string; song_count: number }>(
      'SELECT artist, name, song_count FROM album WHERE missing = 0 ORDER BY artist, name, song_count',
    )
    .map(({ artist, name, song_count }) => `${artist} - ${name} ${song_count}`)
}

const ONE: readonly [string, LibrarySpec, string][] = [
  ['guests', folder('a', [{}, { artist: 'Anna feat. Bert' }, { artist: ['Anna', 'Cem'] }]), 'Anna - First 3'],
  ['guests first', folder('a', [{ artist: 'Anna ft. Bert' }, { artist: 'Anna; Cem' }, {}]), 'Anna - First 3'],
  ['guests on every track', folder('a', [{ artist: ['Anna', 'Bert'] }, { artist: ['Anna', 'Cem'] }]), 'Anna - First 2'],
  [
    'guests of a duo',
    folder('a', [{ artist: ['Anna', 'Bert'] }, { artist: ['Anna', 'Bert', 'Cem'] }]),
    'Anna • Bert - First 2',
  ],
  ...['featuring', 'with', '&', 'x', 'and', 'vs.', ','].map((word): [string, LibrarySpec, string] => [
    `guests behind ${word}`,
    folder('a', [{}, { artist: `Anna${word === ',' ? '' : ' '}${word} Bert` }, {}]),
    'Anna - First 3',
  ]),
  ['guests in brackets', folder('a', [{}, { artist: 'Anna (feat. Bert)' }]), 'Anna - First 2'],
  [
    'a guest where others name the album artist',
    folder('a', [{ albumartist: 'Anna' }, { artist: 'Anna feat. Bert' }]),
    'Anna - First 2',
  ],
  [
    'an original date on some',
    folder('a', [{ date: '2004' }, { date: '2004', originaldate: '1984' }]),
    'Anna - First 2',
  ],
  [
    'a release date on some',
    folder('a', [{ date: '2004' }, { date: '2004', releasedate: '2010' }, {}]),
    'Anna - First 3',
  ],
  [
    'a date with a day on some',
    folder('a', [{ date: '2004' }, { date: '2004-05-01' }, { date: '2004-05' }]),
    'Anna - First 3',
  ],
  [
    'release dates with a day on some',
    folder('a', [{ releasedate: '2004' }, { releasedate: '2004-05-01' }, {}]),
    'Anna - First 3',
  ],
  [
    'two formats',
    folder('a', [
      { date: '2004', originaldate: '1984' },
      { ending: '.m4a', date: '2004-05-01' },
    ]),
    'Anna - First 2',
  ],
  [
    'each track in two formats',
    {
      ...folder('a', [
        { originaldate: '1984', date: '2004' },
        { originaldate: '1984', date: '2004' },
      ]),
      ...folder('a', [{ ending: '.m4a' }, { ending: '.m4a' }]),
    },
    'Anna - First 4',
  ],
  [
    'the id of the release on some',
    folder('a', [{ musicbrainz_albumid: MBID }, {}, { artist: 'Anna feat. Bert' }]),
    'Anna - First 3',
  ],
  [
    'guests and dates at once',
    folder('a', [{}, { artist: 'Anna feat. Bert', releasedate: '2010' }, { artist: ['Anna', 'Cem'] }]),
    'Anna - First 3',
  ],
  [
    'discs in folders of their own',
    {
      ...folder('a/CD1', [{}, { artist: 'Anna feat. Bert' }]),
      ...folder('a/CD2', [{ releasedate: '2010' }, { artist: ['Anna', 'Cem'] }]),
    },
    'Anna - First 4',
  ],
]

for (const [what, spec, expected] of ONE)
  test(`one folder is one album: ${what}`, async (t) => {
    const rig = await scanRig(t, spec)
    await rig.scan()
    assert.deepEqual(albums(rig), [expected])
    const before = rig.songs()
    const again = await rig.scan('full')
    assert.deepEqual([again.changed, rig.songs()], [0, before], 'the same folder gives the same albums')
  })

const APART: readonly [string, LibrarySpec, readonly string[]][] = [
  [
    'reissues in folders of their own',
    { ...folder('a', [{}, {}]), ...folder('b', [{ releasedate: '2010' }, { releasedate: '2010' }]) },
    ['Anna - First 2', 'Anna - First 2'],
  ],
  [
    'a reissue in the same folder',
    {
      ...folder('a', [{}, {}]),
      ...Object.fromEntries(
        Object.entries(folder('a', [{ releasedate: '2010' }, { releasedate: '2010' }])).map(([path, tags]) => [
          path.replace('a/', 'a/new '),
          tags,
        ]),
      ),
    },
    ['Anna - First 2', 'Anna - First 2'],
  ],
  [
    'two release dates',
    folder('a', [{ releasedate: '2004' }, { releasedate: '2010' }]),
    ['Anna - First 1', 'Anna - First 1'],
  ],
  [
    'albums of one name by two artists',
    folder('a', [{}, {}, { artist: 'Bert' }]),
    ['Anna - First 2', 'Bert - First 1'],
  ],
  ['names that only begin alike', folder('a', [{}, { artist: 'Annabel' }]), ['Anna - First 1', 'Annabel - First 1']],
  [
    'an album artist of its own',
    folder('a', [{ albumartist: 'Anna' }, { artist: 'Anna feat. Bert', albumartist: 'Bert' }]),
    ['Anna - First 1', 'Bert - First 1'],
  ],
  [
    'two albums in one folder',
    folder('a', [{}, { album: 'Second', artist: 'Anna feat. Bert' }]),
    ['Anna - First 1', 'Anna feat. Bert - Second 1'],
  ],
  [
    'guests elsewhere',
    { ...folder('a', [{}]), ...folder('b', [{ artist: 'Anna feat. Bert' }]) },
    ['Anna - First 1', 'Anna feat. Bert - First 1'],
  ],
]

for (const [what, spec, expected] of APART)
  test(`albums stay apart: ${what}`, async (t) => {
    const rig = await scanRig(t, spec)
    await rig.scan()
    assert.deepEqual(albums(rig), expected)
  })

test('a track that comes to an album later, or changes it, joins it, and nothing is read twice without need', async (t) => {
  const rig = await scanRig(t, folder('a', [{ artist: 'Anna feat. Bert' }]))
  await rig.scan()
  const album = rig.song('Song 1').albumId
  star(rig, album)
  await rig.write({ 'a/2.mp3': { title: 'Song 2', tracknumber: '2', album: 'First', artist: 'Anna' } })
  await rig.scan()
  assert.deepEqual(albums(rig), ['Anna - First 2'])
  await rig.write({ 'a/3.mp3': { title: 'Song 3', tracknumber: '3', album: 'First', artist: 'Anna feat. Cem' } })
  const third = await rig.scan()
  assert.deepEqual([albums(rig), third.added, third.changed], [['Anna - First 3'], 1, 0])
  await rm(join(rig.folder, 'a/2.mp3'))
  await rig.scan()
  assert.deepEqual(albums(rig), ['Anna - First 2'])
  assert.deepEqual([rig.song('Song 1').albumId, starred(rig)], [album, [album]])
})

for (const [what, tracks] of [
  ['into the album of the artist', [{}, { artist: 'Anna feat. Bert' }, { artist: ['Anna', 'Cem'] }]],
  ['into one that was not there', [{ artist: 'Anna feat. Bert' }, { artist: ['Anna', 'Cem'] }]],
] as const)
  test(`albums that were split by an older version come together with their marks: ${what}`, async (t) => {
    const rig = await scanRig(t, folder('a', tracks))
    await rig.scan()
    const [first, ...rest] = rig.songs()
    if (!first) throw new Error('no songs')
    // As it was: an album for each list of artists.
    for (const song of rest) {
      const { lastId } = rig.db.run(
        `INSERT INTO album (library_id, key, name, order_name, artist, artist_id, order_artist, created_at, updated_at)
         SELECT library_id, key || ?, name, order_name, artist, artist_id, order_artist, 7, 7 FROM album WHERE id = ?`,
        [song.id, first.albumId],
      )
      rig.db.run('UPDATE song SET album_id = ? WHERE id = ?', [lastId, song.id])
    }
    if (what !== 'into the album of the artist')
      rig.db.run("UPDATE album SET key = key || 'old' WHERE id = ?", [first.albumId])
    rig.db.run("DELETE FROM meta WHERE key LIKE 'scan.mapping.%'")
    const split = rig.songs().map(({ albumId }) => albumId)
    assert.equal(new Set(split).size, tracks.length)
    for (const id of split.slice(1)) star(rig, id)
    rig.db.run('UPDATE annotation SET play_count = 2 WHERE kind = 2')
    const ids = rig.songs().map(({ id }) => id)
    await rig.scan()
    assert.deepEqual(albums(rig), [`Anna - First ${tracks.length}`])
    const [album] = new Set(rig.songs().map(({ albumId }) => albumId))
    assert.ok(split.includes(album as AlbumId))
    assert.deepEqual([rig.songs().map(({ id }) => id), starred(rig)], [ids, [album]])
    const found = rig.repositories.albums.find(EVERYTHING, album as AlbumId)
    assert.deepEqual([found?.rating, found?.playCount], [4, 2 * (tracks.length - 1)])
  })

function star(rig: ScanRig, key: AlbumId): void {
  rig.repositories.annotations.setStarred(EVERYTHING, [{ kind: 'album', key }], true, 5)
  rig.repositories.annotations.setRating(EVERYTHING, { kind: 'album', key }, 4, 5)
}

function starred(rig: ScanRig): readonly number[] {
  return rig.db.select('SELECT item_id FROM annotation WHERE kind = 2 AND starred_at > 0', [], (row) => row.number(0))
}

test('a folder where each song has another artist costs no more than its size', () => {
  const audio = { durationMs: 1000, bitRate: 128, sampleRate: 44100, bitDepth: 0, channels: 2, codec: 'mp3' }
  const names = new Names(DEFAULT_SCANNER_SETTINGS)
  const songs = Array.from({ length: 1000 }, (_, index) => {
    const path = `charts/${index}.mp3`
    const tags = { title: [`Song ${index}`], artist: [`Número ${index} & Friends`], album: ['Charts'] }
    const source = { path, tags, audio, lyrics: [], picture: '' }
    return { path, draft: mapSong(source, names, DEFAULT_SCANNER_SETTINGS) }
  })
  const before = process.cpuUsage()
  assert.equal(joinAlbums(songs).size, 1000)
  const { user } = process.cpuUsage(before)
  // Some 0.2 s; 7 s when each name is folded for each other.
  assert.ok(user < 3e6, `${user / 1e6} s of processor time`)
})
