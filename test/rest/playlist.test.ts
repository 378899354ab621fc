import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FULL_SCOPE } from '../../src/base/access-scope.ts'
import type { SongId, UserId } from '../../src/base/ids.ts'
import { songsOfM3u } from '../../src/rest/playlist-m3u.ts'
import { onBothAdapters } from '../support/adapters.ts'
import { createTestClock } from '../support/clock.ts'
import { callerOf, mayOnlySee, type RestCall, songIds, strangerTo } from '../support/rest-caller.ts'
import { ADMIN, startTestServer, type TestServerOptions } from '../support/test-server.ts'

const SONG = { artist: 'Ann', albumartist: 'Ann', album: 'Light', date: 2001 }
const OPTIONS = {
  libraries: {
    Open: {
      'Ann/Light/1.mp3': { ...SONG, title: 'One', tracknumber: 1 },
      'Ann/Light/2.mp3': { ...SONG, title: 'Two', tracknumber: 2 },
      'Ann/Light/3.mp3': { ...SONG, title: 'Three', tracknumber: 3 },
      'Mirrored.m3u': '#PLAYLIST:From a file\nAnn/Light/1.mp3\nAnn/Light/2.mp3\n',
    },
    Shut: { 'Eve/Dark/1.mp3': { title: 'Secret', artist: 'Eve', albumartist: 'Eve', album: 'Dark' } },
  },
  users: ['ann', 'bob'].map((name) => ({ name, password: `${name}-pass` })),
} satisfies TestServerOptions

type Json = Readonly<Record<string, unknown>>

async function made(call: RestCall, body: object, songs: readonly (string | undefined)[] = []): Promise<string> {
  const { status, body: answer } = await call('POST /api/playlist', { body })
  assert.equal(status, 200)
  const { id } = answer as { id: string }
  assert.deepEqual(answer, { id })
  if (songs.length > 0) await call(`POST /api/playlist/${id}/tracks`, { body: { ids: songs } })
  return id
}

async function record(call: RestCall, id: string): Promise<Json> {
  const { status, body } = await call(`GET /api/playlist/${id}`)
  assert.equal(status, 200)
  return body as Json
}

async function names(call: RestCall, query = ''): Promise<readonly unknown[]> {
  const { status, body, headers } = await call(`GET /api/playlist?${query}`)
  assert.equal(status, 200)
  const list = (body as Json[]).map(({ name }) => name)
  if (!query.includes('_start')) assert.equal(headers.get('x-total-count'), String(list.length), query)
  return list
}

onBothAdapters('a playlist is made, read, changed in part and removed', async (t, adapter) => {
  const clock = createTestClock()
  const server = await startTestServer({ ...OPTIONS, adapter, clock }, t)
  const { One, Two } = songIds(server)
  const ann = await callerOf(server, 'ann')
  const id = await made(ann, { name: 'Mine', comment: 'for trains', public: true, rules: null, sync: false, x: 1 }, [
    One,
    Two,
  ])
  assert.match(id, /^[A-Za-z0-9_-]+$/)
  const now = () => new Date(clock.now()).toISOString()
  const first = await record(ann, id)
  const { duration, size, ...rest } = first
  assert.ok(Number(duration) > 0 && Number(size) > 0)
  assert.deepEqual(rest, {
    id,
    name: 'Mine',
    comment: 'for trains',
    songCount: 2,
    ownerName: 'ann',
    ownerId: `u${server.core.accounts.find('ann')?.id.toString(36)}`,
    public: true,
    path: '',
    sync: false,
    uploadedImage: '',
    createdAt: now(),
    updatedAt: now(),
    rules: null,
    evaluatedAt: null,
    imageAbsent: true,
  })
  clock.advance(60_000)
  const changes: readonly [body: object, expected: object][] = [
    [{ name: 'Ours' }, { name: 'Ours', comment: 'for trains', public: true }],
    [{ comment: '' }, { name: 'Ours', comment: '', public: true }],
    [
      { public: false, comment: null },
      { name: 'Ours', comment: '', public: false },
    ],
    [{ sync: true }, { sync: false }],
    [
      { ...first, name: 'Whole', rules: null },
      { name: 'Whole', comment: 'for trains', public: true, songCount: 2 },
    ],
    [{}, { name: 'Whole' }],
    [{ rules: {} }, { rules: null }],
  ]
  for (const [body, expected] of changes) {
    const answer = await ann(`PUT /api/playlist/${id}`, { body })
    assert.equal(answer.status, 200, JSON.stringify(body))
    assert.deepEqual(answer.body, { ...(answer.body as object), ...expected, updatedAt: now() })
    assert.deepEqual(await record(ann, id), answer.body)
  }
  const removed = await ann(`DELETE /api/playlist/${id}`)
  assert.deepEqual([removed.status, removed.body], [200, {}])
  for (const line of ['GET', 'DELETE', 'PUT'].map((method) => `${method} /api/playlist/${id}`))
    assert.equal((await ann(line, line.startsWith('PUT') ? { body: {} } : {})).status, 404, line)
})

