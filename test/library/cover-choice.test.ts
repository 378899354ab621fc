import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { FolderId, SongId } from '../../src/base/ids.ts'
import {
  albumCover,
  artistCover,
  type CoverPriority,
  coverVersion,
  discCover,
  folderCover,
  isImageName,
  songCover,
} from '../../src/library/cover-choice.ts'

const folder = (id: number, ...images: string[]) => ({ id: id as FolderId, images })
const PRIORITY: CoverPriority = {
  album: ['cover.*', 'folder.*', 'front.*', 'embedded'],
  disc: ['disc*.*', 'cd*.*', 'cover.*', 'folder.*', 'embedded'],
  artist: ['artist.*', 'album/artist.*'],
}
const SONG = 7 as SongId
const OTHER = 8 as SongId
const names = (candidates: ReturnType<typeof albumCover>) =>
  candidates.map((one) => (one.kind === 'file' ? `${one.folderId}/${one.name}` : `song ${one.songId}`))

test('cover comes before folder, any case, plain names before numbered ones, the embedded picture where the setting puts it', () => {
  const album = { folders: [folder(1, 'back.jpg', 'Folder.JPG', 'cover.1.jpg', 'Cover.png')], embedded: SONG }
  assert.deepEqual(names(albumCover(album, PRIORITY)), ['1/Cover.png', '1/cover.1.jpg', '1/Folder.JPG', 'song 7'])
  const embeddedFirst = { ...PRIORITY, album: ['embedded', 'back.*'] }
  assert.deepEqual(names(albumCover(album, embeddedFirst)), ['song 7', '1/back.jpg'])
})

test('a pattern is a pattern, not a regular expression', () => {
  const priority = { ...PRIORITY, album: ['a(b+.jpg', 'c?ver.*'] }
  const album = { folders: [folder(1, 'a(b+.jpg', 'abb.jpg', 'cxver.jpg', 'cver.jpg')], embedded: undefined }
  assert.deepEqual(names(albumCover(album, priority)), ['1/a(b+.jpg', '1/cxver.jpg'])
})

test('the common folder of several discs comes before the folders of the discs', () => {
  const album = {
    folders: [folder(1, 'folder.jpg'), folder(2, 'cover.jpg'), folder(3, 'folder.jpg')],
    embedded: undefined,
  }
  assert.deepEqual(names(albumCover(album, PRIORITY)), ['2/cover.jpg', '1/folder.jpg', '3/folder.jpg'])
})

test('a song shows its own picture, then its disc, then its album', () => {
  const album = albumCover({ folders: [folder(1, 'cover.jpg')], embedded: SONG }, PRIORITY)
  const albumFolder = folder(1, 'cover.jpg', 'cd1.png', 'cd2.png')
  const own = { number: 2, albumFolder, embedded: OTHER, album, folder: folder(3, 'cd1.jpg', 'cd2.jpg', 'folder.jpg') }
  const ofDisc = ['3/cd2.jpg', '1/cd2.png', '3/folder.jpg', 'song 8', '1/cover.jpg', 'song 7']
  assert.deepEqual(names(discCover(own, PRIORITY)), ofDisc)
  assert.deepEqual(names(songCover({ embedded: SONG, disc: own }, PRIORITY)), [
    'song 7',
    ...ofDisc.filter((name) => name !== 'song 7'),
  ])
  assert.deepEqual(names(songCover({ embedded: undefined, disc: own }, PRIORITY)), ofDisc)
  const shared = { ...own, folder: folder(1, 'disc.jpg', 'disc02.png') }
  assert.deepEqual(names(songCover({ embedded: undefined, disc: shared }, PRIORITY)), [
    '1/disc02.png',
    '1/cover.jpg',
    'song 7',
  ])
  assert.deepEqual(names(discCover(own, { ...PRIORITY, disc: ['embedded', 'folder.*'] })).slice(0, 2), [
    'song 8',
    '3/folder.jpg',
  ])
})

test('artists and folders have pictures of their own', () => {
  const artist = { folders: [folder(1, 'artist.png', 'cover.jpg')], albumFolders: [folder(2, 'artist.jpg')] }
  assert.deepEqual(names(artistCover(artist, PRIORITY)), ['1/artist.png', '2/artist.jpg'])
  assert.deepEqual(names(artistCover(artist, { ...PRIORITY, artist: ['album/*.jpg'] })), ['2/artist.jpg'])
  assert.deepEqual(names(folderCover(folder(1, 'artist.png'), [{ kind: 'embedded', songId: SONG }], PRIORITY)), [
    '1/artist.png',
    'song 7',
  ])
})

test('hidden files and drawings are no pictures', () => {
  for (const name of ['cover.jpg', 'a.JPEG', 'x.webp', 'y.gif', 'z.png', 'q.avif']) assert.ok(isImageName(name), name)
  for (const name of ['._cover.jpg', '.jpg', 'cover.svg', 'cover.html', 'cover', 'cover.jpg.txt'])
    assert.ok(!isImageName(name), name)
})

test('versions are hex and differ by any fact', () => {
  assert.match(coverVersion(['a', 1]), /^[0-9a-f]{16}$/)
  assert.equal(coverVersion(['a', 1]), coverVersion(['a', 1]))
  assert.notEqual(coverVersion(['a', 11]), coverVersion(['a1', 1]))
})
