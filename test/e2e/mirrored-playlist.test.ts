import assert from 'node:assert/strict'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { ADMIN, startTestServer, type TestServer } from '../support/test-server.ts'

type Json = Readonly<Record<string, unknown>>

let server: TestServer
before(async () => {
  const song = (title: string) => ({ title, album: 'Album', artist: 'Artist' })
  server = await startTestServer({
    libraries: {
      Music: { 'A/1.mp3': song('One'), 'B/2.mp3': song('Two'), 'mix.m3u8': 'A/1.mp3\nB/2.mp3' },
      Other: { '3.mp3': song('Three') },
    },
  })
})
after(() => server.stop())

async function ask(method: string, params: Readonly<Record<string, string>> = {}): Promise<Json> {
  const query = new URLSearchParams({ u: ADMIN.name, p: ADMIN.password, v: '1.16.1', c: 'test', f: 'json', ...params })
  const answer = (await (await fetch(`${server.url}/rest/${method}?${query}`)).json()) as Readonly<Record<string, Json>>
  return answer['subsonic-response'] as Json
}

async function playlists(): Promise<readonly Json[]> {
  const { playlists } = (await ask('getPlaylists')) as { playlists: { playlist?: readonly Json[] } }
  return playlists.playlist ?? []
}

test('a playlist that mirrors a file is deleted by nobody before its file is', async () => {
  const [mix] = await playlists()
  assert.equal(mix?.songCount, 2)
  const refused = (await ask('deletePlaylist', { id: String(mix?.id) })) as { error: Json }
  assert.deepEqual(
    [refused.error.code, refused.error.message],
    [50, 'This playlist mirrors a file of the library: change the file.'],
  )
  assert.equal((await playlists()).length, 1)
  await rm(join(server.musicDir, 'Music', 'mix.m3u8'))
  await server.core.scanner.scan({ kind: 'quick' })
  assert.equal((await ask('deletePlaylist', { id: String(mix?.id) })).status, 'ok')
  assert.deepEqual(await playlists(), [])
})

test('the status of a scanner at rest counts all songs, also after a scan of one library', async () => {
  const other = server.core.repositories.libraries.list({ libraries: 'all' }).find(({ name }) => name === 'Other')
  assert.ok(other)
  await server.core.scanner.scan({ kind: 'full', libraries: [other.id] })
  const { scanStatus } = (await ask('getScanStatus')) as { scanStatus: Json }
  assert.deepEqual([scanStatus.scanning, scanStatus.count], [false, 3])
})
