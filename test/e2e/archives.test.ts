import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { LibrarySpec } from '../support/music-library.ts'
import { tempFolder } from '../support/temp-database.ts'
import { ADMIN, startTestServer, type TestServer } from '../support/test-server.ts'
import { countedByPython, unzip } from '../support/unzip.ts'

const song = (title: string, album: string, more: Readonly<Record<string, string | number>> = {}) => ({
  title,
  artist: 'Änne',
  albumartist: 'Änne',
  album,
  ...more,
})

const MUSIC: LibrarySpec = {
  'Änne/First/b.mp3': song('Zwei', 'First', { tracknumber: 2 }),
  'Änne/First/a.flac': song('Eins', 'First', { tracknumber: 1 }),
  'Änne/First/extra/c.ogg': song('日本 🎵', 'First', { tracknumber: 3, artist: 'Gast' }),
  'Änne/Double/CD1/1.mp3': song('Left', 'Double', { tracknumber: 1, discnumber: 1 }),
  'Änne/Double/CD2/1.mp3': song('Right', 'Double', { tracknumber: 1, discnumber: 2 }),
  'Änne/Double/CD2/2.mp3': song('Right', 'Double', { tracknumber: 1, discnumber: 2, subtitle: 'again' }),
  'Odd/1.mp3': song('../../etc/passwd', 'CON', { artist: '..', albumartist: 'Ödd', tracknumber: 1 }),
  'Odd/2.mp3': song('C:\\x\u0007|?*', 'CON', { artist: '/abs', albumartist: 'Ödd' }),
  'Odd/3.mp3': song('w'.repeat(300), '../up', { artist: 'Ödd', albumartist: 'Ödd' }),
}
const HIDDEN: LibrarySpec = {
  'Secret/1.mp3': song('Hush', 'Secret', { tracknumber: 1 }),
  'Änne/Bonus/4.mp3': song('Hidden bonus', 'Bonus', { tracknumber: 4 }),
}
const GUEST = { name: 'guest', password: 'guest-pass' }
const LISTENER = { name: 'listener', password: 'listener-pass' }

let server: TestServer
before(async () => {
  server = await startTestServer({
    libraries: { Music: MUSIC, Hidden: HIDDEN },
    users: [
      { ...GUEST, roles: ['stream', 'download', 'playlist'], libraries: ['Music'] },
      { ...LISTENER, roles: ['stream'] },
    ],
  })
})
after(() => server.stop())

type Account = { readonly name: string; readonly password: string }

function address(
  endpoint: string,
  query: Readonly<Record<string, string>> | URLSearchParams,
  { name, password }: Account,
): string {
  const search = new URLSearchParams(query)
  for (const [key, value] of Object.entries({ u: name, p: password, c: 'test', v: '1.16.1', f: 'json' }))
    search.set(key, value)
  return `${server.url}/rest/${endpoint}?${search}`
}

async function call(
  endpoint: string,
  query: Readonly<Record<string, string>> | URLSearchParams = {},
  by: Account = ADMIN,
) {
  // As a form: a playlist may be long.
  const [place, body] = address(endpoint, query, by).split('?')
  const answer = await fetch(place ?? '', { method: 'POST', body: new URLSearchParams(body) })
  return ((await answer.json()) as { 'subsonic-response': Record<string, never> })[
    'subsonic-response'
  ] as never as Found
}

// biome-ignore format: one shape of what is read here
interface Found {
  readonly error?: { readonly code: number }
  readonly searchResult3: { readonly song?: readonly Item[]; readonly album?: readonly Item[]; readonly artist?: readonly Item[] }
  readonly playlist: Item
  readonly indexes: { readonly index: readonly { readonly artist: readonly Item[] }[] }
}

interface Item {
  readonly id: string
  readonly name?: string
  readonly title?: string
  readonly parent?: string
}

async function idOf(kind: 'song' | 'album' | 'artist', name: string): Promise<string> {
  const { searchResult3: all } = await call('search3', {
    query: '',
    songCount: '100',
    albumCount: '100',
    artistCount: '100',
  })
  const item = all[kind]?.find((one) => (kind === 'song' ? one.title : one.name) === name)
  assert.ok(item, name)
  return item.id
}

