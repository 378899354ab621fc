import assert from 'node:assert/strict'
import { test } from 'node:test'
import { onBothAdapters } from '../support/adapters.ts'
import { callerOf, mayOnlySee, type RestCall, songIds } from '../support/rest-caller.ts'
import { startTestServer, type TestServer, type TestServerOptions } from '../support/test-server.ts'

const song = (title: string, more: object) => ({ title, artist: 'Ann', albumartist: 'Ann', ...more })
const OPTIONS = {
  libraries: {
    Open: {
      'l/1.mp3': song('Alpha', { album: 'Light', tracknumber: 2, discnumber: 1, date: 2003, bpm: 90 }),
      'l/2.mp3': song('Beta', { album: 'Light', tracknumber: 1, discnumber: 1, date: 2003, bpm: 120 }),
      'l/3.mp3': song('Gamma', { album: 'Light', tracknumber: 1, discnumber: 2, date: 2003, bpm: 60 }),
      'd/1.mp3': song('Delta', { album: 'Day', artist: 'Ben', albumartist: 'Ben', tracknumber: 1, date: 1999 }),
    },
    Shut: { 's/1.mp3': song('Secret', { album: 'Dark', artist: 'Eve', albumartist: 'Eve', discnumber: 1 }) },
  },
  users: ['ann', 'bob'].map((name) => ({ name, password: `${name}-pass` })),
} satisfies TestServerOptions

type Track = Readonly<Record<string, unknown>>

async function made(call: RestCall, songs: readonly (string | undefined)[]): Promise<string> {
  const { id } = (await call('POST /api/playlist', { body: { name: 'List', public: true } })).body as { id: string }
  const { body } = await call(`POST /api/playlist/${id}/tracks`, { body: { ids: songs } })
  assert.deepEqual(body, { added: songs.length })
  return id
}

/** `1 Alpha,2 Beta`: places and titles. */
async function shown(call: RestCall, id: string, query = ''): Promise<string> {
  const { status, body } = await call(`GET /api/playlist/${id}/tracks?${query}`)
  assert.equal(status, 200, query)
  return (body as Track[]).map((track) => `${track.id} ${track.title}`).join()
}

/** Public ids of albums and artists by name. */
function idsOf({ core }: TestServer, table: 'album' | 'artist', letter: string): Readonly<Record<string, string>> {
  const rows = core.db.all<{ id: number; name: string }>(`SELECT id, name FROM ${table}`)
  return Object.fromEntries(rows.map(({ id, name }) => [name, letter + id.toString(36)]))
}

