import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { coverJpeg } from '../support/audio.ts'
import type { LibrarySpec } from '../support/music-library.ts'
import { askJson, at, login } from '../support/subsonic-request.ts'
import { ADMIN, startTestServer, type TestServer } from '../support/test-server.ts'
import { type Ids, idsOf } from './world.ts'

const PICTURES = {
  album: coverJpeg(1),
  disc: coverJpeg(2),
  inside: coverJpeg(3),
  artist: coverJpeg(4),
  foreign: coverJpeg(5),
}

const song = (title: string, disc: number, extra: Readonly<Record<string, string>> = {}) => ({
  title,
  artist: 'Ann',
  albumartist: 'Ann',
  album: 'First',
  discnumber: disc,
  ...extra,
})

const LIBRARIES: Readonly<Record<string, LibrarySpec>> = {
  Main: {
    'Ann/artist.jpg': PICTURES.artist,
    'Ann/First/cover.jpg': PICTURES.album,
    'Ann/First/CD1/1.mp3': song('One', 1),
    'Ann/First/CD2/cover.jpg': PICTURES.disc,
    'Ann/First/CD2/1.mp3': song('Two', 2),
    'Ann/First/CD3/1.mp3': {
      audio: {
        tags: song('Three', 3),
        picture: { mime: 'image/jpeg', data: PICTURES.inside },
      },
    },
  },
  More: {
    'Dee/Solo/cover.jpg': PICTURES.foreign,
    'Dee/Solo/1.mp3': { title: 'Only', artist: 'Dee', albumartist: 'Dee', album: 'Solo' },
  },
}

let server: TestServer
let ids: Ids
let radio: string
let playlist: string

before(async () => {
  const users = [{ name: 'ann', password: 'ann-pass', libraries: ['Main'] }]
  server = await startTestServer({ libraries: LIBRARIES, users })
  ids = idsOf(server.core.repositories)
  await asAdmin('createInternetRadioStation', { name: 'Radio', streamUrl: 'http://radio.example/' })
  const stations = await asAdmin('getInternetRadioStations')
  radio = String(at(stations, 'internetRadioStations.internetRadioStation.0.id'))
  playlist = String(at(await asAdmin('createPlaylist', { name: 'P', songId: ids.song('One') }), 'playlist.id'))
})
after(() => server?.stop())

const asAdmin = (endpoint: string, query: Readonly<Record<string, string>> = {}) =>
  askJson(server.subsonic, endpoint, { ...login(ADMIN.name, ADMIN.password), ...query })

/** The name of the picture that an id shows, else the status or the error's code. */
async function shown(id: string, user = ADMIN): Promise<string> {
  const { auth } = { auth: new URLSearchParams({ ...login(user.name, user.password), id, f: 'json' }) }
  const reply = await fetch(`${server.url}/rest/getCoverArt?${auth}`)
  const bytes = Buffer.from(await reply.arrayBuffer())
  if (reply.headers.get('content-type')?.startsWith('application/json'))
    return String(at(JSON.parse(bytes.toString()), 'subsonic-response.error.code'))
  return Object.entries(PICTURES).find(([, picture]) => picture.equals(bytes))?.[0] ?? `${reply.status} another`
}

test("covers answer to Navidrome's ids, with and without the hex at their ends", async () => {
  const album = ids.album('First')
  const cases: readonly (readonly [string, string])[] = [
    [`mf-${ids.song('One')}`, 'album'],
    [`mf-${ids.song('Two')}`, 'disc'],
    [`mf-${ids.song('Three')}`, 'inside'],
    [`al-${album}`, 'album'],
    [`al-${ids.folder('Main/Ann/First/CD2')}`, 'disc'],
    [`ar-${ids.artist('Ann')}`, 'artist'],
    [`ar-${ids.folder('Main/Ann')}`, 'artist'],
    [`pl-${playlist}`, 'album'],
    [`dc-${album}:1`, 'album'],
    [`dc-${album}:2`, 'disc'],
    [`dc-${album}:3`, 'inside'],
    [`ra-${radio}`, '70'],
    [radio, '70'],
  ]
  for (const [id, picture] of cases)
    for (const end of ['', '_0', '_5f3e1a2b', '_0123456789abcdef'])
      assert.equal(await shown(id + end), picture, id + end)
})

test('what is no such id is unknown', async () => {
  const album = ids.album('First')
  const unknown = [
    `mf-${album}`,
    `al-${ids.song('One')}`,
    `dc-${album}`,
    `dc-${album}:4`,
    `dc-${album}:`,
    `dc-${album}:-1`,
    `dc-${album}:99999999999999999999`,
    `al-${album}:1`,
    `pl-${radio}`,
    'ra-i999',
    'mf-s999',
    'mf-',
    'xx-s1',
    `mf-mf-${ids.song('One')}`,
    `mf-${ids.song('One')}_`,
    `mf-${ids.song('One')}_5f_5f`,
    `mf-${'z'.repeat(10_000)}`,
    `dc-${album}:1'`,
  ]
  for (const id of unknown) assert.equal(await shown(id), '70', id.slice(0, 40))
})

test('an id in another form shows nothing more', async () => {
  const ann = { name: 'ann', password: 'ann-pass' } as typeof ADMIN & { name: 'ann' }
  const foreign = [
    `mf-${ids.song('Only')}`,
    `al-${ids.album('Solo')}`,
    `ar-${ids.artist('Dee')}`,
    `dc-${ids.album('Solo')}:1`,
    `pl-${playlist}`,
  ]
  for (const id of foreign) assert.equal(await shown(id, ann), '70', id)
  assert.equal(await shown(`al-${ids.album('First')}`, ann), 'album')
  assert.equal(await shown(`al-${ids.album('Solo')}`), 'foreign')
})

test('a station without a picture shows the placeholder where there is one, and only if it is there', async (t) => {
  const drawn = await startTestServer({ settings: { 'artwork.placeholder': 'true' } }, t)
  const ask = async (id: string) => {
    const query = new URLSearchParams({
      ...login(ADMIN.name, ADMIN.password),
      id,
      f: 'json',
      size: '100',
      square: 'true',
    })
    const reply = await fetch(`${drawn.url}/rest/getCoverArt?${query}`)
    await reply.arrayBuffer()
    return reply.headers.get('content-type')?.split(';')[0]
  }
  const query = { ...login(ADMIN.name, ADMIN.password), name: 'Radio', streamUrl: 'http://radio.example/' }
  await askJson(drawn.subsonic, 'createInternetRadioStation', query)
  assert.deepEqual(
    [await ask('ra-i1'), await ask('i1'), await ask('ra-i2')],
    ['image/jpeg', 'image/jpeg', 'application/json'],
  )
})