test('lists are filtered, sorted and cut as clients ask', async (t) => {
  const clock = createTestClock()
  const server = await startTestServer({ ...OPTIONS, clock }, t)
  const { One, Two, Three } = songIds(server)
  const [ann, bob] = [await callerOf(server, 'ann'), await callerOf(server, 'bob')]
  const morning = await made(ann, { name: 'Morning', comment: 'Café' }, [One, Two, Three])
  clock.advance(1000)
  await made(bob, { name: 'evening', public: true }, [One])
  clock.advance(1000)
  await made(ann, { name: 'Noon', public: true }, [One, Two])
  await made(bob, { name: 'Private of Bob' })
  await ann(`GET /rest/star?u=ann&p=ann-pass&v=1.16.1&c=t&id=${morning}`)
  const [annId, bobId] = ['ann', 'bob'].map((name) => `u${server.core.accounts.find(name)?.id.toString(36)}`)
  const table: readonly [query: string, names: readonly string[]][] = [
    ['', ['evening', 'Morning', 'Noon']],
    ['_sort=name&_order=DESC', ['Noon', 'Morning', 'evening']],
    ['_sort=songCount&_order=ASC', ['evening', 'Noon', 'Morning']],
    ['_sort=song_count&_order=DESC', ['Morning', 'Noon', 'evening']],
    ['_sort=duration&_order=DESC', ['Morning', 'Noon', 'evening']],
    ['_sort=updatedAt&_order=DESC', ['Noon', 'evening', 'Morning']],
    ['_sort=public&_order=ASC', ['Morning', 'evening', 'Noon']],
    ['_sort=owner_name&_order=DESC', ['evening', 'Morning', 'Noon']],
    ['_sort=rules', ['evening', 'Morning', 'Noon']],
    ['_sort=nonsense', ['evening', 'Morning', 'Noon']],
    ['_start=1&_end=2', ['Morning']],
    ['_start=0&_end=-1', ['evening', 'Morning', 'Noon']],
    ['_start=3&_end=3', []],
    ['q=NOON', ['Noon']],
    ['q=cafe', ['Morning']],
    ['q=zz', []],
    ['q=zz&q=noon', ['Noon']],
    [`${'q=zz&'.repeat(20)}q=noon`, []],
    ['q=%25', []],
    [`owner_id=${bobId}`, ['evening']],
    [`owner_id=${annId}&q=oo`, ['Noon']],
    [`id=${morning}&id=p0`, ['Morning']],
    ['smart=true', []],
    ['smart=false', ['evening', 'Morning', 'Noon']],
    ['starred=true', ['Morning']],
    ['starred=false', ['evening', 'Noon']],
    ['library_id=99&missing=true', ['evening', 'Morning', 'Noon']],
    [`_filters=${encodeURIComponent('{"q":"morn","starred":true}')}`, ['Morning']],
    ['_filters=%7B', ['evening', 'Morning', 'Noon']],
  ]
  const mirrored = 'From a file'
  for (const [query, wanted] of table)
    assert.deepEqual(
      (await names(ann, query)).filter((name) => name !== mirrored),
      wanted,
      query,
    )
  assert.equal((await record(ann, morning)).starred, true)
  assert.equal((await ann('GET /api/playlist?_start=1&_end=2')).headers.get('x-total-count'), '3')
  assert.deepEqual(await names(ann, 'name=morn'), ['Morning'])
  const containing = await ann(`GET /api/song/${Three}/playlists`)
  assert.deepEqual([(containing.body as Json[])[0]?.id, containing.headers.get('x-total-count')], [morning, '1'])
  assert.deepEqual((await bob(`GET /api/song/${Three}/playlists`)).body, [])
})