onBothAdapters('tracks are songs with their places for ids, in pages and orders', async (t, adapter) => {
  const server = await startTestServer({ ...OPTIONS, adapter }, t)
  const { Alpha, Beta, Gamma, Delta } = songIds(server)
  const ann = await callerOf(server, 'ann')
  const id = await made(ann, [Gamma, Alpha, Delta, Alpha, Beta])
  const { body: first } = await ann(`GET /api/playlist/${id}/tracks/2`)
  const { id: place, mediaFileId, playlistId, ...rest } = first as Track
  assert.deepEqual([place, mediaFileId, playlistId], ['2', Alpha, id])
  assert.deepEqual([rest.title, rest.album, rest.path], ['Alpha', 'Light', 'l/1.mp3'])
  const library = String((first as Track).libraryId)
  const all = '1 Gamma,2 Alpha,3 Delta,4 Alpha,5 Beta'
  const table: readonly [query: string, tracks: string, total: number][] = [
    ['', all, 5],
    ['_start=0&_end=0', all, 5],
    ['_start=0&_end=-1', all, 5],
    ['_start=0&_end=2', '1 Gamma,2 Alpha', 5],
    ['_start=3&_end=100', '4 Alpha,5 Beta', 5],
    ['_start=9&_end=12', '', 5],
    ['_sort=id&_order=ASC', all, 5],
    ['_sort=id&_order=DESC', '5 Beta,4 Alpha,3 Delta,2 Alpha,1 Gamma', 5],
    ['_sort=title&_order=ASC', '2 Alpha,4 Alpha,5 Beta,3 Delta,1 Gamma', 5],
    ['_sort=title&_order=ASC&_start=1&_end=3', '4 Alpha,5 Beta', 5],
    ['_sort=title&_order=DESC', '1 Gamma,3 Delta,5 Beta,2 Alpha,4 Alpha', 5],
    ['_sort=artist', '1 Gamma,2 Alpha,4 Alpha,5 Beta,3 Delta', 5],
    ['_sort=album_artist&_order=DESC', '3 Delta,1 Gamma,2 Alpha,4 Alpha,5 Beta', 5],
    ['_sort=album', '3 Delta,5 Beta,2 Alpha,4 Alpha,1 Gamma', 5],
    ['_sort=year', '3 Delta,1 Gamma,2 Alpha,4 Alpha,5 Beta', 5],
    ['_sort=bpm&_order=DESC', '5 Beta,2 Alpha,4 Alpha,1 Gamma,3 Delta', 5],
    ['_sort=channels', all, 5],
    ['_sort=constructor', all, 5],
    ['_sort=title;drop', all, 5],
    ['id=2&id=5&id=9', '2 Alpha,5 Beta', 2],
    [`library_id=${library}`, all, 5],
    ['library_id=999', '', 0],
    ['missing=false', all, 5],
    ['missing=true', '', 0],
  ]
  for (const [query, tracks, total] of table) {
    assert.equal(await shown(ann, id, query), tracks, query)
    const { headers } = await ann(`GET /api/playlist/${id}/tracks?${query}`)
    assert.equal(headers.get('x-total-count'), String(total), query)
  }
  const pinned = await shown(ann, id, '_sort=random&seed=7')
  assert.equal(await shown(ann, id, '_sort=random&seed=7'), pinned)
  assert.equal([await shown(ann, id, '_sort=random&seed=7&_end=2'), pinned.split(',').slice(2).join()].join(), pinned)
  assert.deepEqual((await shown(ann, id, '_sort=random')).split(',').sort(), all.split(','))
})

test('songs are added by themselves, and by albums, artists and discs', async (t) => {
  const server = await startTestServer(OPTIONS, t)
  const { Alpha, Delta, Secret } = songIds(server)
  const [albums, artists] = [idsOf(server, 'album', 'a'), idsOf(server, 'artist', 'r')]
  const ann = await callerOf(server, 'ann')
  await mayOnlySee(server, 'ann', 'Open')
  const table: readonly [body: object, titles: string][] = [
    [{}, ''],
    [{ ids: [] }, ''],
    [{ ids: [Delta, Alpha, Delta] }, 'Delta,Alpha,Delta'],
    [{ ids: ['s0', 'zz', Secret, 'a1', Alpha] }, 'Alpha'],
    [{ albumIds: [albums.Light] }, 'Beta,Alpha,Gamma'],
    [{ albumIds: [albums.Light, albums.Light, albums.Day, albums.Dark] }, 'Beta,Alpha,Gamma,Delta'],
    [{ artistIds: [artists.Ben, artists.Eve] }, 'Delta'],
    [{ artistIds: [artists.Ann] }, 'Beta,Alpha,Gamma'],
    [{ discs: [{ albumId: albums.Light, releaseDate: '', discNumber: 2 }] }, 'Gamma'],
    [{ discs: [{ albumId: albums.Light, discNumber: '1' }] }, 'Beta,Alpha'],
    [{ discs: [{ albumId: albums.Light, releaseDate: '1980', discNumber: 1 }] }, ''],
    [{ discs: [{ albumId: albums.Dark, discNumber: 1 }] }, ''],
    [{ discs: [{ albumId: 'nothing', discNumber: 1 }] }, ''],
    [{ ids: [Delta], albumIds: [albums.Day], artistIds: [artists.Ben], discs: null }, 'Delta,Delta,Delta'],
  ]
  for (const [body, titles] of table) {
    const id = await made(ann, [])
    const answer = await ann(`POST /api/playlist/${id}/tracks`, { body })
    const added = titles === '' ? 0 : titles.split(',').length
    assert.deepEqual([answer.status, answer.body], [200, { added }], JSON.stringify(body))
    assert.equal((await shown(ann, id)).replace(/\d+ /g, ''), titles, JSON.stringify(body))
  }
})