async function archive(query: Readonly<Record<string, string>>, by: Account = ADMIN) {
  const answer = await fetch(address('download', query, by))
  assert.equal(answer.headers.get('content-type'), 'application/zip')
  assert.equal(answer.headers.get('content-encoding'), null)
  const bytes = Buffer.from(await answer.arrayBuffer())
  return { answer, bytes, names: unzip(bytes).map(({ name }) => name), entries: unzip(bytes) }
}

async function playlistOf(name: string, songs: readonly string[]): Promise<string> {
  const query = new URLSearchParams({ name })
  for (const id of songs) query.append('songId', id)
  const { id } = (await call('createPlaylist', query)).playlist
  await call('updatePlaylist', { playlistId: id, public: 'true' })
  return id
}

test('an album is its songs in order, the files as they are', async (t) => {
  const id = await idOf('album', 'First')
  const { answer, bytes, names, entries } = await archive({ id })
  assert.deepEqual(names, ['01 - Änne - Eins.flac', '02 - Änne - Zwei.mp3', '03 - Gast - 日本 🎵.ogg'])
  assert.equal(answer.headers.get('content-disposition'), 'attachment; filename="First.zip"')
  const original = await fetch(address('download', { id: await idOf('song', 'Zwei') }, ADMIN))
  assert.deepEqual(entries[1]?.content, Buffer.from(await original.arrayBuffer()))
  assert.equal(original.headers.get('content-disposition'), 'attachment; filename="b.mp3"')
  const counted = await countedByPython(tempFolder(t), bytes)
  assert.ok(counted === undefined || counted === 3)
  for (const other of [`al-${id}`, `al-${id}_1f`, `${id}_1f`])
    assert.deepEqual((await archive({ id: other })).names, names)
})

test('discs are folders, albums of an artist too, and equal names are told apart', async () => {
  const discs = ['Disc 01/01 - Änne - Left.mp3', 'Disc 02/01 - Änne - Right.mp3', 'Disc 02/01 - Änne - Right (2).mp3']
  assert.deepEqual((await archive({ id: await idOf('album', 'Double') })).names, discs)
  const id = await idOf('artist', 'Änne')
  const { names, answer } = await archive({ id })
  assert.deepEqual(
    [...names].sort(),
    [
      ...discs.map((name) => `Double/${name}`),
      'First/01 - Änne - Eins.flac',
      'First/02 - Änne - Zwei.mp3',
      'First/03 - Gast - 日本 🎵.ogg',
      'Bonus/04 - Änne - Hidden bonus.mp3',
      'Secret/01 - Änne - Hush.mp3',
    ].sort(),
  )
  assert.equal(
    answer.headers.get('content-disposition'),
    `attachment; filename="_nne.zip"; filename*=UTF-8''%C3%84nne.zip`,
  )
  assert.deepEqual((await archive({ id: `ar-${id}` })).names, names)
  // Only a guest on somebody's album.
  assert.deepEqual((await archive({ id: await idOf('artist', 'Gast') })).names, ['Gast - 日本 🎵.ogg'])
})

test('a folder keeps its folders', async () => {
  const folder = (await call('getIndexes')).indexes.index
    .flatMap(({ artist }) => artist)
    .find(({ name }) => name === 'Änne')
  assert.ok(folder)
  const { names } = await archive({ id: folder.id }, GUEST)
  assert.deepEqual(
    [...names].sort(),
    [
      'Double/CD1/01 - Änne - Left.mp3',
      'Double/CD2/01 - Änne - Right (2).mp3',
      'Double/CD2/01 - Änne - Right.mp3',
      'First/01 - Änne - Eins.flac',
      'First/02 - Änne - Zwei.mp3',
      'First/extra/03 - Gast - 日本 🎵.ogg',
    ].sort(),
  )
})

