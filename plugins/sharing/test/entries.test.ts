import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Answer, withHost } from './support.ts'

test('createShare lists what was shared, each thing once', () =>
  withHost(async (host, call) => {
    const ask = (name: string, query: Record<string, string | readonly string[]> = {}) =>
      host.subsonic(name, query, 'ann') as Promise<Answer>
    const make = async (id: string | readonly string[]) => {
      const { shares, error } = await ask('createShare', { id })
      assert.equal(error, undefined)
      return shares.share[0].entry.map((entry: Answer) => [entry.id, entry.isDir])
    }
    const [album, artist, song] = [host.album('Open'), host.artist('Ann'), host.track('Open One')]
    const playlist = (await ask('createPlaylist', { name: 'Mix', songId: [song] })).playlist.id
    assert.deepEqual(await make(album), [[album, true]])
    assert.deepEqual(await make(artist), [[artist, true]])
    assert.deepEqual(await make(song), [[song, false]])
    assert.deepEqual(await make([album, song, album, artist]), [
      [album, true],
      [song, false],
      [artist, true],
    ])
    assert.deepEqual(await make([playlist, album]), [
      [song, false],
      [album, true],
    ])
    const listed = (await ask('getShares')).shares.share
    assert.deepEqual(listed.map((share: Answer) => share.entry.length).sort(), [1, 1, 1, 2, 3])
    const [first] = listed.find((share: Answer) => share.entry[0].id === album).entry
    assert.equal(first.title, 'Open')
    // What is shared is still each song of it.
    const outgoing = await call('ann', 'GET', '/api/v1/shares/outgoing')
    assert.equal(outgoing.json.total, 5)
  }))

test('createShare takes the ids that folder clients know', () =>
  withHost(async (host) => {
    const ask = (name: string, query: Record<string, string> = {}, user = 'ann') =>
      host.subsonic(name, query, user) as Promise<Answer>
    const song = (await ask('getSong', { id: host.track('Open One') })).song
    const made = (await ask('createShare', { id: song.parent })).shares.share[0]
    assert.deepEqual(
      made.entry.map((entry: Answer) => [entry.id, entry.isDir]),
      [[host.album('Open'), true]],
    )
    const indexes = (await ask('getIndexes')).indexes.index.flatMap((index: Answer) => index.artist)
    for (const { id } of indexes) assert.equal((await ask('createShare', { id })).shares.share[0].entry.length, 1, id)
    const hidden = (await ask('getSong', { id: host.track('Closed One') })).song.parent
    assert.equal((await ask('createShare', { id: hidden }, 'ben')).error.code, 70)
    assert.equal((await ask('createShare', { id: 'dzzzzz' })).error.code, 70)
  }))

test('an expiry with a fraction is rounded', () =>
  withHost(async (host) => {
    const id = host.track('Open One')
    const made = (await host.subsonic('createShare', { id, expires: '1893456000000.0' }, 'ann')) as Answer
    assert.equal(Date.parse(made.shares.share[0].expires), 1893456000000)
  }))
