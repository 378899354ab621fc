import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { coverJpeg } from '../support/audio.ts'
import { makeMusicLibrary } from '../support/music-library.ts'
import { type Program, scratch, startProgram } from '../support/program.ts'

const home = scratch(after)
const music = join(home, 'Music')
const data = join(home, 'data')

before(() =>
  makeMusicLibrary(music, {
    'Nina/Blue/01 - One.mp3': { title: 'One', artist: 'Nina', album: 'Blue' },
    'Nina/Blue/02 - Two.flac': { audio: { format: 'flac', tags: { title: 'Two', artist: 'Nina', album: 'Blue' } } },
    'Nina/Blue/cover.jpg': coverJpeg(),
    'Untagged/Somebody - Something.mp3': {},
  }),
)

interface Answer {
  readonly status: string
  readonly [name: string]: unknown
}

async function serving(work: (ask: (method: string, query?: string) => Promise<Answer>, url: string) => Promise<void>) {
  const program: Program = startProgram(
    ['--music', music, '--data', data, '--host', '127.0.0.1', '--port', '0'],
    home,
    {
      env: { TONEARM_ADMIN_PASSWORD: 'listening-1' },
    },
  )
  try {
    const [, url] = await program.until(/"url":"(http:[^"]+)"/)
    await program.until(/scan finished/)
    const login = 'u=admin&p=listening-1&c=e2e&v=1.16.1&f=json'
    await work(async (method, query = '') => {
      const answer = await fetch(`${url}/rest/${method}?${login}&${query}`)
      return ((await answer.json()) as { 'subsonic-response': Answer })['subsonic-response']
    }, `${url}/rest/%s?${login}`)
  } finally {
    program.kill('SIGTERM')
    assert.equal(await program.ended, 0)
  }
}

interface FoundSong {
  readonly id: string
  readonly title: string
  readonly coverArt?: string
  readonly starred?: string
}

async function search(
  ask: (method: string, query?: string) => Promise<Answer>,
  words: string,
): Promise<readonly FoundSong[]> {
  const { searchResult3 } = await ask('search3', `query=${encodeURIComponent(words)}`)
  return (searchResult3 as { song?: readonly FoundSong[] }).song ?? []
}

test('a person starts it, finds a song, plays, seeks, sees the cover, stars it, restarts, and everything is still there', async () => {
  let id = ''
  await serving(async (ask, template) => {
    const [song] = await search(ask, 'one nina')
    assert.equal(song?.title, 'One')
    id = song?.id ?? ''
    assert.equal((await search(ask, 'something')).length, 1)

    const file = readFileSync(join(music, 'Nina/Blue/01 - One.mp3'))
    const stream = `${template.replace('%s', 'stream')}&id=${id}`
    assert.deepEqual(Buffer.from(await (await fetch(stream)).arrayBuffer()), file)
    const seek = await fetch(stream, { headers: { range: 'bytes=100-199' } })
    assert.equal(seek.status, 206)
    assert.deepEqual(Buffer.from(await seek.arrayBuffer()), file.subarray(100, 200))

    const cover = await fetch(`${template.replace('%s', 'getCoverArt')}&id=${song?.coverArt}&size=64`)
    assert.equal(cover.status, 200)
    assert.match(cover.headers.get('content-type') ?? '', /^image\//)

    assert.equal((await ask('star', `id=${id}`)).status, 'ok')
    assert.equal((await ask('scrobble', `id=${id}`)).status, 'ok')
    assert.equal((await ask('createPlaylist', `name=Mine&songId=${id}`)).status, 'ok')
  })
  writeFileSync(join(music, 'Nina/Blue/notes.txt'), 'nothing to hear')
  await serving(async (ask) => {
    const { starred2 } = await ask('getStarred2')
    assert.deepEqual(
      (starred2 as { song: readonly FoundSong[] }).song.map((song) => song.id),
      [id],
    )
    const { song } = await ask('getSong', `id=${id}`)
    assert.equal((song as { playCount: number }).playCount, 1)
    const { playlists } = await ask('getPlaylists')
    assert.deepEqual(
      (playlists as { playlist: readonly { name: string; songCount: number }[] }).playlist.map(
        ({ name, songCount }) => [name, songCount],
      ),
      [['Mine', 1]],
    )
  })
})