test('bodies that name no songs or places are refused and change nothing', async (t) => {
  const server = await startTestServer(OPTIONS, t)
  const { Alpha, Beta } = songIds(server)
  const ann = await callerOf(server, 'ann')
  const id = await made(ann, [Alpha, Beta])
  const many = Array.from({ length: 1001 }, (_, n) => `a${n}`)
  const table: readonly [line: string, body: unknown, status: number][] = [
    ['POST /tracks', '{', 422],
    ['POST /tracks', '[]', 422],
    ['POST /tracks', { ids: Alpha }, 400],
    ['POST /tracks', { ids: [5] }, 400],
    ['POST /tracks', { albumIds: {} }, 400],
    ['POST /tracks', { albumIds: many }, 400],
    ['POST /tracks', { artistIds: [null] }, 400],
    ['POST /tracks', { discs: [7] }, 400],
    ['POST /tracks', { discs: [{ albumId: 'a1', discNumber: { valueOf: 1, toString: 1 } }] }, 400],
    ['POST /tracks', { discs: [{ albumId: 'a1', discNumber: -1 }] }, 400],
    ['PUT /tracks/1', {}, 400],
    ['PUT /tracks/1', { insert_before: '0' }, 400],
    ['PUT /tracks/1', { insert_before: '4' }, 400],
    ['PUT /tracks/1', { insert_before: 1.5 }, 400],
    ['PUT /tracks/1', { insert_before: { toString: 1 } }, 400],
    ['PUT /tracks/1', { insert_before: '9'.repeat(30) }, 400],
    ['PUT /tracks/3', { insert_before: '1' }, 404],
    ['PUT /tracks/0', { insert_before: '1' }, 404],
    ['PUT /tracks/x', { insert_before: '1' }, 404],
    ['DELETE /tracks', undefined, 400],
    ['DELETE /tracks?id=', undefined, 404],
    ['DELETE /tracks?id=3&id=0&id=-1', undefined, 404],
    ['DELETE /tracks/3', undefined, 404],
    ['GET /tracks/3', undefined, 404],
    ['GET /tracks/0', undefined, 404],
  ]
  for (const [line, body, status] of table) {
    const [method, path] = line.split(' ')
    const answer = await ann(`${method} /api/playlist/${id}${path}`, { body })
    assert.equal(answer.status, status, `${line} ${JSON.stringify(body)?.slice(0, 80)}`)
    assert.equal(await shown(ann, id), '1 Alpha,2 Beta')
  }
})

test('tracks are moved to a place and removed by their places', async (t) => {
  const server = await startTestServer(OPTIONS, t)
  const { Alpha, Beta, Gamma, Delta } = songIds(server)
  const ann = await callerOf(server, 'ann')
  const all = [Alpha, Beta, Gamma, Delta]
  const moves: readonly [from: number, to: string | number, titles: string][] = [
    [1, '3', 'Beta,Gamma,Alpha,Delta'],
    [4, '1', 'Delta,Alpha,Beta,Gamma'],
    [2, '2', 'Alpha,Beta,Gamma,Delta'],
    [1, '4', 'Beta,Gamma,Delta,Alpha'],
    [1, 5, 'Beta,Gamma,Delta,Alpha'],
    [3, 2, 'Alpha,Gamma,Beta,Delta'],
  ]
  for (const [from, to, titles] of moves) {
    const id = await made(ann, all)
    const answer = await ann(`PUT /api/playlist/${id}/tracks/${from}`, { body: { insert_before: to } })
    assert.deepEqual([answer.status, answer.body], [200, { id: String(from) }])
    assert.equal((await shown(ann, id)).replace(/\d+ /g, ''), titles, `${from} to ${to}`)
  }
  const id = await made(ann, all)
  const several = await ann(`DELETE /api/playlist/${id}/tracks?id=1&id=3&id=3&id=77`)
  assert.deepEqual([several.status, several.body], [200, { id: '1', ids: ['1', '3'] }])
  assert.equal(await shown(ann, id), '1 Beta,2 Delta')
  const one = await ann(`DELETE /api/playlist/${id}/tracks?id=2`)
  assert.deepEqual([one.status, one.body], [200, { id: '2', ids: ['2'] }])
  assert.deepEqual((await ann(`DELETE /api/playlist/${id}/tracks/1`)).body, { id: '1', ids: ['1'] })
  assert.equal(await shown(ann, id), '')
})

