import assert from 'node:assert/strict'
import { test } from 'node:test'
import { addressGroup, truncatedAddress } from 'tonearm/plugin'
import { createTestHost } from 'tonearm/plugin/testing'
import { archiveName, fileName } from '../file-names.ts'
import { createNetworkCheck, createPasswordThrottle, createRateLimit } from '../gate.ts'
import { playlist } from '../playlist.ts'
import { createPasswordCheck, hashPassword } from '../secrets.ts'
import { type Answer, callsOf, FOLDER, HTML, pathOf, withHost } from './support.ts'

test('a signed address opens one song of one share, as long as both are as they were', () =>
  withHost(async (host, call) => {
    const make = async (more: object) =>
      (
        await call('ann', 'POST', '/api/v1/shares', {
          targets: ['Open One', 'Open Jazz'].map((title) => ({ kind: 'song', id: host.track(title) })),
          ...more,
        })
      ).json.id as string
    const [id, other] = [await make({}), await make({ permissions: { download: true } })]
    const tracks = (await call('', 'GET', `/share/${id}`)).json.tracks
    const [song, cover] = [pathOf(tracks[0].url), pathOf(tracks[0].coverUrl)]
    const statusOf = async (url: string) => (await call('', 'GET', url)).status
    assert.deepEqual([await statusOf(song), await statusOf(cover)], [200, 200])
    const token = song.split('?t=')[1] ?? ''
    const forged = [
      song.replace(host.track('Open One'), host.track('Open Jazz')),
      song.replace(host.track('Open One'), host.track('Closed One')),
      song.replace(id, other),
      song.replace('/s/', '/c/'),
      cover.replace('/c/', '/s/'),
      song.replace(/\?.*/, ''),
      song.replace(/\?t=.*/, '?t='),
      song.replace(/\?t=.*/, '?t=.'),
      song.replace(/\?t=[^.]*\./, '?t=.'),
      song.replace(/\?t=[^.]*\./, '?t=zzzzzzzzz.'),
      `${song.slice(0, -1)}${song.endsWith('A') ? 'B' : 'A'}`,
      `${song}A`,
      song.replace(/\?t=.*/, `?t=${'.'.repeat(5_000)}`),
    ]
    for (const url of forged) assert.equal(await statusOf(url), 404, url.slice(0, 100))
    assert.equal(
      await statusOf(`/share/d/${other}?t=${token}`),
      200,
      'downloads of open shares need no address of ours',
    )
    await call('ann', 'PATCH', `/api/shares/${other}`, { password: 'sesame' })
    assert.equal(await statusOf(`/share/d/${other}?t=${token}`), 401)

    for (const change of [{ password: 'one' }, { password: '' }]) {
      await call('ann', 'PATCH', `/api/shares/${id}`, change)
      assert.deepEqual([await statusOf(song), await statusOf(cover)], [404, 404], 'not with another password')
    }
  }))

test('of a guarded share nothing is told to who only calls itself a robot', () =>
  withHost(async (host, call) => {
    const { json } = await call('ann', 'POST', '/api/v1/shares', {
      targets: [{ kind: 'song', id: host.track('Open One') }],
      description: 'Secret description',
      password: 'sesame',
      maxViews: 1,
    })
    const robot = { ...HTML, 'user-agent': 'facebookexternalhit/1.1' }
    for (const url of [`/share/${json.id}`, `/share/${json.id}?format=raw`, `/share/${json.id}/m3u`]) {
      const { body } = await call('', 'GET', url, undefined, robot)
      assert.ok(!/Secret|Open One|\bann\b|\/s\//.test(body), url)
    }
    const person = { ...HTML, 'user-agent': 'Mozilla/5.0 (iPhone) Twitter for iPhone', 'sec-fetch-mode': 'navigate' }
    assert.equal((await call('', 'GET', `/share/${json.id}`, undefined, person)).status, 401)
    assert.equal((await call('ann', 'GET', `/api/shares/${json.id}`)).json.views, 0)
  }))

test('whatever people write stays text: in the page, in headers, in lists, in names of files', () =>
  withHost(async (host, call) => {
    const nasty = '"><script>alert(1)</script><img src=x onerror=alert(2)>\u0000\u202e\'"`'
    const { json } = await call('ann', 'POST', '/api/v1/shares', {
      targets: ['Open One', 'Open Jazz'].map((title) => ({ kind: 'song', id: host.track(title) })),
      description: nasty,
      permissions: { download: true },
    })
    const page = await call('', 'GET', `/share/${json.id}?player=%22%3E%3Cscript%3E`, undefined, HTML)
    assert.equal(page.status, 200)
    assert.equal(page.body.match(/<script/g)?.length, 1)
    assert.ok(!page.body.includes('<img src=x'))
    const zip = await call('', 'GET', `/share/${json.id}?download`)
    assert.match(
      zip.headers['content-disposition'] ?? '',
      /^attachment; filename="[^"\r\n]+"(; filename\*=UTF-8''[^\s"]+)?$/,
    )

    const lines = { description: 'Two\r\nSet-Cookie: a=b\r\n\r\n<b>' }
    await call('ann', 'PATCH', `/api/shares/${json.id}`, lines)
    const injected = await call('', 'GET', `/share/${json.id}?download`)
    assert.equal(injected.headers['set-cookie'], undefined)
    assert.equal(
      (await call('ann', 'POST', '/api/share', { songs: [host.track('Open One')], format: 'a\r\nb' })).status,
      400,
    )
  }))

