import assert from 'node:assert/strict'
import { cp, mkdir, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { FULL_SCOPE } from '../../src/base/access-scope.ts'
import type { LibraryId, PlaylistId, SongId } from '../../src/base/ids.ts'
import { coverJpeg } from '../support/audio.ts'
import { type LibrarySpec, makeMusicLibrary } from '../support/music-library.ts'
import { EVERYTHING, type ScanRig, scanRig } from '../support/scanned-library.ts'
import { tempFolder } from '../support/temp-database.ts'

function album(artist: string, count: number): LibrarySpec {
  return Object.fromEntries([
    ...Array.from({ length: count }, (_, index) => [
      `${artist}/First/${index}.mp3`,
      {
        title: `${artist} ${index}`,
        artist,
        albumartist: artist,
        album: `First of ${artist}`,
        tracknumber: index + 1,
        genre: artist,
      },
    ]),
    [`${artist}/First/cover.jpg`, coverJpeg(count)],
  ])
}

interface Two extends ScanRig {
  readonly roots: readonly [string, string]
  readonly ids: readonly [LibraryId, LibraryId]
}

/** Anna's album in the first library, Bert's in the second; all marked. */
async function twoLibraries(t: TestContext, songs = 3, others = 2): Promise<Two> {
  const base = tempFolder(t)
  const roots = [join(base, 'one'), join(base, 'two')] as const
  const rig = await scanRig(
    t,
    { ...album('Anna', songs), ...(others > 0 ? album('Cem', others) : {}) },
    { folder: roots[0] },
  )
  await makeMusicLibrary(roots[1], { ...album('Bert', songs), ...(others > 0 ? album('Dora', others) : {}) })
  const second = rig.repositories.libraries.create(
    { name: 'Two', path: roots[1], recursive: true, followSymlinks: true, excludePatterns: [] },
    0,
  )
  await rig.scan()
  rig.db.run('UPDATE song SET created_at = 1000 + id')
  rig.db.run('UPDATE album SET created_at = 1000 + id')
  const { annotations, playlists, plays } = rig.repositories
  for (const artist of ['Anna', 'Bert']) {
    const song = rig.song(`${artist} 0`)
    const items = [
      { kind: 'song', key: song.id },
      { kind: 'album', key: song.albumId },
      { kind: 'artist', key: song.artistId },
    ] as const
    annotations.setStarred(EVERYTHING, items, true, 5)
    for (const item of items) annotations.setRating(EVERYTHING, item, 4, 5)
    for (let index = 0; index < 3; index++) {
      const { id } = rig.song(`${artist} ${index}`)
      plays.record(EVERYTHING, [{ songId: id, at: 100 + index }], 'test')
    }
    plays.flush()
    const last = rig.song(`${artist} 2`).id
    playlists.create(EVERYTHING, artist, [last, song.id, last], 7)
  }
  return { ...rig, roots, ids: [rig.libraryId, second] }
}

/** All that must stay, of the albums that are moved. */
function kept(rig: Two, artist: string): unknown {
  const songs = rig.songs().filter(({ artist: name }) => name === artist)
  const [first] = songs
  if (!first) return 'nothing'
  const found = rig.repositories.albums.find(EVERYTHING, first.albumId)
  const person = rig.repositories.artists.find(EVERYTHING, first.artistId)
  const list = rig.db.all<{ id: PlaylistId }>('SELECT id FROM playlist WHERE name = ?', [artist])[0]
  return {
    songs: songs.map(({ id, title, starredAt, rating, playCount, playedAt, createdAt, albumId, artistId }) => [
      id,
      title,
      starredAt,
      rating,
      playCount,
      playedAt,
      createdAt,
      albumId,
      artistId,
    ]),
    album: found && [
      found.id,
      found.name,
      found.songCount,
      found.starredAt,
      found.rating,
      found.averageRating,
      found.playCount,
      found.createdAt,
      found.coverVersion !== '',
    ],
    artist: person && [person.id, person.albumCount, person.songCount, person.starredAt],
    playlist: rig.db.select(
      'SELECT song_id FROM playlist_song WHERE playlist_id = ? ORDER BY position',
      [list?.id ?? 0],
      (row) => row.number(0) as SongId,
    ),
  }
}

/** Counts as a library that was scanned anew would have them. */
function checkCounts(rig: Two): void {
  for (const library of rig.repositories.libraries.list(FULL_SCOPE)) {
    const count = (sql: string) => rig.db.select(`SELECT count(*) FROM ${sql}`, [library.id], (row) => row.number(0))[0]
    assert.deepEqual(
      [library.songCount, library.albumCount, library.missingCount, library.state],
      [
        count('song WHERE missing = 0 AND library_id = ?'),
        count('album WHERE missing = 0 AND library_id = ?'),
        count('song WHERE missing = 1 AND library_id = ?'),
        'ok',
      ],
    )
    const root = rig.db.get<{ n: number }>("SELECT total_songs AS n FROM folder WHERE library_id = ? AND path = ''", [
      library.id,
    ])
    assert.equal(root?.n ?? 0, library.songCount)
  }
  assert.deepEqual(rig.db.all('PRAGMA foreign_key_check'), [])
}

const move = async (rig: Two, artist: string, [from, to]: readonly [0 | 1, 0 | 1]) => {
  await mkdir(join(rig.roots[to], artist), { recursive: true })
  await rename(join(rig.roots[from], artist, 'First'), join(rig.roots[to], artist, 'First'))
}
const copy = async (rig: Two, artist: string, [from, to]: readonly [0 | 1, 0 | 1]) => {
  const target = join(rig.roots[to], artist)
  await mkdir(dirname(target), { recursive: true })
  await cp(join(rig.roots[from], artist), target, { recursive: true, preserveTimestamps: true })
}

const WAYS: readonly [string, string, readonly [0 | 1, 0 | 1]][] = [
  ['to a later library', 'Anna', [0, 1]],
  ['to an earlier library', 'Bert', [1, 0]],
]

for (const [what, artist, way] of WAYS) {
  test(`an album that is moved ${what} keeps everything`, async (t) => {
    const rig = await twoLibraries(t)
    const before = kept(rig, artist)
    const folder = rig.song(`${artist} 0`).folderId
    await move(rig, artist, way)
    const summary = await rig.scan()
    assert.deepEqual([summary.added, summary.moved, summary.lost], [0, 3, []])
    assert.deepEqual(kept(rig, artist), before)
    const song = rig.song(`${artist} 0`)
    assert.deepEqual([song.libraryId, song.folderId], [rig.ids[way[1]], folder])
    checkCounts(rig)
    const again = await rig.scan('full')
    assert.deepEqual([again.added, again.changed, again.removed, kept(rig, artist)], [0, 0, 0, before])
    checkCounts(rig)
  })

  for (const order of ['source first', 'target first'])
    test(`an album that is moved ${what} keeps everything, the ${order}`, async (t) => {
      const rig = await twoLibraries(t)
      const before = kept(rig, artist)
      await move(rig, artist, way)
      const [from, to] = [rig.ids[way[0]], rig.ids[way[1]]]
      for (const id of order === 'source first' ? [from, to] : [to, from])
        await rig.scanner.scan({ kind: 'quick', libraries: [id] })
      assert.deepEqual(kept(rig, artist), before)
      checkCounts(rig)
    })

  test(`an album that is copied ${what}, and deleted later, keeps everything`, async (t) => {
    const rig = await twoLibraries(t)
    const before = kept(rig, artist)
    await copy(rig, artist, way)
    assert.equal((await rig.scan()).added, 3)
    await rm(join(rig.roots[way[0]], artist), { recursive: true })
    const summary = await rig.scan()
    assert.deepEqual([summary.added, summary.moved, summary.removed], [0, 3, 0])
    assert.deepEqual(kept(rig, artist), before)
    assert.equal(rig.song(`${artist} 0`).libraryId, rig.ids[way[1]])
    const found = rig.repositories.search.songs(EVERYTHING, artist.toLowerCase(), { limit: 50, offset: 0 })
    assert.equal(found.length, 3)
    checkCounts(rig)
  })

  test(`most of a library that is moved ${what} is no loss`, async (t) => {
    const rig = await twoLibraries(t, 60)
    const before = kept(rig, artist)
    await move(rig, artist, way)
    const summary = await rig.scan()
    assert.deepEqual([summary.lost, summary.added], [[], 0])
    assert.deepEqual(kept(rig, artist), before)
    checkCounts(rig)
  })
}

test('a copy that stays is a song of its own, and one of a disk that is away is not taken', async (t) => {
  const rig = await twoLibraries(t)
  const ids = rig.songs().map(({ id }) => id)
  await copy(rig, 'Anna', [0, 1])
  await rig.scan()
  assert.deepEqual([rig.songs().length, rig.songs().filter(({ id }) => ids.includes(id)).length], [13, 10])
  await rename(rig.roots[0], `${rig.roots[0]}.away`)
  await copy({ ...rig, roots: [`${rig.roots[0]}.away`, rig.roots[1]] }, 'Cem', [0, 1])
  await rig.scan()
  assert.deepEqual(rig.songs().filter(({ id }) => ids.includes(id)).length, 10)
})

test('a few songs that are moved take nothing of their album along', async (t) => {
  const rig = await twoLibraries(t)
  const { id, albumId } = rig.song('Anna 0')
  await mkdir(join(rig.roots[1], 'Anna/First'), { recursive: true })
  await rename(join(rig.roots[0], 'Anna/First/0.mp3'), join(rig.roots[1], 'Anna/First/0.mp3'))
  await rig.scan()
  const song = rig.song('Anna 0')
  assert.deepEqual([song.id, song.starredAt, song.albumId === albumId], [id, 5, false])
  assert.equal(rig.song('Anna 1').albumId, albumId)
  checkCounts(rig)
})
