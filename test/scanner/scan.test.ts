import assert from 'node:assert/strict'
import { rm, utimes, writeFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { test } from 'node:test'
import { createArtworkRepository } from '../../src/library/artwork-repository.ts'
import { coverJpeg } from '../support/audio.ts'
import { createTestClock } from '../support/clock.ts'
import { quietHooks } from '../support/hooks.ts'
import { EVERYTHING, scanRig } from '../support/scanned-library.ts'
import { DEFAULT_SCANNER_SETTINGS } from '../support/scanner-settings.ts'

const album = (over: Record<string, string | number | readonly string[]> = {}) => ({
  artist: 'Björk',
  albumartist: 'Björk',
  album: 'Début',
  date: '1993-07-05',
  genre: ['Pop', 'Electronic'],
  ...over,
})

test('a library becomes songs, an album, artists, genres and folders', async (t) => {
  const rig = await scanRig(t, {
    'Björk/Debut/01 - Human Behaviour.mp3': album({ title: 'Human Behaviour', tracknumber: 1 }),
    'Björk/Debut/02 - Crying.flac': album({ title: 'Crying', tracknumber: 2, artist: 'Björk feat. Nellee' }),
    'Björk/Debut/cover.jpg': coverJpeg(),
    'loose.ogg': { title: 'Loose', artist: 'Someone' },
    'Notes/readme.txt': 'no music here',
  })
  const summary = await rig.scan()
  assert.deepEqual([summary.added, summary.problems, summary.cancelled], [3, 0, false])
  const { repositories } = rig
  const song = rig.song('Crying')
  assert.equal(song.path, 'Björk/Debut/02 - Crying.flac')
  assert.deepEqual([song.codec, song.suffix, song.year, song.trackNumber], ['flac', 'flac', 1993, 2])
  assert.deepEqual(
    song.credits.map(({ role, name }) => [role, name]),
    [
      ['artist', 'Björk'],
      ['artist', 'Nellee'],
      ['albumartist', 'Björk'],
    ],
  )
  const found = repositories.albums.find(EVERYTHING, song.albumId)
  assert.deepEqual(
    [found?.name, found?.artist, found?.songCount, found?.minYear, found?.genres],
    ['Début', 'Björk', 2, 1993, ['Pop', 'Electronic']],
  )
  assert.equal(found?.folderId, song.folderId)
  assert.notEqual(found?.coverVersion, '')
  assert.equal(song.coverVersion, found?.coverVersion)
  const artists = [...repositories.artists.albumArtists(EVERYTHING)]
  assert.deepEqual(
    artists.map(({ name, albumCount, songCount }) => [name, albumCount, songCount]),
    [
      ['Björk', 1, 2],
      ['Someone', 1, 1],
    ],
  )
  assert.deepEqual(
    repositories.genres.list(EVERYTHING).map(({ name, songCount, albumCount }) => [name, songCount, albumCount]),
    [
      ['Electronic', 2, 1],
      ['Pop', 2, 1],
    ],
  )
  const root = repositories.folders.roots(EVERYTHING)[0]
  assert.deepEqual([root?.totalSongs, root?.songCount], [3, 1])
  const [artistFolder, ...others] = repositories.folders.children(EVERYTHING, root?.id as never)
  assert.deepEqual([artistFolder?.name, artistFolder?.totalSongs, others.length], ['Björk', 2, 0])
  assert.deepEqual(
    Array.from(repositories.search.songs(EVERYTHING, 'bjork cry', { limit: 10, offset: 0 }), ({ title }) => title),
    ['Crying'],
  )
  const library = rig.library()
  assert.deepEqual(
    [library.state, library.scanPending, library.songCount, library.albumCount, library.folderCount],
    ['ok', '', 3, 2, 3],
  )
})

test('an album of several formats is one album', async (t) => {
  const rig = await scanRig(t, {
    'Björk/Debut/1.mp3': album({ title: 'One' }),
    'Björk/Debut/2.m4a': album({ title: 'Two' }),
    'Björk/Debut/3.flac': album({ title: 'Three' }),
    'Björk/Debut/4.opus': album({ title: 'Four' }),
    'Björk/Debut/5.m4a': album({ title: 'Five', originaldate: '1990' }),
    'Björk/Debut/6.mp3': album({ title: 'Six', originaldate: '1990' }),
  })
  await rig.scan()
  const albumOf = (title: string) => rig.song(title).albumId
  for (const title of ['Two', 'Three', 'Four']) assert.equal(albumOf(title), albumOf('One'), title)
  assert.equal(albumOf('Five'), albumOf('Six'))
})

test('an unchanged library is not read again, a full scan reads all and changes nothing', async (t) => {
  const rig = await scanRig(t, { 'A/B/1.mp3': album({ title: 'One' }), 'A/B/2.opus': album({ title: 'Two' }) })
  await age(rig.folder, ['A/B/1.mp3', 'A/B/2.opus'])
  await rig.scan()
  const before = rig.songs()
  rig.db.run('UPDATE song SET comment = ? WHERE title = ?', ['mine', 'One'])
  const quick = await rig.scan()
  assert.deepEqual([quick.added, quick.changed], [0, 0])
  assert.equal(rig.song('One').comment, 'mine')
  const full = await rig.scan('full')
  assert.deepEqual([full.added, full.changed, full.removed], [0, 1, 0])
  assert.equal(rig.song('One').comment, '')
  assert.deepEqual(
    rig.songs().map(({ id }) => id),
    before.map(({ id }) => id),
  )
})

test('a retagged file is read again, also when its folder keeps its time', async (t) => {
  const rig = await scanRig(t, { 'A/B/1.mp3': album({ title: 'One' }), 'A/B/2.mp3': album({ title: 'Two' }) })
  await rig.scan()
  const { id } = rig.song('One')
  await rig.write({ 'A/B/1.mp3': album({ title: 'Uno', genre: 'Jazz' }) })
  const summary = await rig.scan()
  assert.deepEqual([summary.added, summary.changed], [0, 1])
  assert.equal(rig.song('Uno').id, id)
  assert.deepEqual(
    rig.repositories.genres.list(EVERYTHING).map(({ name, songCount }) => [name, songCount]),
    [
      ['Electronic', 1],
      ['Jazz', 1],
      ['Pop', 1],
    ],
  )
  const search = (query: string) => rig.repositories.search.songs(EVERYTHING, query, { limit: 5, offset: 0 }).length
  assert.deepEqual([search('uno'), search('one')], [1, 0])
})

test('discs in folders of their own are one album with a common folder', async (t) => {
  const disc = (number: number) =>
    album({ title: `Song ${number}`, discnumber: number, discsubtitle: `Part ${number}` })
  const rig = await scanRig(t, {
    'A/Box/CD1/1.mp3': disc(1),
    'A/Box/CD2/1.mp3': disc(2),
    'A/Box/cover.png': coverJpeg(),
    'A/Box/CD2/cover.jpg': coverJpeg(2),
    'A/artist.jpg': coverJpeg(3),
  })
  await rig.scan()
  const [one, two] = [rig.song('Song 1'), rig.song('Song 2')]
  assert.equal(one.albumId, two.albumId)
  const found = rig.repositories.albums.find(EVERYTHING, one.albumId)
  const folder = rig.repositories.folders.find(EVERYTHING, found?.folderId as never)
  assert.equal(folder?.path, 'A/Box')
  assert.deepEqual(found?.discTitles, [
    { disc: 1, title: 'Part 1', cover: one.coverVersion },
    { disc: 2, title: 'Part 2', cover: two.coverVersion },
  ])
  assert.equal(one.coverVersion, found?.coverVersion)
  assert.notEqual(two.coverVersion, found?.coverVersion)
  assert.notEqual(rig.repositories.artists.find(EVERYTHING, one.artistId)?.coverVersion, '')
})

test('covers have versions that change with the picture', async (t) => {
  const picture = (seed: number) => ({ mime: 'image/jpeg', data: coverJpeg(seed) })
  const rig = await scanRig(t, {
    'A/B/1.mp3': { audio: { tags: album({ title: 'One' }), picture: picture(1) } },
    'A/B/2.mp3': { audio: { tags: album({ title: 'Two' }), picture: picture(1) } },
    'A/B/3.mp3': { audio: { tags: album({ title: 'Three' }), picture: picture(2) } },
  })
  await rig.scan()
  const version = () => rig.repositories.albums.find(EVERYTHING, rig.song('One').albumId)?.coverVersion ?? ''
  const embedded = version()
  assert.deepEqual([rig.song('One').coverVersion, rig.song('Two').coverVersion], [embedded, embedded])
  assert.notEqual(rig.song('Three').coverVersion, embedded)
  await rig.write({ 'A/B/cover.jpg': coverJpeg(3) })
  await rig.scan()
  const file = version()
  assert.notEqual(file, embedded)
  assert.equal(rig.song('One').coverVersion, embedded)
  await rig.write({ 'A/B/cover.jpg': coverJpeg(44) })
  await rig.scan()
  assert.notEqual(version(), file)
  await rm(join(rig.folder, 'A/B/cover.jpg'))
  await rig.scan()
  assert.equal(version(), embedded)
})

test('lyrics files beside a song are listed in the order of the setting', async (t) => {
  const rig = await scanRig(t, {
    'A/1.mp3': { title: 'One' },
    'A/1.txt': 'plain',
    'A/1.lrc': '[00:01.00]x',
    'A/1.en.lrc': '[00:01.00]y',
    'A/other.lrc': 'z',
  })
  await rig.scan()
  assert.deepEqual(rig.song('One').lyricsFiles, ['1.lrc', '1.en.lrc', '1.txt'])
  await rm(join(rig.folder, 'A/1.lrc'))
  await rig.scan()
  assert.deepEqual(rig.song('One').lyricsFiles, ['1.en.lrc', '1.txt'])
})

test('formats that nothing can read live by their names', async (t) => {
  const rig = await scanRig(t, { 'Band/Album/02 - Song.tak': 'tBaK whatever', 'Band/Album/03 - Other.shn': 'ajkg' })
  const summary = await rig.scan()
  assert.deepEqual([summary.added, summary.problems], [2, 0])
  const song = rig.song('Song')
  assert.deepEqual([song.artist, song.album, song.trackNumber, song.suffix], ['Band', 'Album', 2, 'tak'])
})

test('plugins may change tags before they are mapped', async (t) => {
  const rig = await scanRig(
    t,
    { 'A/1.mp3': album({ title: 'One' }) },
    {
      hooks: {
        ...quietHooks,
        has: (name) => name === 'scan.tags',
        transform: (name, input) => {
          if (name !== 'scan.tags') return input
          const batch = input as readonly { readonly path: string; readonly tags: Record<string, readonly string[]> }[]
          return batch.map((file) => ({ ...file, tags: { ...file.tags, genre: ['Changed'] } })) as typeof input
        },
      },
    },
  )
  await rig.scan()
  assert.deepEqual(rig.song('One').genres, ['Changed'])
})

test('what a scan did is told once', async (t) => {
  const told: [string, unknown][] = []
  const rig = await scanRig(
    t,
    { 'A/1.mp3': album({ title: 'One' }) },
    { hooks: { ...quietHooks, observe: (name, input) => void told.push([name, input]) } },
  )
  await rig.scan()
  assert.deepEqual(
    told.map(([name]) => name),
    ['scan.started', 'library.changed', 'scan.finished'],
  )
  assert.deepEqual(told[1]?.[1], { added: ['s1'], changed: [], removed: [], truncated: false })
  told.length = 0
  await rig.scan()
  assert.deepEqual(
    told.map(([name]) => name),
    ['scan.started', 'scan.finished'],
  )
})

test('progress is told up to the end and a second call joins', async (t) => {
  const rig = await scanRig(t, { 'A/1.mp3': album({ title: 'One' }), 'A/2.mp3': album({ title: 'Two' }) })
  const seen: boolean[] = []
  rig.scanner.onProgress((status) => seen.push(status.scanning))
  const first = rig.scan()
  const second = rig.scan()
  assert.equal(rig.scanner.status().scanning, true)
  assert.equal((await first).scanId, (await second).scanId)
  const status = rig.scanner.status()
  assert.deepEqual([status.scanning, status.count, status.folderCount], [false, 2, 2])
  assert.deepEqual([seen[0], seen.at(-1)], [true, false])
})

test('other settings of the mapping read the library again', async (t) => {
  const rig = await scanRig(t, { 'A/1.mp3': album({ title: 'One', artist: 'X feat. Y' }) })
  await rig.scan()
  rig.db.run(`UPDATE meta SET value = 'older' WHERE key LIKE 'scan.mapping.%'`)
  rig.db.run(`UPDATE song SET comment = 'stale'`)
  await rig.scan()
  assert.equal(rig.song('One').comment, '')
})

async function age(folder: string, paths: readonly string[]): Promise<void> {
  const then = new Date(Date.now() - 60_000)
  for (const path of paths) await utimes(join(folder, path), then, then)
}

test('a file that is still being written is no problem but looked at again', async (t) => {
  // Stands still: a busy machine may take longer for the scan than a file counts as new.
  const clock = createTestClock(Date.now())
  const rig = await scanRig(t, { 'A/1.mp3': album({ title: 'One' }) }, { clock })
  await rig.scan()
  await writeFile(join(rig.folder, 'A/half.mp3'), 'only the beginning')
  const written = new Date(clock.now())
  await utimes(join(rig.folder, 'A/half.mp3'), written, written)
  const { problems } = await rig.scan()
  assert.deepEqual([problems, rig.problems()], [0, []])
  await rig.write({ 'A/half.mp3': album({ title: 'Whole' }) })
  await rig.scan()
  assert.equal(rig.song('Whole').path, 'A/half.mp3')
})

test('a file that can not be read is set aside and left alone until it changes', async (t) => {
  const rig = await scanRig(t, { 'A/1.mp3': album({ title: 'One' }), 'A/bad.flac': 'no music' })
  await age(rig.folder, ['A/bad.flac'])
  assert.equal((await rig.scan()).problems, 1)
  assert.deepEqual(
    rig.problems().map(({ path, reason }) => [path, reason.includes(rig.folder)]),
    [['A/bad.flac', false]],
  )
  await rig.write({ 'A/2.mp3': album({ title: 'Two' }) })
  assert.deepEqual([(await rig.scan()).problems, rig.problems().length], [0, 1])
  await rig.write({ 'A/bad.flac': album({ title: 'Better' }) })
  await rig.scan()
  assert.deepEqual([rig.song('Better').suffix, rig.problems()], ['flac', []])
})

test('a copy of a song in another folder takes no cover away, and lends none', async (t) => {
  const ring = (disc: number, track: number) => ({
    audio: {
      tags: { title: `${disc}.${track}`, album: 'Ring', artist: 'Wagner', discnumber: disc, tracknumber: track },
    },
  })
  const rig = await scanRig(t, {
    'Wagner/Ring/folder.jpg': coverJpeg(),
    'Wagner/Ring/CD1/1.mp3': ring(1, 1),
    'Wagner/Ring/CD1/2.mp3': ring(1, 2),
    'Wagner/Ring/CD1/3.mp3': ring(1, 3),
    'Wagner/Ring/CD2/1.mp3': ring(2, 1),
    'Wagner/Ring/CD2/2.mp3': ring(2, 2),
    'Wagner/Ring/Bonus/1.mp3': ring(3, 1),
    'Downloads/cover.jpg': Buffer.concat([coverJpeg(), Buffer.from('other')]),
    'Downloads/copy.mp3': ring(1, 1),
  })
  await rig.scan()
  const artwork = createArtworkRepository(rig.db, DEFAULT_SCANNER_SETTINGS.coverPriority)
  const { albumId } = rig.song('2.1')
  assert.ok(rig.songs().every((song) => song.albumId === albumId))
  const candidates = artwork.candidates(EVERYTHING, { kind: 'album', key: albumId })
  assert.deepEqual(
    candidates.map(({ path }) => relative(rig.folder, path)),
    ['Wagner/Ring/folder.jpg', 'Downloads/cover.jpg'],
  )
  assert.notEqual(artwork.version(EVERYTHING, { kind: 'album', key: albumId }), '')
  assert.notEqual(rig.song('3.1').coverVersion, '')
})
