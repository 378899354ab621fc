import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createTestHost } from 'tonearm/plugin/testing'
import { type Answer, callsOf, FOLDER, pathOf, USERS, withHost } from './support.ts'

test('what one face makes, the others list, and fields are those of the seeds', () =>
  withHost(async (host, call) => {
    const native = await call('ann', 'POST', '/api/share', {
      albums: [host.album('Open')],
      songs: [host.track('Closed One')],
      description: 'Mixed',
      downloadable: true,
      expiresIn: 3600,
      maxBitRate: 128,
    })
    assert.equal(native.status, 201)
    assert.match(native.json.id, /^[0-9A-Za-z]{10}$/)
    assert.equal(native.json.url, `http://tonearm.test/share/${native.json.id}`)
    assert.equal(Date.parse(native.json.expiresAt) - host.clock.now(), 3_600_000)
    assert.equal(native.json.downloadable, true)

    const subsonic = (await host.subsonic(
      'createShare',
      { id: host.track('Open One'), description: 'One' },
      'ann',
    )) as Answer
    assert.equal(subsonic.shares.share[0].entry[0].title, 'Open One')
    const pinakes = await call('ann', 'POST', '/api/v1/shares', {
      targets: [{ kind: 'artist', id: host.artist('Ann') }],
      expiresAt: null,
    })
    assert.equal(pinakes.status, 200)
    assert.equal(pinakes.json.expiresAt, null)

    const ids = [native.json.id, subsonic.shares.share[0].id, pinakes.json.id].sort()
    const listed = await call('ann', 'GET', '/api/share')
    assert.deepEqual(listed.json.map((one: Answer) => one.id).sort(), ids)
    assert.equal(listed.headers['x-total-count'], '3')
    const outgoing = await call('ann', 'GET', '/api/shares/outgoing?limit=2')
    assert.equal(outgoing.json.total, 3)
    assert.equal(outgoing.json.items.length, 2)
    const got = (await host.subsonic('getShares', {}, 'ann')) as Answer
    assert.deepEqual(got.shares.share.map((one: Answer) => one.id).sort(), ids)
  }))

test('clients that take one status alone for a new share get it', () =>
  withHost(async (host, call) => {
    const expires = host.clock.now() + 3_600_000
    const desktop = 'Mozilla/5.0 (X11) AppleWebKit/537.36 feishin/0.20.1 Chrome/130 Electron/33 Safari/537.36'
    const body = { resourceIds: host.album('Open'), resourceType: 'album', description: '', downloadable: false }
    const table: readonly [agent: string, more: object, status: number][] = [
      ['Mozilla/5.0', {}, 201],
      [desktop, {}, 200],
      [desktop, { expires }, 200],
      ['Mozilla/5.0', { expires }, 200],
      ['', {}, 201],
      ['notfeishinatall/1', {}, 201],
    ]
    for (const [agent, more, status] of table) {
      const made = await call('ann', 'POST', '/api/share', { ...body, ...more }, { 'user-agent': agent })
      assert.equal(made.status, status, `${agent} ${JSON.stringify(more)}`)
      assert.match(made.json.id, /^[0-9A-Za-z]{10}$/)
      if ('expires' in more) assert.equal(Date.parse(made.json.expiresAt), expires)
    }
    for (const expires of [-1, 1.5, 'soon', 1e300])
      assert.equal((await call('ann', 'POST', '/api/share', { ...body, expires })).status, 400, String(expires))
  }))

test('while the server forbids downloads no share offers them, and what its owner wanted is kept', async () => {
  await using host = await createTestHost({ users: USERS, library: 'acl' })
  const plugin = await host.load(FOLDER, { rateLimit: 0, allowDownloads: true })
  const call = callsOf(host)
  const made = await call('ann', 'POST', '/api/share', { songs: [host.track('Open One')], downloadable: true })
  const path = `/api/share/${made.json.id}`
  await plugin.configure({ rateLimit: 0, allowDownloads: false })
  const shown = await call('ann', 'GET', path)
  assert.equal(shown.json.downloadable, false)
  assert.equal((await host.inject(`/share/${made.json.id}?download`)).status, 403)
  // A form sends back what it was shown.
  const saved = await call('ann', 'PUT', path, { ...shown.json, description: 'Edited' })
  assert.deepEqual([saved.status, saved.json.description, saved.json.downloadable], [200, 'Edited', false])
  await plugin.configure({ rateLimit: 0, allowDownloads: true })
  assert.equal((await call('ann', 'GET', path)).json.downloadable, true)
})