test('names of files and lines of lists hold nothing but names', () => {
  const song = { artist: '../../etc\u0000', title: 'a/b\\c:d\u202egpj', suffix: 'flac' }
  assert.equal(fileName(song, 3), '03 - _.._etc_ - a_b_c_d_gpj.flac')
  const long = { artist: '海'.repeat(300), title: '👩‍🎤'.repeat(300), suffix: 'm/../p3' }
  const name = fileName(long, 1)
  assert.ok(Buffer.byteLength(name) <= 255 && name.endsWith('….mp3'), name)
  assert.ok(!name.includes('\ufffd'))
  assert.equal(fileName({ artist: '..', title: '', suffix: '' }, 120), '120 - untitled - untitled.bin')
  assert.ok(Buffer.byteLength(archiveName('x'.repeat(4_000))) <= 255)
  const url = 'http://host/share/x'
  const text = playlist('a\nhttp://evil/\u2028b', [
    { artist: 'x\r\n#EXTM3U', title: 'y\u0085http://evil/\u0000', durationMs: 1499, url },
  ])
  assert.equal(text, `#EXTM3U\n#PLAYLIST:a http://evil/ b\n#EXTINF:1,x #EXTM3U - y http://evil/ \n${url}\n`)
})

test('a form of another site tries no passwords; bodies and passwords have an end', () =>
  withHost(async (host, call) => {
    const { json } = await call('ann', 'POST', '/api/v1/shares', {
      targets: [{ kind: 'song', id: host.track('Open One') }],
      password: 'sesame',
    })
    const url = `/share/${json.id}`
    const form = { ...HTML, 'content-type': 'application/x-www-form-urlencoded' }
    const foreign = await call('', 'POST', url, 'password=sesame', { ...form, 'sec-fetch-site': 'cross-site' })
    assert.deepEqual([foreign.status, foreign.headers['set-cookie']], [403, undefined])
    for (let n = 0; n < 8; n++)
      assert.equal((await call('', 'POST', url, `password=${'x'.repeat(5_000)}`, form)).status, 413)
    assert.equal((await call('', 'POST', url, 'password=sesame', form)).status, 303, 'the plugin serves on')
    const long = { targets: [{ kind: 'song', id: host.track('Open One') }], password: 'x'.repeat(501) }
    assert.equal((await call('ann', 'POST', '/api/v1/shares', long)).status, 400)
    for (const body of ['{', '[]', 'null', '"x"', { targets: [null] }, { targets: [{ kind: 'library', id: 'x' }] }])
      assert.equal((await call('ann', 'POST', '/api/v1/shares', body)).status, 400, JSON.stringify(body))
  }))

test('nothing of a share is kept by shared caches, and no page of it is framed or indexed', () =>
  withHost(async (host, call) => {
    const { json } = await call('ann', 'POST', '/api/v1/shares', {
      targets: [{ kind: 'song', id: host.track('Open One') }],
      permissions: { download: true },
    })
    const raw = await call('', 'GET', `/share/${json.id}`)
    const { url, coverUrl } = raw.json.tracks[0]
    const urls = [`/share/${json.id}`, `/share/${json.id}/m3u`, `/share/${json.id}?download`, '/share/0000000000']
    for (const one of [...urls, pathOf(url), pathOf(coverUrl), `/api/shared/${json.id}`])
      assert.match((await call('', 'GET', one)).headers['cache-control'] ?? 'none', /no-store|private/, one)
    const page = await call('', 'GET', `/share/${json.id}`, undefined, HTML)
    assert.match(page.headers['content-security-policy'] ?? '', /frame-ancestors 'none'/)
    assert.deepEqual([page.headers['x-robots-tag'], page.headers['referrer-policy']], ['noindex', 'no-referrer'])
  }))