test('songs that the owner may not see any more have no places, and stay where they are', async (t) => {
  const server = await startTestServer(OPTIONS, t)
  const { Alpha, Beta, Gamma, Secret } = songIds(server)
  const [ann, bob] = [await callerOf(server, 'ann'), await callerOf(server, 'bob')]
  const id = await made(ann, [Secret, Alpha, Secret, Beta, Secret, Gamma])
  await mayOnlySee(server, 'ann', 'Open')
  const whole = async () => (await shown(bob, id)).replace(/\d+ /g, '')
  assert.equal(await shown(ann, id), '1 Alpha,2 Beta,3 Gamma')
  assert.equal((await ann(`GET /api/playlist/${id}/tracks?_end=1`)).headers.get('x-total-count'), '3')
  assert.equal(await shown(ann, id, '_sort=title&_order=DESC'), '3 Gamma,2 Beta,1 Alpha')
  assert.equal((await ann(`GET /api/playlist/${id}/tracks/4`)).status, 404)
  assert.equal((await ann(`PUT /api/playlist/${id}/tracks/1`, { body: { insert_before: '5' } })).status, 400)
  const m3u = await ann(`GET /api/playlist/${id}/tracks`, { headers: { accept: 'audio/x-mpegurl' } })
  assert.ok(!m3u.text.includes('Secret'))
  await ann(`PUT /api/playlist/${id}/tracks/1`, { body: { insert_before: '3' } })
  assert.equal(await shown(ann, id), '1 Beta,2 Gamma,3 Alpha')
  assert.equal(await whole(), 'Secret,Secret,Beta,Secret,Gamma,Alpha')
  await ann(`PUT /api/playlist/${id}/tracks/3`, { body: { insert_before: '1' } })
  assert.equal(await whole(), 'Secret,Secret,Alpha,Beta,Secret,Gamma')
  await ann(`DELETE /api/playlist/${id}/tracks?id=2`)
  assert.equal(await whole(), 'Secret,Secret,Alpha,Secret,Gamma')
  await ann(`POST /api/playlist/${id}/tracks`, { body: { ids: [Beta, Secret] } })
  assert.equal(await whole(), 'Secret,Secret,Alpha,Secret,Gamma,Beta')
})

test('edits at the same time lose nothing', async (t) => {
  const server = await startTestServer(OPTIONS, t)
  const { Alpha, Beta, Gamma } = songIds(server)
  const [one, other] = [await callerOf(server, 'ann'), await callerOf(server, 'ann')]
  const id = await made(one, [Gamma])
  const subsonic = 'u=ann&p=ann-pass&v=1.16.1&c=t'
  const statuses = await Promise.all(
    Array.from({ length: 200 }, async (_, turn) => {
      const call = turn % 2 ? one : other
      const lines: readonly [string, object?][] = [
        [`POST /api/playlist/${id}/tracks`, { ids: [Alpha, Beta] }],
        [`PUT /api/playlist/${id}/tracks/1`, { insert_before: '1' }],
        [`GET /rest/updatePlaylist?${subsonic}&playlistId=${id}&songIdToAdd=${Gamma}`],
        [`PUT /api/playlist/${id}`, { comment: `${turn}` }],
      ]
      const [line, body] = lines[turn % 4] as [string, object?]
      return (await call(line, body ? { body } : {})).status
    }),
  )
  assert.deepEqual([...new Set(statuses)], [200])
  const tracks = (await one(`GET /api/playlist/${id}/tracks`)).body as Track[]
  const count = (title: string) => tracks.filter((track) => track.title === title).length
  assert.deepEqual([tracks.length, count('Alpha'), count('Beta'), count('Gamma')], [151, 50, 50, 51])
  assert.deepEqual(
    tracks.map((track) => track.id),
    Array.from({ length: 151 }, (_, place) => String(place + 1)),
  )
})