test('updates change only what they name', () =>
  withHost(async (host, call) => {
    const made = await call('ann', 'POST', '/api/share', {
      songs: [host.track('Open One')],
      description: 'A',
      downloadable: true,
    })
    const { id, expiresAt } = made.json
    await host.subsonic('updateShare', { id, description: 'B' }, 'ann')
    const after = await call('ann', 'GET', `/api/share/${id}`)
    assert.deepEqual([after.json.description, after.json.downloadable, after.json.expiresAt], ['B', true, expiresAt])
    const never = await call('ann', 'PUT', `/api/share/${id}`, { expiresIn: 0 })
    assert.deepEqual([never.status, never.json.expiresAt, never.json.description], [200, null, 'B'])
    const patched = await call('ann', 'PATCH', `/api/v1/shares/${id}`, { maxViews: 3 })
    assert.deepEqual([patched.json.maxViews, patched.json.permissions.download], [3, true])
  }))

test('without the role nothing is made, and what the maker can not see is not found', () =>
  withHost(async (host, call) => {
    assert.equal((await call('cat', 'POST', '/api/share', { songs: [host.track('Open One')] })).status, 403)
    assert.equal(
      (await call('cat', 'POST', '/api/v1/shares', { targets: [{ kind: 'song', id: host.track('Open One') }] })).status,
      400,
    )
    assert.equal(((await host.subsonic('createShare', { id: host.track('Open One') }, 'cat')) as Answer).error.code, 50)
    const hidden = [host.track('Open One'), host.track('Closed One')]
    assert.equal((await call('ben', 'POST', '/api/share', { songs: hidden })).status, 404)
    assert.equal((await call('ben', 'POST', '/api/share', { resourceIds: hidden.join(',') })).status, 404)
    assert.equal(((await host.subsonic('createShare', { id: hidden }, 'ben')) as Answer).error.code, 70)
    assert.equal(
      (await call('ben', 'POST', '/api/shares', { targets: hidden.map((id) => ({ kind: 'song', id })) })).status,
      400,
    )
    assert.equal((await call('ben', 'POST', '/api/share', {})).status, 400)
    assert.deepEqual((await call('ben', 'GET', '/api/share')).json, [])
  }))

test('of two at once one takes the last view, and a wrong password takes none', () =>
  withHost(async (host, call) => {
    const made = await call('ann', 'POST', '/api/shares', {
      targets: [{ kind: 'song', id: host.track('Open One') }],
      password: 'sesame',
      maxViews: 1,
    })
    assert.equal(made.json.hasPassword, true)
    assert.equal('password' in made.json, false)
    const url = `/api/shared/${made.json.id}`
    assert.equal((await call('', 'GET', url)).status, 401)
    assert.equal((await call('', 'GET', `${url}?password=wrong`)).status, 401)
    const both = await Promise.all([1, 2].map(() => call('', 'GET', `${url}?password=sesame`)))
    assert.deepEqual(both.map(({ status }) => status).sort(), [200, 404])
    const entered = both.find(({ status }) => status === 200)
    assert.equal((await call('', 'GET', pathOf(entered?.json.tracks[0].url))).status, 200)
    const log = await call('ann', 'GET', `/api/shares/${made.json.id}/activity`)
    assert.deepEqual(log.json.items.map((one: Answer) => one.action).sort(), [
      'created',
      'password_failed',
      'streamed',
      'viewed',
    ])
    assert.equal(log.json.items[0].address, '127.0.0.0/24')
  }))

test('after too many wrong passwords even the right one waits', () =>
  withHost(
    async (host, call) => {
      const made = await call('ann', 'POST', '/api/shares', {
        targets: [{ kind: 'song', id: host.track('Open One') }],
        password: 'sesame',
      })
      const url = `/api/shared/${made.json.id}?password=`
      for (let guess = 0; guess < 3; guess++) assert.equal((await call('', 'GET', `${url}no`)).status, 401)
      const refused = await call('', 'GET', `${url}sesame`)
      assert.equal(refused.status, 429)
      assert.ok(Number(refused.headers['retry-after']) > 0)
      await host.clock.advance(15 * 60_000)
      assert.equal((await call('', 'GET', `${url}sesame`)).status, 200)
    },
    { passwordAttempts: 3 },
  ))

