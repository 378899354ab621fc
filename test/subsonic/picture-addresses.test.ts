import assert from 'node:assert/strict'
import { test } from 'node:test'
import { coverJpeg } from '../support/audio.ts'
import { createTestClock } from '../support/clock.ts'
import type { LibrarySpec } from '../support/music-library.ts'
import { at, login } from '../support/subsonic-request.ts'
import { ADMIN, startTestServer } from '../support/test-server.ts'
import { idsOf } from './world.ts'

const DAY_MS = 86_400_000
const LIBRARIES: Readonly<Record<string, LibrarySpec>> = {
  Main: {
    'Ann/artist.jpg': coverJpeg(1),
    'Ann/First/cover.jpg': coverJpeg(2),
    'Ann/First/1.mp3': { title: 'One', artist: 'Ann', albumartist: 'Ann', album: 'First' },
    'Bob/Bare/1.mp3': { title: 'Two', artist: 'Bob', albumartist: 'Bob', album: 'Bare' },
  },
}

test('the images of artists and albums can be fetched without a login, by whoever may see them, for a while', async (t) => {
  const clock = createTestClock()
  const users = [{ name: 'ann', password: 'ann-pass' }]
  const server = await startTestServer({ libraries: LIBRARIES, users, clock }, t)
  const ids = idsOf(server.core.repositories)
  const ask = async (endpoint: string, id: string, user: { name: string; password: string } = ADMIN) => {
    const query = new URLSearchParams({ ...login(user.name, user.password), id, f: 'json' })
    return at(await (await fetch(`${server.url}/rest/${endpoint}?${query}`)).json(), 'subsonic-response')
  }
  const imagesOf = (info: unknown) => ['smallImageUrl', 'mediumImageUrl', 'largeImageUrl'].map((key) => at(info, key))
  const fetched = async (address: unknown) => {
    const reply = await fetch(String(address))
    const bytes = Buffer.from(await reply.arrayBuffer())
    return reply.status === 200
      ? `${reply.headers.get('content-type')} ${bytes.equals(coverJpeg(1)) ? 1 : bytes.equals(coverJpeg(2)) ? 2 : 0}`
      : reply.status
  }
  const artist = imagesOf(at(await ask('getArtistInfo2', ids.artist('Ann')), 'artistInfo2'))
  const album = imagesOf(at(await ask('getAlbumInfo2', ids.album('First')), 'albumInfo'))
  assert.equal(new Set([...artist, ...album]).size, 6)
  for (const address of artist) assert.equal(await fetched(address), 'image/jpeg 1')
  for (const address of album) assert.equal(await fetched(address), 'image/jpeg 2')
  assert.ok(String(artist[0]).startsWith(`${server.url}/`))
  assert.deepEqual(imagesOf(at(await ask('getArtistInfo2', ids.artist('Bob')), 'artistInfo2')), [
    undefined,
    undefined,
    undefined,
  ])
  assert.deepEqual(imagesOf(at(await ask('getAlbumInfo', ids.album('Bare')), 'albumInfo')), [
    undefined,
    undefined,
    undefined,
  ])
  assert.deepEqual(
    imagesOf(at(await ask('getArtistInfo', ids.artist('Ann')), 'artistInfo')),
    artist,
    'the same for a week',
  )

  const good = String(artist[0])
  const token = good.slice(good.indexOf('?of=') + 4)
  const parts = token.split('.')
  const changed = (index: number, value: string) =>
    parts.map((part, place) => (place === index ? value : part)).join('.')
  for (const bad of [
    '',
    'x',
    token.slice(0, -1),
    `${token}x`,
    `${token.slice(0, -2)}AA`,
    changed(0, 'u2'),
    changed(1, ids.album('First')),
    changed(2, '2000'),
    changed(3, 'zzzz'),
    'a.'.repeat(50_00),
  ])
    assert.equal(await fetched(good.replace(token, bad)), 404, bad.slice(0, 60))

  const annsImages = imagesOf(
    at(await ask('getArtistInfo2', ids.artist('Ann'), { name: 'ann', password: 'ann-pass' }), 'artistInfo2'),
  )
  assert.equal(await fetched(annsImages[0]), 'image/jpeg 1')
  const ann = server.core.accounts.find('ann')
  assert.ok(ann)
  await server.core.accounts.update(ann.id, { password: 'another-pass' })
  assert.equal(await fetched(annsImages[0]), 404, 'an address from before the password was changed')
  const annAgain = { name: 'ann', password: 'another-pass' }
  const annsAgain = imagesOf(at(await ask('getArtistInfo2', ids.artist('Ann'), annAgain), 'artistInfo2'))
  assert.equal(await fetched(annsAgain[0]), 'image/jpeg 1')
  await server.core.accounts.update(ann.id, { libraries: [] })
  assert.equal(await fetched(annsAgain[0]), 404, 'what she may not see any more')
  server.core.accounts.remove(ann.id)
  assert.equal(await fetched(annsAgain[1]), 404, 'and nothing without her account')

  clock.advance(29 * DAY_MS)
  assert.equal(await fetched(good), 'image/jpeg 1')
  clock.advance(9 * DAY_MS)
  assert.equal(await fetched(good), 404)
})