test('what is no playlist is refused, and rules with a sentence', async (t) => {
  const server = await startTestServer(OPTIONS, t)
  const ann = await callerOf(server, 'ann')
  const json = { 'content-type': 'application/json' }
  const id = await made(ann, { name: 'Mine' })
  const table: readonly [body: unknown, status: number, text: RegExp][] = [
    ['{', 422, /invalid request payload/],
    ['[]', 422, /invalid request payload/],
    ['', 422, /invalid request payload/],
    [{ name: '' }, 400, /"name":"ra.validation.required"/],
    [{ name: 5 }, 400, /"name":"ra.validation.invalid"/],
    [{ name: 'x', comment: [] }, 400, /"comment":"ra.validation.invalid"/],
    [{ name: 'x', public: 'yes' }, 400, /"public":"ra.validation.invalid"/],
    [{ name: 'x'.repeat(17_000) }, 400, /"name":"ra.validation.invalid"/],
    [{ name: 'x', rules: { all: [{ is: { loved: true } }] } }, 400, /smart playlist/],
    [{ name: 'x', rules: 'all' }, 400, /smart playlist/],
    [{ name: 'x', rules: ['a'] }, 400, /smart playlist/],
  ]
  for (const [body, status, text] of table) {
    for (const line of ['POST /api/playlist', `PUT /api/playlist/${id}`]) {
      const answer = await ann(line, { body, headers: json })
      assert.equal(answer.status, status, `${line} ${JSON.stringify(body).slice(0, 80)}`)
      assert.match(answer.text, text)
    }
  }
  assert.equal((await ann('POST /api/playlist', { body: {} })).status, 400)
  assert.deepEqual(await names(ann, 'owner_id=&q=x'), [])
  for (const wrong of ['p0', 's1', 'x', '%20', 'p'.repeat(500)])
    assert.equal((await ann(`GET /api/playlist/${wrong}`)).status, 404, wrong)
  const typed = await ann('POST /api/playlist', {
    body: '{"name":"With a charset"}',
    headers: { 'content-type': 'Application/JSON; charset=utf-8' },
  })
  assert.equal(typed.status, 200)
})

test('only the owner changes a playlist, and private ones are nobody else’s', async (t) => {
  const server = await startTestServer(OPTIONS, t)
  const { One } = songIds(server)
  const [ann, bob] = [await callerOf(server, 'ann'), await callerOf(server, 'bob')]
  const admin = await callerOf(server, ADMIN.name, ADMIN.password)
  const stranger = strangerTo(server)
  const shut = await made(ann, { name: 'Shut' }, [One])
  const shared = await made(ann, { name: 'Shared', public: true }, [One])
  const lines = (id: string): readonly [line: string, body?: object][] => [
    [`PUT /api/playlist/${id}`, { name: 'Stolen' }],
    [`DELETE /api/playlist/${id}`],
    [`POST /api/playlist/${id}/tracks`, { ids: [One] }],
    [`PUT /api/playlist/${id}/tracks/1`, { insert_before: '1' }],
    [`DELETE /api/playlist/${id}/tracks?id=1`],
    [`DELETE /api/playlist/${id}/tracks/1`],
  ]
  for (const [call, private_, public_] of [
    [bob, 404, 403],
    [admin, 404, 403],
    [stranger, 401, 401],
  ] as const) {
    for (const [id, status] of [
      [shut, private_],
      [shared, public_],
    ] as const)
      for (const [line, body] of lines(id)) assert.equal((await call(line, body ? { body } : {})).status, status, line)
    for (const path of [`/api/playlist/${shut}`, `/api/playlist/${shut}/tracks`, `/api/playlist/${shut}/tracks/1`])
      assert.equal((await call(`GET ${path}`)).status, private_, path)
  }
  for (const path of ['/api/playlist', `/api/playlist/${shared}`, `/api/song/${One}/playlists`])
    assert.equal((await stranger(`GET ${path}`)).status, 401, path)
  assert.deepEqual([(await record(ann, shared)).songCount, (await record(ann, shut)).name], [1, 'Shut'])
})