test('a share to a user gives exactly its songs, as a read-only playlist, until it is revoked', () =>
  withHost(async (host, call) => {
    const closed = host.track('Closed One')
    const made = await call('ann', 'POST', '/api/v1/shares', {
      targets: [{ kind: 'song', id: closed }],
      recipient: { kind: 'user', id: host.user('ben') },
      description: 'For Ben',
    })
    assert.deepEqual([made.status, made.json.url, made.json.token], [200, null, null])
    const lists = (await host.subsonic('getPlaylists', {}, 'ben')) as Answer
    const [list] = lists.playlists.playlist
    assert.deepEqual([list.name, list.owner, list.readonly, list.songCount], ['For Ben', 'ann', true, 1])
    const whole = (await host.subsonic('getPlaylist', { id: list.id }, 'ben')) as Answer
    assert.equal(whole.playlist.entry[0].id, closed)
    assert.equal((await host.inject({ url: `/rest/stream?id=${closed}`, user: 'ben' })).status, 200)
    assert.equal(((await host.subsonic('getSong', { id: host.track('Closed Duet') }, 'ben')) as Answer).error.code, 70)
    assert.equal(((await host.subsonic('getPlaylist', { id: list.id }, 'cat')) as Answer).error.code, 70)
    assert.equal((await call('', 'GET', `/share/${made.json.id}`)).status, 404)
    assert.equal((await call('ben', 'GET', `/api/v1/shared/${made.json.id}`)).status, 200)
    assert.equal((await call('ben', 'GET', '/api/v1/shares/incoming')).json.total, 1)
    assert.equal((await call('ben', 'POST', '/api/share', { songs: [closed] })).status, 404)
    assert.deepEqual(
      (await call('ben', 'GET', '/api/v1/notifications/shares')).json.map((one: Answer) => one.type),
      ['share_received'],
    )

    assert.equal((await call('ann', 'DELETE', `/api/v1/shares/${made.json.id}`)).status, 204)
    assert.deepEqual(((await host.subsonic('getPlaylists', {}, 'ben')) as Answer).playlists.playlist ?? [], [])
    assert.equal(((await host.subsonic('getSong', { id: closed }, 'ben')) as Answer).error.code, 70)
  }))

test('what is passed on holds no more than what was given, and dies with it', () =>
  withHost(async (host, call) => {
    const closed = host.track('Closed One')
    const given = await call('ann', 'POST', '/api/v1/shares', {
      targets: [{ kind: 'song', id: closed }],
      recipient: { kind: 'user', id: host.user('ben') },
      permissions: { reshare: true, download: false },
    })
    const passed = await call('ben', 'POST', '/api/share', { songs: [closed], downloadable: true })
    assert.deepEqual([passed.status, passed.json.downloadable], [201, false])
    const raw = await call('', 'GET', `/share/${passed.json.id}`)
    assert.equal(raw.json.tracks[0].title, 'Closed One')
    await call('ann', 'DELETE', `/api/share/${given.json.id}`)
    assert.equal((await call('', 'GET', `/share/${passed.json.id}`)).status, 410)
  }))

test('batches are deleted whole or not at all', () =>
  withHost(async (host, call) => {
    const songs = [host.track('Open One')]
    const [mine, theirs] = [
      await call('ann', 'POST', '/api/share', { songs }),
      await call('ben', 'POST', '/api/share', { songs }),
    ]
    const url = '/api/v1/shares/batch/delete'
    assert.equal((await call('ann', 'POST', url, { ids: [mine.json.id, theirs.json.id] })).status, 403)
    assert.equal((await call('ann', 'GET', `/api/share/${mine.json.id}`)).status, 200)
    const deleted = await call('ann', 'POST', url, { ids: [mine.json.id, 'unknown'] })
    assert.deepEqual(deleted.json, { deleted: [mine.json.id] })
    assert.equal((await call('ann', 'POST', url, { ids: 'x' })).status, 400)
  }))

test('playlists are shared as they were; streams take ranges; pages escape what they show', () =>
  withHost(async (host, call) => {
    const list = (await host.subsonic(
      'createPlaylist',
      { name: '<b>&"', songId: [host.track('Open One')] },
      'ann',
    )) as Answer
    const { json } = await call('ann', 'POST', '/api/share', { playlists: [list.playlist.id], downloadable: true })
    await host.subsonic('updatePlaylist', { playlistId: list.playlist.id, songIdToAdd: host.track('Open Jazz') }, 'ann')
    const raw = await call('', 'GET', `/share/${json.id}?format=raw`)
    assert.deepEqual(
      raw.json.tracks.map((one: Answer) => one.title),
      ['Open One'],
    )
    const part = await host.inject({ url: pathOf(raw.json.tracks[0].url), headers: { range: 'bytes=4-7' } })
    assert.deepEqual([part.status, part.bytes.length], [206, 4])
    const forged = pathOf(raw.json.tracks[0].url).replace(host.track('Open One'), host.track('Closed One'))
    assert.equal((await call('', 'GET', forged)).status, 404)
    const page = await host.inject({ url: `/share/${json.id}`, headers: { accept: 'text/html' } })
    assert.ok(page.headers['content-security-policy']?.startsWith("default-src 'none'"))
    assert.ok(page.body.includes('&#60;b&#62;') && !page.body.includes('<b>'))
    assert.match(page.body, /<meta property="og:title"/)
    assert.match(page.body, /<meta name="twitter:card"/)
    const m3u = await host.inject({ url: `/share/${json.id}?format=m3u&player=vlc` })
    assert.equal(m3u.headers['content-type'], 'audio/x-mpegurl')
    const visits = (await call('ann', 'GET', `/api/share/${json.id}`)).json.visitCount
    await host.inject({ url: `/share/${json.id}`, headers: { 'user-agent': 'Discordbot/2.0', accept: 'text/html' } })
    assert.equal((await call('ann', 'GET', `/api/share/${json.id}`)).json.visitCount, visits)
    const log = await call('ann', 'GET', `/api/shares/${json.id}/activity`)
    assert.ok(log.json.items.some((one: Answer) => one.agent === 'vlc'))
  }))

