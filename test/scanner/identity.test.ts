import assert from 'node:assert/strict'
import { mkdir, rename, rm, utimes } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { EVERYTHING, type ScanRig, scanRig } from '../support/scanned-library.ts'

const tags = (title: string, over: Record<string, string | number> = {}) => ({
  title,
  artist: 'Band',
  albumartist: 'Band',
  album: 'Album',
  ...over,
})
const LIBRARY = {
  'Band/Album/1.mp3': tags('One', { tracknumber: 1 }),
  'Band/Album/2.mp3': tags('Two', { tracknumber: 2 }),
  'Other/Thing/3.mp3': tags('Three', { artist: 'Other', albumartist: 'Other', album: 'Thing' }),
}

async function move(rig: ScanRig, from: string, to: string): Promise<void> {
  await mkdir(dirname(join(rig.folder, to)), { recursive: true })
  await rename(join(rig.folder, from), join(rig.folder, to))
}

function star(rig: ScanRig, kind: 'song' | 'album' | 'artist' | 'folder', key: number): void {
  const done = rig.repositories.annotations.setStarred(EVERYTHING, [{ kind, key }], true, 5)
  assert.equal(done.length, 1)
  rig.repositories.annotations.setRating(EVERYTHING, { kind, key }, 4, 5)
}

test('a renamed, a moved and a retagged file keep their id and stars', async (t) => {
  const rig = await scanRig(t, LIBRARY)
  await rig.scan()
  const ids = ['One', 'Two', 'Three'].map((title) => rig.song(title).id)
  for (const id of ids) star(rig, 'song', id)
  await move(rig, 'Band/Album/1.mp3', 'Band/Album/01 - One.mp3')
  await move(rig, 'Band/Album/2.mp3', 'Elsewhere/deep/2.mp3')
  const summary = await rig.scan()
  assert.deepEqual([summary.added, summary.moved, summary.removed], [0, 2, 0])
  assert.deepEqual(
    ['One', 'Two', 'Three'].map((title) => rig.song(title).id),
    ids,
  )
  assert.equal(rig.song('Two').path, 'Elsewhere/deep/2.mp3')
  assert.equal(rig.song('Two').starredAt, 5)
  assert.deepEqual(rig.repositories.folders.find(EVERYTHING, rig.song('Two').folderId)?.totalSongs, 1)
})

test('a file that moved and was retagged at once is known by its tags or its name', async (t) => {
  const rig = await scanRig(t, LIBRARY)
  await rig.scan()
  const one = rig.song('One').id
  await rm(join(rig.folder, 'Band/Album/1.mp3'))
  await rig.write({ 'New/place.mp3': tags('One', { tracknumber: 1, comment: 'retagged' }) })
  assert.equal((await rig.scan()).moved, 1)
  assert.equal(rig.song('One').id, one)
  assert.equal(rig.song('One').comment, 'retagged')
})

/** A file whose length tells it. */
const long = (title: string, seconds: number, over: Record<string, string | number> = {}) => ({
  audio: { format: 'flac' as const, seconds, tags: tags(title, over) },
})

test('a file that was renamed, moved and retagged at once is known by its sound', async (t) => {
  const rig = await scanRig(t, {
    'Band/Album/trak 1.flac': long('Oen', 40, { tracknumber: 1 }),
    'Band/Album/trak 2.flac': long('Tow', 41, { tracknumber: 2 }),
  })
  await rig.scan()
  const ids = ['Oen', 'Tow'].map((title) => rig.song(title).id)
  for (const id of ids) star(rig, 'song', id)
  await rm(join(rig.folder, 'Band/Album'), { recursive: true })
  const more = { album: 'The Album', comment: 'by a tagger, which makes the file longer' }
  await rig.write({
    'Band/The Album/01 One.flac': long('One', 40, { tracknumber: 1, ...more }),
    'Band/The Album/02 Two.flac': long('Two', 41, { tracknumber: 2, ...more }),
  })
  assert.deepEqual([(await rig.scan()).moved, rig.songs().length], [2, 2])
  assert.deepEqual(
    ['One', 'Two'].map((title) => [rig.song(title).id, rig.song(title).starredAt]),
    ids.map((id) => [id, 5]),
  )
})