test('administrators may give their playlists away, others not', async (t) => {
  const server = await startTestServer(OPTIONS, t)
  const [ann, admin] = [await callerOf(server, 'ann'), await callerOf(server, ADMIN.name, ADMIN.password)]
  const [annId, bobId] = ['ann', 'bob'].map((name) => `u${server.core.accounts.find(name)?.id.toString(36)}`)
  const own = await made(ann, { name: 'Own' })
  assert.equal((await ann(`PUT /api/playlist/${own}`, { body: { ownerId: annId } })).status, 200)
  assert.equal((await ann(`PUT /api/playlist/${own}`, { body: { ownerId: bobId } })).status, 403)
  const gift = await made(admin, { name: 'Gift' })
  for (const ownerId of ['u0', 's1', 'nobody', 'uzzz'])
    assert.equal((await admin(`PUT /api/playlist/${gift}`, { body: { ownerId } })).status, 400, ownerId)
  const given = await admin(`PUT /api/playlist/${gift}`, { body: { ownerId: annId, name: 'Given' } })
  assert.deepEqual(
    [given.status, (given.body as Json).ownerName, (given.body as Json).ownerId, (given.body as Json).name],
    [200, 'ann', annId, 'Given'],
  )
  assert.equal((await record(ann, gift)).name, 'Given')
  assert.equal((await admin(`GET /api/playlist/${gift}`)).status, 404)
})

test('a playlist that mirrors a file keeps its songs, and only administrators see which file', async (t) => {
  const server = await startTestServer(OPTIONS, t)
  const { Three } = songIds(server)
  const admin = await callerOf(server, ADMIN.name, ADMIN.password)
  const [mirrored = {}] = (await admin('GET /api/playlist?q=From%20a%20file')).body as Json[]
  assert.deepEqual([mirrored.sync, mirrored.path, mirrored.songCount], [true, 'Mirrored.m3u', 2])
  const refused: readonly [line: string, body?: object][] = [
    [`DELETE /api/playlist/${mirrored.id}`],
    [`POST /api/playlist/${mirrored.id}/tracks`, { ids: [Three] }],
    [`PUT /api/playlist/${mirrored.id}/tracks/1`, { insert_before: '2' }],
    [`DELETE /api/playlist/${mirrored.id}/tracks?id=1`],
  ]
  for (const [line, body] of refused) assert.equal((await admin(line, body ? { body } : {})).status, 409, line)
  const shown = await admin(`PUT /api/playlist/${mirrored.id}`, { body: { public: true } })
  assert.equal(shown.status, 200)
  const ann = await callerOf(server, 'ann')
  assert.equal((await record(ann, String(mirrored.id))).path, '')
  await admin(`PUT /api/playlist/${mirrored.id}`, { body: { sync: false } })
  const { body } = await admin(`POST /api/playlist/${mirrored.id}/tracks`, { body: { ids: [Three] } })
  assert.deepEqual(body, { added: 1 })
})

test('a reader learns nothing of songs that they may not see, by counts, lengths or sizes', async (t) => {
  const server = await startTestServer(OPTIONS, t)
  const { One, Secret = '' } = songIds(server)
  const [ann, bob] = [await callerOf(server, 'ann'), await callerOf(server, 'bob')]
  const mixed = await made(ann, { name: 'Mixed', public: true }, [Secret, One, Secret])
  const plain = await made(ann, { name: 'Plain', public: true }, [One])
  await mayOnlySee(server, 'bob', 'Open')
  const [seen, alike] = [await record(bob, mixed), await record(bob, plain)]
  for (const name of ['songCount', 'duration', 'size']) assert.equal(seen[name], alike[name], name)
  assert.equal((await bob(`GET /api/song/${Secret}/playlists`)).status, 404)
  assert.equal((await bob('GET /api/song/szzz/playlists')).status, 404)
  const texts = await Promise.all(
    ['', `/${mixed}`, `/${mixed}/tracks`].map(async (path) => (await bob(`GET /api/playlist${path}`)).text),
  )
  for (const text of texts)
    for (const word of ['Secret', `"${Secret}"`, 'Eve', 'Dark', 'Shut']) assert.ok(!text.includes(word), word)
})

