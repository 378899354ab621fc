import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createTestHost, type TestHost } from 'tonearm/plugin/testing'
import { listen } from './history.ts'

const plugin = (name: string) => new URL(`../../${name}/`, import.meta.url)
const NOW = Date.UTC(2024, 0, 1, 12)
const OPEN = ['Open One', 'Open Jazz', 'Open Explicit', 'Open Secret']
const CLOSED = ['Closed One', 'Closed Duet']

interface Report {
  readonly libraries: readonly number[]
  readonly library: {
    readonly songs: number
    readonly albums: number
    readonly withoutCover: number
    readonly albumsWithoutCover: number
    readonly formats: readonly { readonly songs: number }[]
    readonly bitRates: readonly { readonly songs: number }[]
    readonly decades: readonly { readonly songs: number }[]
    readonly growth: readonly { readonly songs: number }[]
    readonly genres: readonly { readonly name: string; readonly songs: number }[]
    readonly duplicates: { readonly groups: number; readonly songs: number }
  }
  readonly listening: {
    readonly plays: number
    readonly songs: number
    readonly neverPlayed: number
    readonly topSongs: readonly { readonly name: string }[]
  }
}

async function report(host: TestHost, user: string, query = ''): Promise<Report> {
  const reply = await host.inject({ url: `/api/insights/report?period=all${query}`, user })
  assert.equal(reply.status, 200, reply.body)
  return reply.json() as Report
}

async function put(host: TestHost, url: string, user: string, body: unknown, method = 'PUT'): Promise<void> {
  const reply = await host.inject({ method, url, user, body })
  assert.equal(reply.status, 200, reply.body)
}

const sum = (rows: readonly { readonly songs: number }[]) => rows.reduce((all, { songs }) => all + songs, 0)

/** What a user may see is made in several ways; every figure is about the same songs. */
const WAYS: readonly {
  readonly name: string
  readonly sees: readonly string[]
  give?(host: TestHost): Promise<void>
}[] = [
  { name: 'a library', sees: OPEN },
  {
    name: 'a denied folder',
    sees: OPEN.filter((title) => title !== 'Open Secret'),
    give: (host) => deny(host, { denyFolders: [{ libraryId: host.library('Open'), path: 'Secret' }] }),
  },
  {
    name: 'a denied genre',
    sees: OPEN.filter((title) => title !== 'Open Jazz'),
    give: (host) => deny(host, { denyGenres: ['jazz'] }),
  },
  {
    name: 'explicit songs off',
    sees: OPEN.filter((title) => title !== 'Open Explicit'),
    give: (host) => deny(host, { denyExplicit: true }),
  },
  {
    name: 'a song that is shared',
    sees: [...OPEN, 'Closed One'],
    give: (host) => share(host, { kind: 'song', id: host.track('Closed One') }, { kind: 'user', id: host.user('bob') }),
  },
  {
    name: 'a library that is shared with everybody',
    sees: [...OPEN, ...CLOSED],
    give: (host) => share(host, { kind: 'library', id: String(host.library('Closed')) }, { kind: 'everyone' }),
  },
  {
    name: 'all of them at once',
    sees: ['Open One', 'Closed One', 'Closed Duet'],
    async give(host) {
      await deny(host, {
        denyFolders: [{ libraryId: host.library('Open'), path: 'Secret' }],
        denyGenres: ['Jazz'],
        denyExplicit: true,
      })
      await share(host, { kind: 'album', id: host.album('Closed') }, { kind: 'user', id: host.user('bob') })
      await share(host, { kind: 'song', id: host.track('Closed One') }, { kind: 'everyone' })
    },
  },
]

const deny = (host: TestHost, rules: object) => put(host, `/api/user/${host.user('bob')}/access`, 'admin', rules)
const share = (host: TestHost, target: object, recipient: object) =>
  put(host, '/api/v1/shares', 'alice', { targets: [target], recipient }, 'POST')

/** Alice may see and share all, bob one library of two. */
function familyHost(): Promise<TestHost> {
  return createTestHost({
    library: 'acl',
    now: NOW,
    users: [
      { name: 'alice', roles: ['stream', 'share'], libraries: ['Open', 'Closed'] },
      { name: 'bob', libraries: ['Open'] },
    ],
  })
}

for (const { name, sees, give } of WAYS)
  test(`by ${name} every figure counts the same songs`, async () => {
    await using host = await familyHost()
    await host.load(plugin('library-acl'))
    await host.load(plugin('sharing'))
    await host.load(plugin('insights'))
    await give?.(host)
    const { library, listening } = await report(host, 'bob')
    assert.equal(library.songs, sees.length)
    assert.equal(listening.neverPlayed, sees.length)
    for (const table of ['formats', 'bitRates', 'decades', 'growth'] as const)
      assert.equal(sum(library[table]), sees.length, table)
    assert.equal(library.withoutCover, sees.length)
    assert.equal(library.albums, library.albumsWithoutCover)
    assert.deepEqual(library.duplicates, { groups: 0, songs: 0, examples: [] })
    const jazz = library.genres.find((genre) => genre.name === 'Jazz')
    assert.equal(jazz?.songs ?? 0, sees.includes('Open Jazz') ? 1 : 0)
    const csv = await host.inject({ url: '/api/insights/report?format=csv&table=neverPlayed', user: 'bob' })
    const rows = csv.body.trim().split('\r\n').slice(1)
    assert.deepEqual(rows.map((row) => row.split(',')[1]).sort(), [...sees].sort())
    // Who looks at what somebody else never played sees the same.
    assert.equal((await report(host, 'admin', `&user=${host.user('bob')}`)).listening.neverPlayed, sees.length)

    const heard = [sees[0], sees.at(-1)].map((title) => ({ user: 'bob', title: title ?? '', at: NOW - 3_600_000 }))
    await listen(host, heard)
    const after = await report(host, 'bob')
    assert.equal(after.library.songs, sees.length)
    assert.deepEqual(
      [after.listening.neverPlayed, after.listening.songs, after.listening.plays],
      [sees.length - 2, 2, 2],
    )
    assert.deepEqual(after.listening.topSongs.map((song) => song.name).sort(), heard.map(({ title }) => title).sort())
    // A library by name is that library, and nothing that is shared beyond it.
    const open = await report(host, 'bob', `&library=${host.library('Open')}`)
    const ofOpen = sees.filter((title) => OPEN.includes(title))
    assert.equal(open.library.songs, ofOpen.length)
    assert.equal(open.listening.neverPlayed + open.listening.songs, ofOpen.length)
  })

test('what was heard by a share is no longer counted when that is taken back', async () => {
  await using host = await familyHost()
  await host.load(plugin('sharing'))
  await host.load(plugin('insights'))
  await share(host, { kind: 'library', id: String(host.library('Closed')) }, { kind: 'user', id: host.user('bob') })
  await listen(host, [{ user: 'bob', title: 'Closed One', at: NOW - 3_600_000 }])
  assert.equal((await report(host, 'bob')).listening.plays, 1)
  const [made] = (await host.inject({ url: '/api/share', user: 'alice' })).json() as { id: string }[]
  await host.inject({ method: 'DELETE', url: `/api/share/${made?.id}`, user: 'alice' })
  const { library, listening, libraries } = await report(host, 'bob')
  assert.deepEqual([library.songs, listening.plays, listening.neverPlayed, libraries.length], [4, 0, 4, 1])
})
