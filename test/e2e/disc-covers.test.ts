import assert from 'node:assert/strict'
import { test } from 'node:test'
import { coverJpeg } from '../support/audio.ts'
import type { LibrarySpec } from '../support/music-library.ts'
import { ADMIN, startTestServer } from '../support/test-server.ts'

const ALBUM = coverJpeg(1)
const DISCS = [coverJpeg(2), coverJpeg(3)] as const

/** Two discs of two songs; `embedded`: pictures in the songs of a disc. */
function discs(place: (disc: number) => string, embedded: Readonly<Record<number, Buffer>> = {}): LibrarySpec {
  const songs = [1, 2].flatMap((disc) =>
    [1, 2].map((track) => {
      const cover = embedded[disc]
      const tags = {
        title: `${disc}.${track}`,
        artist: 'Anna',
        albumartist: 'Anna',
        album: 'First',
        discnumber: String(disc),
        discsubtitle: `Part ${disc}`,
        tracknumber: String(track),
      }
      return [
        `${place(disc)}/${disc}-${track}.mp3`,
        { audio: { tags, ...(cover ? { picture: { mime: 'image/jpeg', data: cover } } : {}) } },
      ] as const
    }),
  )
  return Object.fromEntries(songs) as LibrarySpec
}

const apart = (disc: number) => `Anna/First/CD${disc}`
const together = () => 'Anna/First'

const CASES: readonly [string, LibrarySpec, string | undefined, readonly (typeof ALBUM)[]][] = [
  [
    'a picture in each folder',
    { ...discs(apart), 'Anna/First/CD1/cover.jpg': DISCS[0], 'Anna/First/CD2/cover.jpg': DISCS[1] },
    undefined,
    DISCS,
  ],
  [
    'numbered pictures in the folder of the album',
    { ...discs(together), 'Anna/First/disc1.jpg': DISCS[0], 'Anna/First/disc2.jpg': DISCS[1] },
    undefined,
    DISCS,
  ],
  [
    'numbered pictures above the folders',
    { ...discs(apart), 'Anna/First/cd1.jpg': DISCS[0], 'Anna/First/cd 02.jpg': DISCS[1] },
    undefined,
    DISCS,
  ],
  [
    'a picture of one disc alone',
    { ...discs(apart), 'Anna/First/CD2/folder.jpg': DISCS[1] },
    undefined,
    [ALBUM, DISCS[1]],
  ],
  ['pictures in the songs', discs(apart, { 1: DISCS[0], 2: DISCS[1] }), undefined, DISCS],
  [
    'a setting without any',
    { ...discs(apart), 'Anna/First/CD1/cover.jpg': DISCS[0], 'Anna/First/CD2/cover.jpg': DISCS[1] },
    '["inlay.*"]',
    [ALBUM, ALBUM],
  ],
  [
    'another name by the setting',
    { ...discs(apart), 'Anna/First/CD1/inlay.jpg': DISCS[0], 'Anna/First/CD2/inlay.jpg': DISCS[1] },
    '["inlay.*"]',
    DISCS,
  ],
]

for (const [what, spec, setting, expected] of CASES)
  test(`songs and discs show the picture of the disc: ${what}`, async (t) => {
    const server = await startTestServer(
      {
        libraries: { Music: { ...spec, 'Anna/First/cover.jpg': ALBUM } },
        ...(setting ? { settings: { 'artwork.discPriority': setting } } : {}),
      },
      t,
    )
    const login = `u=${ADMIN.name}&p=${ADMIN.password}&c=test&v=1.16.1&f=json`
    const ask = async (call: string) => {
      const answer = await fetch(`${server.url}/rest/${call}&${login}`)
      return ((await answer.json()) as { 'subsonic-response': Record<string, never> })['subsonic-response']
    }
    const list = (await ask('getAlbumList2?type=newest')) as never as { albumList2: { album: { id: string }[] } }
    assert.equal(list.albumList2.album.length, 1)
    const { album } = (await ask(`getAlbum?id=${list.albumList2.album[0]?.id}`)) as never as {
      album: {
        coverArt: string
        discTitles: { disc: number; coverArt: string }[]
        song: { discNumber: number; coverArt: string }[]
      }
    }
    const ids = [1, 2].map((disc) => {
      const songs = album.song.filter(({ discNumber }) => discNumber === disc).map(({ coverArt }) => coverArt)
      const titles = album.discTitles.filter((one) => one.disc === disc).map(({ coverArt }) => coverArt)
      const [id, ...others] = new Set([...songs, ...titles])
      assert.deepEqual([songs.length, titles.length, others], [2, 1, []], 'one picture, one id')
      return id as string
    })
    for (const [index, id] of ids.entries()) {
      const answer = await fetch(`${server.url}/rest/getCoverArt?id=${id}&${login}`)
      assert.deepEqual(Buffer.from(await answer.arrayBuffer()), expected[index], `disc ${index + 1}`)
      assert.match(answer.headers.get('cache-control') ?? '', /immutable/)
      const small = await fetch(`${server.url}/rest/getCoverArt?id=${id}&size=64&${login}`)
      assert.match(small.headers.get('cache-control') ?? '', /immutable/)
      assert.equal(id === album.coverArt, expected[index] === ALBUM)
    }
    const own = await fetch(`${server.url}/rest/getCoverArt?id=${album.coverArt}&${login}`)
    assert.deepEqual(Buffer.from(await own.arrayBuffer()), ALBUM)
    assert.equal(new Set(ids).size, new Set(expected).size)
  })

test('a disc whose songs have other pictures of their own shows its own all the same', async (t) => {
  const spec = { ...discs(apart, { 2: DISCS[0] }), 'Anna/First/CD2/disc.jpg': DISCS[1], 'Anna/First/cover.jpg': ALBUM }
  const server = await startTestServer({ libraries: { Music: spec } }, t)
  const login = `u=${ADMIN.name}&p=${ADMIN.password}&c=test&v=1.16.1&f=json`
  const ids = server.core.db.all<{ id: number }>('SELECT id FROM album WHERE missing = 0')
  const answer = await fetch(`${server.url}/rest/getAlbum?id=a${ids[0]?.id.toString(36)}&${login}`)
  const { album } = ((await answer.json()) as never as { 'subsonic-response': never })['subsonic-response'] as {
    album: { discTitles: { coverArt: string }[]; song: { coverArt: string }[] }
  }
  const bytes = async (id: string | undefined) =>
    Buffer.from(await (await fetch(`${server.url}/rest/getCoverArt?id=${id}&${login}`)).arrayBuffer())
  assert.deepEqual(await bytes(album.discTitles[1]?.coverArt), DISCS[1])
  assert.deepEqual(await bytes(album.song.at(-1)?.coverArt), DISCS[0])
})