onBothAdapters('a playlist file is imported, and one is written that comes back the same', async (t, adapter) => {
  const server = await startTestServer({ ...OPTIONS, adapter }, t)
  const ann = await callerOf(server, 'ann')
  await mayOnlySee(server, 'ann', 'Open')
  const title = async (id: unknown) =>
    ((await ann(`GET /api/playlist/${id}/tracks`)).body as Json[]).map((track) => track.title).join()
  const newest = async () => ((await ann('GET /api/playlist?_sort=createdAt&_order=DESC&_end=1')).body as Json[])[0]?.id
  const file = [
    '#EXTM3U',
    '#PLAYLIST:Träume',
    '#EXTINF:1,Ann - Two',
    '/srv/other/music/Ann/Light/2.mp3',
    'Ann\\Light\\1.mp3',
    './Ann/Light/1.mp3',
    'file:///C:/Music/Ann/Light/3.mp3',
    'Eve/Dark/1.mp3',
    'Nobody/Nothing.mp3',
    'http://radio.example/stream',
    '',
  ].join('\r\n')
  const imported = await ann('POST /api/playlist', { body: file, headers: { 'content-type': 'audio/x-mpegurl' } })
  assert.equal(imported.status, 201)
  assert.equal(imported.headers.get('content-type'), 'audio/x-mpegurl; charset=utf-8')
  assert.match(
    imported.text,
    /^#EXTM3U\n#PLAYLIST:Träume\n#EXTINF:\d+,Ann - Two\nAnn\/Light\/2\.mp3\n#EXTINF:\d+,Ann - One\nAnn\/Light\/1\.mp3\n/,
  )
  assert.ok(!imported.text.includes('Eve'))
  const id = await newest()
  assert.equal(await title(id), 'Two,One,One,Three')
  const written = await ann(`GET /api/playlist/${id}/tracks`, { headers: { accept: 'Audio/X-MPEGURL, */*' } })
  assert.deepEqual([written.status, written.text], [200, imported.text])
  assert.match(
    written.headers.get('content-disposition') ?? '',
    /^attachment; filename="Tr_ume\.m3u"; filename\*=UTF-8''/,
  )
  const again = await ann('POST /api/playlist', { body: written.text, headers: { 'content-type': 'text/plain' } })
  assert.equal(again.text, written.text)
  await ann(`PUT /api/playlist/${id}`, { body: { name: '曲'.repeat(5000) } })
  const long = await ann(`GET /api/playlist/${id}/tracks`, { headers: { accept: 'audio/x-mpegurl' } })
  assert.ok((long.headers.get('content-disposition') ?? 'x'.repeat(2000)).length < 1500)
  for (const [body, name] of [
    ['', 'Imported playlist'],
    ['{"name":"no JSON type"}', 'Imported playlist'],
    ['#PLAYLIST:One\n#PLAYLIST:Two\n\0', 'One'],
    [`${'a/'.repeat(5000)}\n`.repeat(20), 'Imported playlist'],
    [`#PLAYLIST:A\0B${'x'.repeat(100_000)}\n`, `AB${'x'.repeat(16_382)}`],
  ] as const) {
    const answer = await ann('POST /api/playlist', { body, headers: { 'content-type': 'text/plain' } })
    assert.deepEqual([answer.status, answer.text], [201, `#EXTM3U\n#PLAYLIST:${name}\n`])
  }
})

test('what a playlist file asks at a time is bounded, however long its lines are', async () => {
  const asked: number[] = []
  const songs = {
    atPaths: (_viewer: unknown, paths: readonly string[]) => {
      asked.push(paths.join('').length)
      return new Map(paths.filter((path) => path === 'é/last.mp3').map((path) => [path, 7 as SongId]))
    },
  }
  const viewer = { userId: 1 as UserId, scope: FULL_SCOPE }
  const utf8 = (text: string) => Buffer.from(text)
  const latin1 = (text: string) => Buffer.from(text, 'latin1')
  for (const encoded of [utf8, latin1])
    for (const line of [
      'é/'.repeat(500_000),
      'é/%41\\'.repeat(2000),
      'é/%41\\'.repeat(500),
      'é/a',
      'é/%41\\'.repeat(20),
    ]) {
      const text = `${line}\n`.repeat(Math.ceil(1_000_000 / line.length))
      asked.length = 0
      const { songIds } = await songsOfM3u(songs, viewer, encoded(`é/last.mp3\n${text}é/last.mp3\n`))
      assert.equal(songIds.length, line === 'é/a' ? 1 : 2, line.slice(0, 20))
      assert.ok(Math.max(...asked) < 4_000_000, `${line.slice(0, 20)}: ${Math.max(...asked)}`)
    }
})

test('line breaks in names make no further lines of a playlist file', async (t) => {
  const server = await startTestServer(
    { ...OPTIONS, libraries: { Open: { '#a/1.mp3': { ...SONG, title: 'Two\nlines\r#EXTM3U' } } } },
    t,
  )
  const ann = await callerOf(server, 'ann')
  const id = await made(ann, { name: 'A\nB\r\n#C' }, Object.values(songIds(server)))
  const { text } = await ann(`GET /api/playlist/${id}/tracks`, { headers: { accept: 'audio/x-mpegurl' } })
  assert.match(text, /^#EXTM3U\n#PLAYLIST:A B #C\n#EXTINF:\d+,Ann - Two.*\n\.\/#a\/1\.mp3\n$/)
})
