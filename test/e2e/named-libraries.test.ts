import assert from 'node:assert/strict'
import { mkdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { loadConfig } from '../../src/config/load.ts'
import { silentLogger } from '../../src/log/logger.ts'
import { createServer } from '../../src/server.ts'
import { type LibrarySpec, makeMusicLibrary } from '../support/music-library.ts'
import { tempFolder } from '../support/temp-database.ts'
import { ADMIN } from '../support/test-server.ts'

type Tree = Readonly<Record<string, never>>

interface House {
  readonly folder: string
  /** A server over these folders, until it is stopped. */
  start(...music: readonly string[]): Promise<Running>
}

interface Running {
  ask(call: string): Promise<Tree>
  scan(): Promise<void>
  stop(): Promise<void>
  url: string
}

function houseOf(t: TestContext): House {
  const folder = tempFolder(t)
  const data = join(folder, 'data')
  return {
    folder,
    async start(...music) {
      const settings: Readonly<Record<string, string>> = {
        'paths.data': data,
        'plugins.enabled': 'false',
        'server.host': '127.0.0.1',
        'server.port': '0',
        'scanner.onStart': 'false',
        'scanner.watch': 'off',
        music: JSON.stringify(music.map((name) => join(folder, name))),
      }
      const flags = Object.entries(settings).map(([name, text]) => ({ name, text, flag: `--${name}` }))
      const { config } = await loadConfig({ flags, env: {}, cwd: folder, home: folder })
      const server = createServer({ config, log: silentLogger, hashCost: 4 })
      t.after(() => server.stop('the test is over'))
      const { url } = await server.start()
      await server.core?.accounts.ensureFirstAdmin({ password: ADMIN.password })
      return {
        url,
        async ask(call) {
          const [name, query = ''] = call.split('?')
          const login = `u=${ADMIN.name}&p=${ADMIN.password}&c=test&v=1.16.1&f=json`
          const answer = (await (await fetch(`${url}/rest/${name}?${login}&${query}`)).json()) as Tree
          return (answer as Readonly<Record<string, Tree>>)['subsonic-response'] as Tree
        },
        scan: async () => void (await server.core?.scanner.scan({ kind: 'quick' })),
        stop: () => server.stop('the next one starts'),
      }
    },
  }
}

function albumOf(artist: string, count = 3): LibrarySpec {
  const songs = Array.from({ length: count }, (_, index) => [
    `${artist}/First/0${index} - Song.mp3`,
    {
      title: `${artist} ${index}`,
      artist,
      album: `${artist}'s First`,
      albumartist: artist,
      tracknumber: index + 1,
      genre: artist,
    },
  ])
  return { ...Object.fromEntries(songs), [`${artist}/First/all.m3u`]: '00 - Song.mp3\n01 - Song.mp3\n' }
}

/** All that a client is told, as text. */
async function everything({ ask }: Running): Promise<string> {
  const calls = [
    'getMusicFolders',
    'getIndexes',
    'getArtists',
    'getGenres',
    'getAlbumList2?type=alphabeticalByName&size=100',
    'getAlbumList2?type=newest&size=100',
    'getAlbumList?type=alphabeticalByArtist&size=100',
    'search3?query=&songCount=100&albumCount=100&artistCount=100',
    'search3?query=bert&songCount=100&albumCount=100&artistCount=100',
    'search2?query=bert',
    'getRandomSongs?size=100',
    'getStarred2',
    'getPlaylists',
    'getSongsByGenre?genre=Bert',
    'getScanStatus',
  ]
  const answers: string[] = []
  for (const call of calls) {
    const answer = { ...(await ask(call)) } as Record<string, unknown>
    for (const changing of ['lastScan', 'elapsedTime'])
      delete (answer.scanStatus as Record<string, unknown> | undefined)?.[changing]
    for (const list of Object.values(answer))
      if (typeof list === 'object') delete (list as Record<string, unknown>).lastModified
    answers.push(`${call} ${JSON.stringify(answer)}`)
  }
  return answers.map((text) => (text.startsWith('getRandomSongs') ? text.split('').sort().join('') : text)).join('\n')
}

async function idsOf({ ask }: Running, query: string): Promise<{ song: string; album: string; artist: string }> {
  const { searchResult3 } = (await ask(`search3?query=${query}`)) as never as {
    searchResult3: Readonly<Record<'song' | 'album' | 'artist', readonly { id: string }[]>>
  }
  const first = (kind: 'song' | 'album' | 'artist') => searchResult3[kind][0]?.id ?? ''
  return { song: first('song'), album: first('album'), artist: first('artist') }
}

async function mark(running: Running, query: string): Promise<void> {
  const { song, album, artist } = await idsOf(running, query)
  await running.ask(`star?id=${song}&albumId=${album}&artistId=${artist}`)
  await running.ask(`setRating?id=${song}&rating=4`)
  await running.ask(`setRating?id=${album}&rating=5`)
  await running.ask(`scrobble?id=${song}&submission=true`)
  const other = await idsOf(running, 'anna')
  await running.ask(`createPlaylist?name=Mixed&songId=${song}&songId=${other.song}&songId=${song}`)
}

test('a library that is taken out is gone from all lists at the next start, and back with everything when it is named', async (t) => {
  const house = houseOf(t)
  await makeMusicLibrary(join(house.folder, 'one'), albumOf('Anna'))
  await makeMusicLibrary(join(house.folder, 'two'), albumOf('Bert'))
  const both = await house.start('one', 'two')
  await both.scan()
  await mark(both, 'bert')
  const before = await everything(both)
  assert.match(before, /Bert/)
  await both.stop()

  const alone = await house.start('one')
  for (const scanned of [false, true]) {
    if (scanned) await alone.scan()
    const told = await everything(alone)
    assert.doesNotMatch(told.replace(/search.\?query=bert/g, '').replace(/genre=Bert/, ''), /Bert|two/)
    assert.match(told, /getScanStatus .*"count":3[,}]/)
  }
  await alone.stop()

  const again = await house.start('one', 'two')
  await again.scan()
  assert.equal(await everything(again), before)
  const list = (await again.ask('getPlaylists')) as never as {
    playlists: { playlist: { name: string; songCount: number }[] }
  }
  assert.equal(list.playlists.playlist.find(({ name }) => name === 'Mixed')?.songCount, 3)
  await again.stop()
})

