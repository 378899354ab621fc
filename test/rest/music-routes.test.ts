import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createRandom } from '../support/random.ts'
import { ADMIN, startTestServer, type TestServer } from '../support/test-server.ts'

const LIBRARIES = {
  Music: {
    'Ann/Light/01 - One.mp3': {
      title: 'One',
      artist: 'Ann',
      albumartist: 'Ann',
      album: 'Light',
      genre: 'Rock',
      track: 1,
      date: 2001,
      mood: 'Calm',
      media: 'CD',
    },
    'Ann/Light/02 - Two.mp3': {
      title: 'Two',
      artist: 'Ann',
      albumartist: 'Ann',
      album: 'Light',
      genre: 'Rock',
      track: 2,
      date: 2001,
    },
    'Ben/Day/01 - Three.mp3': {
      title: 'Three',
      artist: 'Ben',
      albumartist: 'Ben',
      album: 'Day',
      genre: 'Jazz',
      track: 1,
      date: 1999,
      composer: 'Cy',
    },
  },
  Other: {
    'Dee/Night/01 - Four.mp3': {
      title: 'Four',
      artist: 'Dee',
      albumartist: 'Dee',
      album: 'Night',
      genre: 'Jazz',
      track: 1,
      date: 2010,
    },
  },
}

interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  // biome-ignore lint/suspicious/noExplicitAny: what a client reads has no type of ours
  readonly body: any
}

type Get = (path: string, headers?: Record<string, string>) => Promise<Answer>

async function reader(server: TestServer, name: string, password: string): Promise<Get> {
  const login = await fetch(`${server.url}/auth/login`, {
    method: 'POST',
    body: JSON.stringify({ username: name, password }),
  })
  const { token } = (await login.json()) as { token: string }
  return async (path, headers = {}) => {
    const response = await fetch(server.url + path, {
      headers: { 'x-nd-authorization': `Bearer ${token}`, ...headers },
    })
    const text = await response.text()
    return {
      status: response.status,
      headers: response.headers,
      text,
      body: text === '' ? undefined : JSON.parse(text),
    }
  }
}

/** A list, checked as clients do: an array with its count. */
async function list(get: Get, path: string): Promise<readonly Record<string, unknown>[]> {
  const { status, headers, body } = await get(path)
  assert.equal(status, 200, path)
  assert.ok(Array.isArray(body), path)
  assert.match(headers.get('x-total-count') ?? '', /^\d+$/, path)
  assert.match(headers.get('content-type') ?? '', /^application\/json/, path)
  assert.ok(headers.get('x-nd-authorization'), path)
  for (const row of body) assert.match(String(row.id), /^[A-Za-z0-9_-]+$/)
  return body
}

