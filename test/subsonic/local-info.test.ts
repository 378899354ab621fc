import assert from 'node:assert/strict'
import { rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { createHookTable } from '../../src/hooks/hook-table.ts'
import { createTestClock } from '../support/clock.ts'
import { entry } from '../support/hooks.ts'
import type { LibrarySpec } from '../support/music-library.ts'
import { askJson, at, login, type SubsonicQuery } from '../support/subsonic-request.ts'
import { ADMIN, startTestServer } from '../support/test-server.ts'
import { idsOf } from './world.ts'

const UUID = '0dcc6a4e-9bbf-4cd5-b2a4-4b8d9b1b0f5d'
const song = (artist: string, album: string) => ({ title: `${artist} ${album}`, artist, albumartist: artist, album })
const about = (name: string, text: string) => `<artist><name>${name}</name><biography>${text}</biography></artist>`
const notes = (title: string, text: string) => `<album><title>${title}</title><review>${text}</review></album>`

const LIBRARIES: Readonly<Record<string, LibrarySpec>> = {
  Main: {
    'Ann/First/1.mp3': song('Ann', 'First'),
    'Ann/Second/CD1/1.mp3': song('Ann', 'Second'),
    'Ann/artist.nfo': `<artist><name>Ann</name><biography>&lt;b&gt;Sings&lt;/b&gt; &amp;amp; plays.</biography>
      <musicbrainzartistid>${UUID}</musicbrainzartistid></artist>`,
    'Ann/First/album.nfo': notes('First', 'Her first.'),
    'Ann/Second/album.nfo': notes('Second', 'Her second.'),
    // A folder of a genre, with what is about somebody else in it.
    'Rock/artist.nfo': about('Somebody', 'Of somebody else.'),
    'Rock/Bob/Album/1.mp3': song('Bob', 'Album'),
    // Everything in one folder.
    'Heap/1.mp3': song('Cem', 'One'),
    'Heap/2.mp3': song('Dora', 'Two'),
    'Heap/artist.nfo': about('Dora', 'Of the heap.'),
    'Heap/album.nfo': notes('Two', 'Of the heap too.'),
    'Both/In Main/1.mp3': song('Both', 'In Main'),
  },
  More: {
    'Both/In More/1.mp3': song('Both', 'In More'),
    'Both/artist.nfo': about('Both', 'Told in the other library.'),
    'Dee/Solo/1.mp3': song('Dee', 'Solo'),
    'Dee/artist.nfo': about('Dee', 'Unseen.'),
  },
}

test('biographies and notes come from what lies beside the music', async (t) => {
  const clock = createTestClock()
  const users = [{ name: 'ann', password: 'ann-pass', libraries: ['Main'] }]
  const server = await startTestServer({ libraries: LIBRARIES, users, clock }, t)
  const ids = idsOf(server.core.repositories)
  const ask = (endpoint: string, query: SubsonicQuery, [name, password] = [ADMIN.name, ADMIN.password] as string[]) =>
    askJson(server.subsonic, endpoint, { ...login(name as string, password as string), ...query })
  const biography = async (artist: string, user?: string[]) =>
    at(await ask('getArtistInfo2', { id: ids.artist(artist) }, user), 'artistInfo2.biography')
  const review = async (album: string) => at(await ask('getAlbumInfo2', { id: ids.album(album) }), 'albumInfo.notes')
  const asAnn = ['ann', 'ann-pass']

  await t.test('of the folder of the artist, as plain text', async () => {
    assert.equal(await biography('Ann'), 'Sings &amp; plays.'.replace('&amp;', '&amp;'))
    const info = at(await ask('getArtistInfo', { id: ids.folder('Main/Ann') }), 'artistInfo')
    assert.equal(at(info, 'musicBrainzId'), UUID)
    assert.equal(await biography('Bob'), undefined, 'what is about somebody else')
    assert.deepEqual([await biography('Cem'), await biography('Dora')], [undefined, 'Of the heap.'])
  })

  await t.test('of the folder of the album, above those of its discs', async () => {
    assert.deepEqual([await review('First'), await review('Second')], ['Her first.', 'Her second.'])
    assert.deepEqual(
      [await review('One'), await review('Two'), await review('Album')],
      [undefined, 'Of the heap too.', undefined],
    )
    assert.equal(at(await ask('getAlbumInfo', { id: ids.folder('Main/Ann/First') }), 'albumInfo.notes'), 'Her first.')
  })

  await t.test('never of a folder that the user does not see', async () => {
    assert.equal(await biography('Both'), 'Told in the other library.')
    assert.equal(await biography('Both', asAnn), undefined)
    assert.equal(at(await ask('getArtistInfo2', { id: ids.artist('Dee') }, asAnn), 'error.code'), 70)
  })

  await t.test('plugins come first', async (step) => {
    step.after(() => server.core.hooks.swap(createHookTable([])))
    server.core.hooks.swap(
      createHookTable([
        entry('artist.info', ({ name }) =>
          name === 'Ann' ? { biography: 'By a plugin.' } : { lastFmUrl: 'http://x/' },
        ),
      ]),
    )
    assert.deepEqual([await biography('Ann'), await biography('Dora')], ['By a plugin.', 'Of the heap.'])
  })

  await t.test('a change shows after minutes, what is gone goes, and links out of the music lead nowhere', async () => {
    const file = join(server.musicDir, 'Main/Ann/artist.nfo')
    await writeFile(file, about('Ann', 'Changed.'))
    assert.match(String(await biography('Ann')), /plays/)
    clock.advance(301_000)
    assert.equal(await biography('Ann'), 'Changed.')
    await rm(file)
    clock.advance(301_000)
    assert.equal(await biography('Ann'), undefined)
    await writeFile(join(server.dataDir, 'secret.nfo'), about('Ann', 'Secret.'))
    await symlink(join(server.dataDir, 'secret.nfo'), file)
    clock.advance(301_000)
    assert.equal(await biography('Ann'), undefined)
    await rm(file)
    await writeFile(file, about('Ann', 'x'.repeat(300_000)))
    clock.advance(301_000)
    assert.equal(await biography('Ann'), undefined, 'longer than such a file is')
  })
})