test('ranges neither hide a numbered download nor count one that goes on', () =>
  withHost(async (host, call) => {
    const make = async (more: object) => {
      const { json } = await call('ann', 'POST', '/api/v1/shares', {
        targets: [{ kind: 'song', id: host.track('Open One') }],
        permissions: { download: true },
        ...more,
      })
      const raw = await call('', 'GET', `/share/${json.id}`)
      return { id: json.id as string, url: pathOf(raw.json.downloadUrl) }
    }
    const load = async (url: string, range: string) => (await call('', 'GET', url, undefined, { range })).status
    const numbered = await make({ maxDownloads: 2 })
    const ranges = ['bytes=1-', 'bytes=-1', 'bytes=0-']
    assert.deepEqual([await load(numbered.url, 'bytes=1-'), await load(numbered.url, 'bytes=-1')], [206, 206])
    for (const range of ranges) assert.equal(await load(numbered.url, range), 410, range)
    const free = await make({})
    for (const range of ['bytes=0-', 'bytes=100-', 'bytes=200-']) assert.equal(await load(free.url, range), 206)
    assert.equal((await call('ann', 'GET', `/api/shares/${free.id}`)).json.downloads, 1)
    for (const range of ['bytes=9-1', 'bytes=x', 'bytes=0-0,2-2,4-4', `bytes=${'0-1,'.repeat(500)}`, 'bytes=99999999-'])
      assert.ok([200, 206, 416].includes(await load(free.url, range)), range)
  }))

test('addresses are counted by whom they belong to', () => {
  assert.equal(addressGroup('2001:db8:1:2::1'), addressGroup('2001:db8:1:2:ffff::9'))
  assert.notEqual(addressGroup('2001:db8:1:2::1'), addressGroup('2001:db8:1:3::1'))
  assert.equal(addressGroup('::ffff:10.0.0.1'), addressGroup('10.0.0.1'))
  assert.equal(addressGroup('::ffff:a00:1'), addressGroup('10.0.0.1'))
  for (const none of ['', 'x', '1.2.3', '1.2.3.256', ':::', '1::2::3', '1:2:3:4:5:6:7:8:9'])
    assert.equal(truncatedAddress(none), '')
  assert.deepEqual(['10.1.2.3', '2001:db8:1:2::1', ''].map(truncatedAddress), ['10.1.2.0/24', '2001:db8:1::/48', ''])
  const mayKnock = createNetworkCheck(['10.0.0.0/8', 'fd00::/8', '192.168.1.7'])
  assert.deepEqual(
    ['10.9.9.9', '::ffff:10.9.9.9', 'fd12::1', '192.168.1.7', '192.168.1.8', '11.0.0.1', 'fe80::1', ''].map(mayKnock),
    [true, true, true, true, false, false, false, false],
  )
  for (const wrong of ['10.0.0.0/', '10.0.0.0/33', '300.1.1.1', 'all', '10.0.0.0/8/8'])
    assert.throws(() => createNetworkCheck([wrong]), /is no network/, wrong)

  let now = 0
  const limit = createRateLimit(2, () => now)
  limit('2001:db8::1')
  limit('2001:db8::2')
  assert.throws(() => limit('2001:db8::3'), /Too many requests/)
  limit('2001:db8:0:1::1')
  now = -3_600_000
  assert.throws(() => limit('2001:db8::1'), /Too many requests/, 'a clock that is set back opens nothing')
  const throttle = createPasswordThrottle(1, () => now)
  throttle.begin('share', '2001:db8::1')
  assert.throws(() => throttle.begin('share', '2001:db8::2'), /Too many wrong passwords/)
  throttle.begin('other', '2001:db8::2')
})

test('many who guess at once wait in a bounded line', async () => {
  const check = createPasswordCheck()
  const stored = await hashPassword('sesame')
  const answers = await Promise.allSettled(
    Array.from({ length: 40 }, (_, n) => check(stored, n === 0 ? 'sesame' : 'no')),
  )
  const refused = answers.filter(({ status }) => status === 'rejected')
  assert.ok(refused.length > 0 && refused.length < 40)
  assert.deepEqual(answers[0], { status: 'fulfilled', value: true })
  assert.equal(await check(stored, 'sesame'), true, 'the line is empty again')
})

test('lists of many shares are answered, by pages too', { timeout: 120_000 }, async () => {
  await using host = await createTestHost()
  await host.load(FOLDER, { rateLimit: 0 })
  const call = callsOf(host)
  const song = host.track('One')
  for (let n = 0; n < 300; n++) await call('admin', 'POST', '/api/share', { songs: [song] })
  const listed = await call('admin', 'GET', '/api/share?_start=0&_end=10')
  assert.deepEqual([listed.json.length, listed.headers['x-total-count']], [10, '300'])
  const page = await call('admin', 'GET', '/api/shares/outgoing?offset=290&limit=500')
  assert.deepEqual([page.json.items.length, page.json.total], [10, 300])
  const got = (await host.subsonic('getShares')) as Answer
  assert.equal(got.shares.share.length, 300)
})