for (const adapter of ['uws', 'node'] as const)
  test(`music by the native API: ${adapter}`, async (t) => {
    const server = await startTestServer(
      { adapter, libraries: LIBRARIES, users: [{ name: 'kid', password: 'kid-pass', libraries: ['Music'] }] },
      t,
    )
    const admin = await reader(server, ADMIN.name, ADMIN.password)
    const kid = await reader(server, 'kid', 'kid-pass')
    const names = async (path: string, get = admin) => (await list(get, path)).map((row) => row.title ?? row.name)
    const idOf = async (path: string) => String((await list(admin, path))[0]?.id)
    const light = await idOf('/api/album?name=light')
    const ann = await idOf('/api/artist?name=ann')
    const cy = await idOf('/api/artist?name=cy')
    const jazz = await idOf('/api/genre?name=jazz')
    const one = await idOf('/api/song?title=one')
    const three = await idOf('/api/song?title=three')
    const four = await idOf('/api/song?title=four')

    await t.test('without a login: 401', async () => {
      for (const path of ['/api/song', '/api/album/a1', '/api/artist', '/api/genre', `/api/song/${one}/playlists`])
        assert.equal((await fetch(server.url + path)).status, 401, path)
    })

    /** What a request lists, by title or name. */
    const LISTS: readonly (readonly [string, readonly string[]])[] = [
      ['/api/song', ['Four', 'One', 'Three', 'Two']],
      ['/api/song?_start=1&_end=3', ['One', 'Three']],
      ['/api/song?_start=2&_end=2', []],
      ['/api/song?_start=0&_end=-1&_sort=title&_order=DESC', ['Two', 'Three', 'One', 'Four']],
      ['/api/song?_start=0&_end=0', ['Four', 'One', 'Three', 'Two']],
      ['/api/song?_start=9&_end=19', []],
      ['/api/song?_sort=nothing', ['Four', 'One', 'Three', 'Two']],
      ['/api/song?title=', ['Four', 'One', 'Three', 'Two']],
      ['/api/song?unknown=x', ['Four', 'One', 'Three', 'Two']],
      [`/api/song?id=${one}&id=${three}&_start=0&_end=2`, ['One', 'Three']],
      [`/api/song?_filters=${encodeURIComponent(JSON.stringify({ album_id: light }))}&_sort=album`, ['One', 'Two']],
      [`/api/song?album_id=${light}&_sort=album&_order=ASC&_start=0&_end=500`, ['One', 'Two']],
      [`/api/song?genre_id=${jazz}`, ['Four', 'Three']],
      [`/api/song?artists_id=${cy}`, ['Three']],
      [`/api/song?artist_id=${cy}`, []],
      ['/api/song?year=2001&_sort=track_number', ['One', 'Two']],
      ['/api/song?path=ann/', ['One', 'Two']],
      ['/api/song?missing=true', []],
      ['/api/song?missing=false&_sort=year', ['Three', 'One', 'Two', 'Four']],
      ['/api/song?library_id=2', ['Four']],
      ['/api/song?library_id=1&library_id=2&_sort=recently_added&_start=0&_end=1', ['One']],
      ['/api/album', ['Day', 'Light', 'Night']],
      ['/api/album?_sort=maxYear&_order=DESC', ['Night', 'Light', 'Day']],
      ['/api/album?_sort=songCount&_order=DESC&_end=1', ['Light']],
      [`/api/album?artist_id=${ann}`, ['Light']],
      [`/api/album?role_composer_id=${cy}`, ['Day']],
      [`/api/album?role_total_id=${cy}`, ['Day']],
      [`/api/album?genre_id=${jazz}&_sort=name`, ['Day', 'Night']],
      ['/api/album?year=2001', ['Light']],
      ['/api/album?compilation=true', []],
      ['/api/artist', ['Ann', 'Ben', 'Cy', 'Dee']],
      ['/api/artist?role=maincredit', ['Ann', 'Ben', 'Dee']],
      ['/api/artist?role=composer', ['Cy']],
      [`/api/artist?role=${encodeURIComponent("x') OR 1=1 --")}`, []],
      ['/api/artist?_sort=song_count&_order=DESC&_start=0&_end=1', ['Ann']],
      ['/api/genre', ['Jazz', 'Rock']],
      ['/api/genre?name=oc', ['Rock']],
      ['/api/genre?library_id=2', ['Jazz']],
      ['/api/genre?_sort=songCount&_order=DESC&_start=0&_end=0', ['Jazz', 'Rock']],
    ]
    for (const [path, expected] of LISTS)
      await t.test(path, async () => {
        assert.deepEqual(await names(path), expected)
      })

    await t.test('the count is that of all pages', async () => {
      assert.equal((await admin('/api/song?_start=0&_end=1')).headers.get('x-total-count'), '4')
      assert.equal((await admin('/api/song?_start=0&_end=1&year=2001')).headers.get('x-total-count'), '2')
    })

    await t.test('one thing by its id is what its list says, whatever else is asked', async () => {
      for (const path of ['song', 'album', 'artist', 'genre'].map((kind) => `/api/${kind}`))
        for (const row of await list(admin, path)) {
          const { status, body } = await admin(`${path}/${row.id}?library_id=1&library_id=99`)
          assert.deepEqual([status, body], [200, row])
        }
    })

    await t.test('what there is not, or not for the reader, is 404', async () => {
      for (const path of [
        'song/s99',
        'song/x',
        'song/a1',
        'album/a99',
        'artist/r99',
        'genre/g99',
        'song/s99/playlists',
      ])
        assert.equal((await admin(`/api/${path}`)).status, 404, path)
      assert.equal((await kid(`/api/song/${four}`)).status, 404)
      assert.equal((await kid(`/api/song/${four}/playlists`)).status, 404)
      assert.deepEqual(await names('/api/song?library_id=2', kid), [])
      assert.deepEqual(await names(`/api/song?id=${four}&id=${one}`, kid), ['One'])
      assert.deepEqual(await names('/api/artist', kid), ['Ann', 'Ben', 'Cy'])
    })

    await t.test('a song tells what clients read of it', async () => {
      const { body: song } = await admin(`/api/song/${one}`)
      assert.deepEqual(
        [song.title, song.album, song.albumId, song.artistId, song.year, song.trackNumber, song.path, song.libraryName],
        ['One', 'Light', light, ann, 2001, 1, 'Ann/Light/01 - One.mp3', 'Music'],
      )
      assert.deepEqual(song.tags, { media: ['CD'], genre: ['Rock'], mood: ['Calm'] })
      assert.deepEqual(song.participants.artist, [{ id: ann, name: 'Ann' }])
      assert.equal(song.genres[0].name, 'Rock')
      assert.equal(JSON.parse(song.lyrics).length, 0)
      assert.notEqual(song.libraryPath, '')
      assert.equal((await kid(`/api/song/${one}`)).body.libraryPath, '')
    })

    await t.test('stars and ratings are there at once', async () => {
      const rest = (call: string) =>
        fetch(`${server.url}/rest/${call}&u=kid&p=kid-pass&v=1.16.1&c=test&f=json`).then((reply) => reply.json())
      await rest(`star?id=${three}`)
      await rest(`setRating?id=${one}&rating=4`)
      const [starred] = await list(kid, '/api/song?starred=true&_sort=starredAt&_order=DESC')
      assert.deepEqual([starred?.title, starred?.starred, typeof starred?.starredAt], ['Three', true, 'string'])
      assert.deepEqual((await names('/api/song?_sort=rating&_order=DESC', kid)).slice(0, 1), ['One'])
      assert.deepEqual(await names('/api/song?has_rating=true', kid), ['One'])
      assert.deepEqual(await names('/api/song?starred=true'), [])
    })

    await t.test('the playlists of a song are those that the reader may see', async () => {
      const rest = (call: string, user: string) => fetch(`${server.url}/rest/${call}&${user}&v=1.16.1&c=test&f=json`)
      await rest(`createPlaylist?name=Mine&songId=${one}`, 'u=kid&p=kid-pass')
      await rest(`createPlaylist?name=Theirs&songId=${one}`, `u=${ADMIN.name}&p=${ADMIN.password}`)
      const [mine, ...others] = await list(kid, `/api/song/${one}/playlists`)
      assert.deepEqual([mine?.name, mine?.songCount, mine?.rules, others.length], ['Mine', 1, null, 0])
      assert.deepEqual(await list(kid, `/api/song/${three}/playlists`), [])
    })

    await t.test('whatever a client sends, the answer is a list', async () => {
      const random = createRandom()
      const values = [
        '',
        '0',
        '-1',
        '1e9',
        'true',
        `'`,
        '%00',
        '%',
        '{"a":[1,{}]}',
        '[',
        '\u0000',
        '🎵',
        one,
        light,
        ann,
        jazz,
        'x'.repeat(1000),
      ]
      const fields = [
        '_start',
        '_end',
        '_sort',
        '_order',
        '_filters',
        'id',
        'title',
        'name',
        'year',
        'starred',
        'genre_id',
        'role',
        'path',
        'library_id',
        'seed',
        'artist_id',
        'role_total_id',
        'recently_played',
        '__proto__',
      ]
      for (let round = 0; round < 150; round++) {
        const query = new URLSearchParams(
          Array.from({ length: random.whole(6) }, () => [random.pick(fields), random.pick(values)]),
        )
        const path = `/api/${random.pick(['song', 'album', 'artist', 'genre'])}?${query}`
        const { status, body } = await kid(path)
        assert.ok(status === 200 && Array.isArray(body), `TEST_SEED=${random.seed} ${status} ${path}`)
      }
    })

    /** What Navidrome-MCP and Feishin send, name by name. */
    const CALLS = [
      '/api/song?_start=0&_end=1',
      '/api/genre?library_id=1&library_id=2',
      `/api/song?_start=0&_end=20&_sort=title&_order=ASC&library_id=1&title=one&starred=false&year=2001&genre_id=${jazz}`,
      '/api/song?_start=0&_end=20&_sort=random&_order=ASC&seed=abc&library_id=1',
      `/api/album?_start=0&_end=20&_sort=maxYear&_order=DESC&library_id=1&name=light&genre_id=${jazz}&artist_id=${ann}`,
      '/api/artist?_start=0&_end=20&_sort=albumCount&_order=DESC&library_id=1&name=ann&role=maincredit',
      ...['song', 'album', 'artist'].flatMap((kind) => [
        `/api/${kind}?_sort=playCount&_order=DESC&_start=0&_end=20&library_id=1`,
        `/api/${kind}?starred=true&_sort=starredAt&_order=DESC&_start=0&_end=20`,
        `/api/${kind}?starred=true&_sort=playDate&_order=ASC&_start=0&_end=20`,
        `/api/${kind}?_sort=rating&_order=DESC&_start=0&_end=20`,
      ]),
      '/api/song?_sort=playDate&_order=DESC&_start=0&_end=20',
      `/api/album?_start=0&_end=-1&_sort=recently_added&_order=DESC&missing=false&has_rating=true`,
      `/api/artist?_start=0&_end=-1&_sort=name&_order=ASC&role=albumartist&missing=false`,
      `/api/song?_start=0&_end=-1&_sort=explicitStatus&_order=ASC&artists_id=${ann}&missing=false`,
      `/api/song?_start=0&_end=-1&_sort=order_album_artist_name&_order=ASC&album_artist_id=${ann}`,
      `/api/song?album_id=${light}&_start=0&_end=-1&_sort=track&_order=ASC`,
      `/api/album?role_albumartist_id=${ann}&_start=0&_end=20&_sort=max_year&_order=DESC`,
      '/api/genre?_start=0&_end=0&_sort=name&_order=ASC',
    ]
    await t.test('the requests of Navidrome-MCP and Feishin find lists', async () => {
      for (const path of CALLS) await list(kid, path)
    })
  })