test('another song of the same length is not taken for one that is gone', async (t) => {
  const rig = await scanRig(t, {
    'Band/Album/a.flac': long('A', 40),
    'Band/Clips/c.flac': long('C', 20, { album: 'Clips' }),
    'Band/Twins/d.flac': long('D', 50, { album: 'Twins' }),
    'Band/Twins/e.flac': long('E', 50, { album: 'Twins' }),
    'Band/Stays/s.flac': long('S', 60, { album: 'Stays' }),
  })
  await rig.scan()
  await rm(join(rig.folder, 'Band/Album'), { recursive: true })
  await rm(join(rig.folder, 'Band/Clips'), { recursive: true })
  await rm(join(rig.folder, 'Band/Twins'), { recursive: true })
  const someone = { artist: 'Someone', albumartist: 'Someone', album: 'Else' }
  await rig.write({
    // Nothing but the length is the same; a clip; two that could be either.
    'Someone/Else/x.flac': long('X', 40, someone),
    'Band/Other/y.flac': long('Y', 20, { album: 'Other', comment: 'longer' }),
    'Band/Other/z.flac': long('Z', 50, { album: 'Other', comment: 'longer' }),
  })
  const { moved, added } = await rig.scan()
  assert.deepEqual([moved, added], [0, 3])
})

test('a new part of a book is not taken for one that is gone, though all parts are of one length', async (t) => {
  const book = { artist: 'Author', albumartist: 'Author', album: 'Book' }
  const part = (number: number) => long(`Part ${number}`, 40, { ...book, tracknumber: number })
  const rig = await scanRig(t, { 'Book/1.flac': part(1), 'Book/2.flac': part(2), 'Book/3.flac': part(3) })
  await rig.scan()
  await rm(join(rig.folder, 'Book/2.flac'))
  await rig.write({ 'Book/04.flac': part(4) })
  const { moved, added } = await rig.scan()
  assert.deepEqual([moved, added], [0, 1])
})

test('songs of which nothing is known have nothing in common but their length', async (t) => {
  const bare = (title: string, comment = '') => ({
    audio: { format: 'flac' as const, seconds: 40, tags: { title, ...(comment ? { comment } : {}) } },
  })
  const rig = await scanRig(t, { 'a.flac': bare('A') })
  await rig.scan()
  await rm(join(rig.folder, 'a.flac'))
  await rig.write({ 'New/b.flac': bare('B', 'longer') })
  const { moved, added } = await rig.scan()
  assert.deepEqual([moved, added], [0, 1])
})

test('a renamed folder keeps its id, and so do those above and its songs', async (t) => {
  const rig = await scanRig(t, LIBRARY)
  await rig.scan()
  const song = rig.song('One')
  const folder = song.folderId
  const parent = rig.repositories.folders.find(EVERYTHING, folder)?.parentId as never
  star(rig, 'folder', folder)
  star(rig, 'folder', parent)
  await move(rig, 'Band', 'The Band')
  const summary = await rig.scan()
  assert.deepEqual([summary.added, summary.removed], [0, 0])
  assert.equal(rig.song('One').id, song.id)
  assert.equal(rig.song('One').path, 'The Band/Album/1.mp3')
  assert.equal(rig.song('One').folderId, folder)
  const moved = rig.repositories.folders.find(EVERYTHING, parent)
  assert.deepEqual([moved?.path, moved?.starredAt, moved?.totalSongs], ['The Band', 5, 2])
})

test('names that were swapped or shifted keep their stars with the music', async (t) => {
  const rig = await scanRig(t, LIBRARY)
  const old = new Date(Date.now() - 100_000)
  await utimes(join(rig.folder, 'Band/Album/1.mp3'), old, old)
  await rig.scan()
  const [one, two] = [rig.song('One').id, rig.song('Two').id]
  await move(rig, 'Band/Album/1.mp3', 'Band/Album/tmp')
  await move(rig, 'Band/Album/2.mp3', 'Band/Album/1.mp3')
  await move(rig, 'Band/Album/tmp', 'Band/Album/2.mp3')
  await rig.scan()
  assert.deepEqual([rig.song('One').id, rig.song('Two').id], [one, two])
  assert.equal(rig.song('One').path, 'Band/Album/2.mp3')
})