test('an album downloads as a ZIP of stored songs, one song as itself', () =>
  withHost(async (host, call) => {
    const album = await call('ann', 'POST', '/api/share', {
      albums: [host.album('Open')],
      downloadable: true,
      description: 'Zip/ped',
    })
    const zip = await call('', 'GET', `/share/${album.json.id}?download`)
    assert.deepEqual([zip.status, zip.headers['content-type']], [200, 'application/zip'])
    const text = Buffer.from(zip.bytes).toString('latin1')
    assert.ok(text.startsWith('PK\u0003\u0004'))
    for (const name of ['01 - Ann - Open One.flac', '02 - Ann - Open Jazz.flac', '03 - Ann - Open Explicit.flac'])
      assert.equal(text.split(name).length, 3, `${name} stands before its data and in the directory`)
    const song = await call('ann', 'POST', '/api/share', { songs: [host.track('Open One')], downloadable: true })
    const one = await call('', 'GET', `/share/${song.json.id}?download`)
    assert.match(one.headers['content-disposition'] ?? '', /01 - Ann - Open One\.flac/)
  }))

test('the password form lets people in, and the cookie opens the page', () =>
  withHost(async (host, call) => {
    const { json } = await call('ann', 'POST', '/api/shares', {
      targets: [{ kind: 'song', id: host.track('Open One') }],
      password: 'sesame',
    })
    const url = `/share/${json.id}`
    const form = await host.inject({ url, headers: { accept: 'text/html' } })
    assert.equal(form.status, 401)
    assert.match(form.body, /<form method="post"/)
    const headers = { accept: 'text/html', 'content-type': 'application/x-www-form-urlencoded' }
    assert.equal((await host.inject({ url, method: 'POST', headers, body: 'password=no' })).status, 401)
    const entered = await host.inject({ url, method: 'POST', headers, body: 'password=sesame' })
    assert.equal(entered.status, 303)
    const cookie = entered.headers['set-cookie'] ?? ''
    assert.match(cookie, /HttpOnly; SameSite=Lax/)
    const page = await host.inject({ url, headers: { accept: 'text/html', cookie: cookie.split(';')[0] ?? '' } })
    assert.equal(page.status, 200)
    await call('ann', 'PATCH', `/api/shares/${json.id}`, { password: 'other' })
    assert.equal(
      (await host.inject({ url, headers: { accept: 'text/html', cookie: cookie.split(';')[0] ?? '' } })).status,
      401,
    )
  }))

test('with sharing off the native face is 404, the Subsonic calls 501, links 404', async () => {
  await using host = await createTestHost({ users: USERS, library: 'acl' })
  const plugin = await host.load(FOLDER, { rateLimit: 0 })
  const made = await host.inject({ url: '/api/share', user: 'ann', body: { songs: [host.track('Open One')] } })
  const { id } = made.json() as { id: string }
  await plugin.reload()
  assert.equal((await host.inject(`/share/${id}`)).status, 200)
  await plugin.configure({ enabled: false })
  assert.equal((await host.inject({ url: '/api/share', user: 'ann' })).status, 404)
  assert.equal((await host.inject({ url: '/rest/getShares?f=json', user: 'ann' })).status, 501)
  assert.equal((await host.inject(`/share/${id}`)).status, 404)
  await host.assertNoLeaks('sharing')
})

test('networks that are not allowed find nothing, and addresses that ask too often wait', () =>
  withHost(
    async (host, call) => {
      const { json } = await call('ann', 'POST', '/api/share', { songs: [host.track('Open One')] })
      const url = `/share/${json.id}`
      assert.deepEqual([(await call('', 'GET', url)).status, (await call('', 'GET', url)).status], [200, 200])
      assert.equal((await call('', 'GET', url)).status, 429)
    },
    { rateLimit: 2, allowedNetworks: ['127.0.0.0/8'] },
  ).then(() =>
    withHost(
      async (host, call) => {
        const { json } = await call('ann', 'POST', '/api/share', { songs: [host.track('Open One')] })
        assert.equal((await call('', 'GET', `/share/${json.id}`)).status, 404)
      },
      { allowedNetworks: ['10.0.0.0/8', 'fd00::/8'] },
    ),
  ))