for (const [what, change] of [
  ['was renamed', (folder: string) => renameSync(join(folder, 'two'), join(folder, 'deux'))],
  [
    'was moved to another disk',
    (folder: string) => {
      mkdirSync(join(folder, 'disk'))
      renameSync(join(folder, 'two'), join(folder, 'disk/zwei'))
    },
  ],
] as const)
  test(`a root that ${what} is recognised by what is in it`, async (t) => {
    const house = houseOf(t)
    await makeMusicLibrary(join(house.folder, 'one'), albumOf('Anna'))
    await makeMusicLibrary(join(house.folder, 'two'), albumOf('Bert'))
    const first = await house.start('one', 'two')
    await first.scan()
    await mark(first, 'bert')
    const before = await everything(first)
    await first.stop()
    change(house.folder)
    const name = what === 'was renamed' ? 'deux' : 'disk/zwei'
    const next = await house.start('one', name)
    await next.scan()
    const told = (await everything(next)).replaceAll(name.split('/').at(-1) as string, 'two')
    assert.equal(told, before)
    await next.stop()
  })

test('a root that was renamed while its library was taken out is recognised as well', async (t) => {
  const house = houseOf(t)
  await makeMusicLibrary(join(house.folder, 'one'), albumOf('Anna'))
  await makeMusicLibrary(join(house.folder, 'two'), albumOf('Bert'))
  const first = await house.start('one', 'two')
  await first.scan()
  const ids = await idsOf(first, 'bert')
  await first.stop()
  await (await house.start('one')).stop()
  renameSync(join(house.folder, 'two'), join(house.folder, 'three'))
  const next = await house.start('one', 'three')
  await next.scan()
  assert.deepEqual(await idsOf(next, 'bert'), ids)
  await next.stop()
})

for (const [what, take] of [
  ['absent', (root: string) => rmSync(root, { recursive: true })],
  [
    'empty',
    (root: string) => {
      rmSync(root, { recursive: true })
      mkdirSync(root)
    },
  ],
] as const)
  for (const names of [['one', 'two'], ['two'], ['one']])
    for (const scanned of [true, false])
      test(`roots that are ${what} stop no server that started once: ${names.join(' and ')}, ${scanned ? '' : 'never '}scanned`, async (t) => {
        const house = houseOf(t)
        await makeMusicLibrary(join(house.folder, 'one'), albumOf('Anna'))
        await makeMusicLibrary(join(house.folder, 'two'), albumOf('Bert'))
        const first = await house.start('one', 'two')
        if (scanned) await first.scan()
        await first.stop()
        for (const name of names) take(join(house.folder, name))
        const next = await house.start('one', 'two')
        await next.scan()
        const count = scanned ? 6 : 6 - names.length * 3
        const status = (await next.ask('getScanStatus')) as never as { scanStatus: { count: number } }
        const { searchResult3 } = (await next.ask('search3?query=&songCount=100')) as never as {
          searchResult3: { song?: readonly unknown[] }
        }
        assert.deepEqual([searchResult3.song?.length ?? 0, status.scanStatus.count >= 0], [count, true])
        await next.stop()
      })

test('a new library whose root is absent is served later, also beside none', async (t) => {
  const house = houseOf(t)
  await makeMusicLibrary(join(house.folder, 'one'), albumOf('Anna'))
  await (await house.start('one')).stop()
  rmSync(join(house.folder, 'one'), { recursive: true })
  const next = await house.start('three', 'four')
  await next.scan()
  await makeMusicLibrary(join(house.folder, 'three'), albumOf('Bert'))
  await next.scan()
  assert.notEqual((await idsOf(next, 'bert')).album, '')
  await next.stop()
})

test('a first start where no folder can be read is refused', async (t) => {
  const house = houseOf(t)
  await assert.rejects(house.start('one', 'two'), /does not exist/)
})

test('a library may take the place of those in it that were named before, and the other way round', async (t) => {
  const house = houseOf(t)
  await makeMusicLibrary(join(house.folder, 'all/one'), albumOf('Anna'))
  await makeMusicLibrary(join(house.folder, 'all/two'), albumOf('Bert'))
  const apart = await house.start('all/one', 'all/two')
  await apart.scan()
  await apart.stop()
  for (const names of [['all'], ['all/one', 'all/two']]) {
    const next = await house.start(...names)
    await next.scan()
    const { searchResult3 } = (await next.ask('search3?query=&songCount=100')) as never as {
      searchResult3: { song: readonly unknown[] }
    }
    assert.equal(searchResult3.song.length, 6)
    await next.stop()
  }
})