test('a playlist is numbered in its order, and has a playlist inside', async () => {
  const [eins, zwei] = [await idOf('song', 'Eins'), await idOf('song', 'Zwei')]
  const id = await playlistOf('Müll / 1', [zwei, eins, zwei])
  const { names, entries, answer } = await archive({ id })
  const expected = ['01 - Änne - Zwei.mp3', '02 - Änne - Eins.flac', '03 - Änne - Zwei.mp3']
  assert.deepEqual(names, [...expected, 'Müll _ 1.m3u8'])
  assert.equal(entries[3]?.content.toString(), ['#EXTM3U', ...expected, ''].join('\n'))
  assert.match(answer.headers.get('content-disposition') ?? '', /filename\*=UTF-8''M%C3%BCll%20_%201\.zip$/)
  assert.deepEqual((await archive({ id: `pl-${id}` })).names, names)
  const empty = await playlistOf('Empty', [])
  assert.deepEqual((await archive({ id: empty })).names, ['Empty.m3u8'])
})

test('names lead nowhere', async () => {
  const ids = [await idOf('album', 'CON'), await idOf('artist', 'Ödd')]
  for (const id of ids) {
    const { names, answer } = await archive({ id })
    assert.ok(names.length >= 2)
    for (const name of names) {
      assert.doesNotMatch(name, /(^|\/)\.\.?(\/|$)|^\/|[\\:*?"<>|\p{Cc}]|\/\/|(^|\/)con\//iu)
      for (const part of name.split('/')) assert.ok(Buffer.byteLength(part) <= 180)
    }
    assert.match(answer.headers.get('content-disposition') ?? '', /^attachment; filename="_(CON|dd)\.zip"/)
  }
})

test('what a user may not see is not in there, nor is its name', async () => {
  const hidden = await idOf('song', 'Hush')
  const playlist = await playlistOf('Mixed', [await idOf('song', 'Eins'), hidden, await idOf('song', 'Zwei')])
  for (const id of [await idOf('album', 'First'), await idOf('artist', 'Änne'), playlist]) {
    const { bytes, names } = await archive({ id }, GUEST)
    assert.ok(names.length >= 2)
    assert.doesNotMatch(bytes.toString('latin1'), /Hush|Hidden bonus|Secret|Missing/)
  }
  assert.deepEqual((await archive({ id: playlist }, GUEST)).names, [
    '01 - Änne - Eins.flac',
    '02 - Änne - Zwei.mp3',
    'Mixed.m3u8',
  ])
  const own = (await call('createPlaylist', new URLSearchParams({ name: 'Mine', songId: hidden }))).playlist.id
  const secret = await idOf('album', 'Secret')
  for (const id of [
    secret,
    `al-${secret}`,
    hidden,
    own,
    'a999',
    'd999',
    'p999',
    'r999',
    'u1',
    'i1',
    'k1',
    'nonsense',
    'v-x',
    'dc-a1:1',
    '..',
  ])
    assert.equal((await call('download', { id }, GUEST)).error?.code, 70, id)
  assert.equal((await call('download', {}, GUEST)).error?.code, 10)
  for (const id of [secret, playlist, hidden]) assert.equal((await call('download', { id }, LISTENER)).error?.code, 50)
})

test('HEAD tells what would come, and raw and unknown formats are the files', async () => {
  const id = await idOf('album', 'Double')
  const head = await fetch(address('download', { id }, ADMIN), { method: 'HEAD' })
  assert.deepEqual(
    [head.status, head.headers.get('content-type'), head.headers.get('content-disposition')],
    [200, 'application/zip', 'attachment; filename="Double.zip"'],
  )
  const plain = await archive({ id })
  for (const query of [
    { format: 'raw' },
    { format: '' },
    { format: 'raw', bitrate: '64' },
    { bitrate: 'NaN' },
    { bitrate: '-1' },
  ]) {
    const other = await archive({ id, ...query })
    assert.deepEqual(other.entries, plain.entries)
  }
})

test('a client that leaves half-way leaves nothing running', async () => {
  const eins = await idOf('song', 'Eins')
  const id = await playlistOf(
    'Long',
    Array.from({ length: 5000 }, () => eins),
  )
  const controller = new AbortController()
  const answer = await fetch(address('download', { id }, ADMIN), { signal: controller.signal })
  const reader = answer.body?.getReader()
  await reader?.read()
  controller.abort()
  const running = () => server.core.streamer.status().streams
  for (let left = 500; running() > 0 && left > 0; left--) await new Promise((resolve) => setTimeout(resolve, 20))
  assert.equal(running(), 0)
})