test('an album and an artist that a retag renames as a whole keep their ids', async (t) => {
  const rig = await scanRig(t, LIBRARY)
  await rig.scan()
  const { albumId, artistId } = rig.song('One')
  star(rig, 'album', albumId)
  star(rig, 'artist', artistId)
  const renamed = { artist: 'The Bond', albumartist: 'The Bond', album: 'Albumen' }
  await rig.write({
    'Band/Album/1.mp3': tags('One', { ...renamed, tracknumber: 1 }),
    'Band/Album/2.mp3': tags('Two', { ...renamed, tracknumber: 2 }),
  })
  await rig.scan()
  const song = rig.song('One')
  assert.deepEqual([song.albumId, song.artistId, song.albumArtistId], [albumId, artistId, artistId])
  assert.deepEqual(
    song.credits.map(({ id }) => id),
    [artistId, artistId],
  )
  const album = rig.repositories.albums.find(EVERYTHING, albumId)
  assert.deepEqual([album?.name, album?.artist, album?.songCount, album?.starredAt], ['Albumen', 'The Bond', 2, 5])
  assert.deepEqual(album?.artists, [{ id: artistId, name: 'The Bond' }])
  const artist = rig.repositories.artists.find(EVERYTHING, artistId)
  assert.deepEqual([artist?.name, artist?.orderName, artist?.albumCount, artist?.rating], ['The Bond', 'bond', 1, 4])
  const names = [...rig.repositories.artists.albumArtists(EVERYTHING)].map(({ name }) => name)
  assert.deepEqual(names, ['The Bond', 'Other'])
  const found = rig.repositories.search.artists(EVERYTHING, 'bond', { limit: 5, offset: 0 })
  assert.deepEqual(
    found.map(({ id }) => id),
    [artistId],
  )
})

test('an album that merges into another one brings its marks along', async (t) => {
  const rig = await scanRig(t, LIBRARY)
  await rig.scan()
  const before = rig.song('Three').albumId
  const into = rig.song('One').albumId
  star(rig, 'album', before)
  await rig.write({ 'Other/Thing/3.mp3': tags('Three', { tracknumber: 3 }) })
  await rig.scan()
  assert.equal(rig.song('Three').albumId, into)
  const album = rig.repositories.albums.find(EVERYTHING, into)
  assert.deepEqual([album?.starredAt, album?.rating, album?.averageRating, album?.songCount], [5, 4, 4, 3])
  assert.equal(rig.repositories.albums.find(EVERYTHING, before), undefined)
  assert.equal(rig.repositories.artists.findByName(EVERYTHING, 'Other'), undefined)
})

test('a vanished file is hidden and comes back with everything', async (t) => {
  const rig = await scanRig(t, LIBRARY)
  await rig.scan()
  const song = rig.song('Three')
  for (const [kind, key] of [
    ['song', song.id],
    ['album', song.albumId],
    ['artist', song.artistId],
  ] as const)
    star(rig, kind, key)
  const playlist = rig.repositories.playlists.create(EVERYTHING, 'Mine', [song.id], 1)
  await move(rig, 'Other', '.hidden')
  const gone = await rig.scan()
  assert.deepEqual([gone.removed, gone.added], [1, 0])
  assert.equal(rig.repositories.songs.find(EVERYTHING, song.id), undefined)
  assert.equal(rig.repositories.albums.find(EVERYTHING, song.albumId), undefined)
  assert.equal(rig.repositories.artists.find(EVERYTHING, song.artistId), undefined)
  assert.equal(rig.repositories.search.songs(EVERYTHING, 'three', { limit: 5, offset: 0 }).length, 0)
  assert.equal(rig.library().missingCount, 1)
  assert.equal(rig.library().songCount, 2)
  await move(rig, '.hidden', 'Other')
  const back = await rig.scan()
  assert.deepEqual([back.returned, back.added, back.changed], [1, 0, 0])
  const again = rig.song('Three')
  assert.deepEqual([again.id, again.starredAt, again.rating], [song.id, 5, 4])
  assert.equal(rig.repositories.albums.find(EVERYTHING, song.albumId)?.starredAt, 5)
  assert.equal(rig.repositories.artists.find(EVERYTHING, song.artistId)?.starredAt, 5)
  assert.deepEqual(
    Array.from(rig.repositories.playlists.songs(EVERYTHING, playlist), ({ id }) => id),
    [song.id],
  )
  assert.equal(rig.repositories.search.songs(EVERYTHING, 'three', { limit: 5, offset: 0 }).length, 1)
})

test('a file that comes back elsewhere after a while is the old one', async (t) => {
  const rig = await scanRig(t, LIBRARY)
  await rig.scan()
  const { id } = rig.song('Three')
  await move(rig, 'Other', '.hidden')
  await rig.scan()
  await move(rig, '.hidden/Thing/3.mp3', 'Back/again.mp3')
  const summary = await rig.scan()
  assert.deepEqual([summary.moved, summary.added], [1, 0])
  assert.equal(rig.song('Three').id, id)
})

test('copies are songs of their own', async (t) => {
  const rig = await scanRig(t, LIBRARY)
  await rig.scan()
  await rig.write({ 'Copy/1.mp3': tags('One', { tracknumber: 1 }) })
  const summary = await rig.scan()
  assert.deepEqual([summary.added, summary.moved], [1, 0])
  assert.equal(rig.songs().filter(({ title }) => title === 'One').length, 2)
})
