import assert from 'node:assert/strict'
import { test } from 'node:test'
import { definePlugin } from 'tonearm/plugin'
import { createTestHost, type Loaded, type TestHost } from 'tonearm/plugin/testing'
import { type Call, callsOf, FOLDER, USERS } from './support.ts'

const HOUR = 3_600_000
const DAY = 24 * HOUR

interface News {
  readonly shareId: string
  readonly userId: string
  readonly title: string
  readonly body: string
}

interface Listening {
  readonly host: TestHost
  readonly call: Call
  readonly plugin: Loaded
  /** What was heard since the last time, as `type user`, sorted. */
  heard(): Promise<readonly string[]>
  readonly payloads: readonly News[]
  share(more?: object, user?: string): Promise<string>
}

/** Another plugin listens to the six events, by nothing but their names. */
async function withListener(work: (at: Listening) => Promise<void>): Promise<void> {
  await using host = await createTestHost({ users: USERS, library: 'acl' })
  const names = new Map(['admin', 'ann', 'ben', 'cat'].map((name) => [host.user(name), name]))
  const payloads: News[] = []
  let heard: string[] = []
  await host.load(
    definePlugin({
      name: 'listener',
      apiVersion: '1.0',
      setup({ events }) {
        const { on } = events as unknown as { on(name: string, listener: (news: News) => void): void }
        for (const type of TYPES)
          on(`sharing.${type}`, (news) => {
            payloads.push(news)
            heard.push(`${type} ${names.get(news.userId)}`)
          })
      },
    }),
  )
  const plugin = await host.load(FOLDER, { rateLimit: 0 })
  const call = callsOf(host)
  await work({
    host,
    call,
    plugin,
    payloads,
    async heard() {
      await host.settled()
      const all = heard.sort()
      heard = []
      return all
    },
    async share(more = {}, user = 'ann') {
      const { status, json } = await call(user, 'POST', '/api/v1/shares', {
        targets: [{ kind: 'song', id: host.track('Open One') }],
        ...more,
      })
      assert.equal(status, 200, JSON.stringify(json))
      return json.id
    },
  })
}

const TYPES = [
  'share_received',
  'share_changed',
  'share_revoked',
  'share_expiring',
  'link_first_used',
  'link_exhausted',
] as const

test('recipients hear that they got a share, that it changed, and that it is gone', () =>
  withListener(async ({ host, call, heard, payloads, share }) => {
    const id = await share({ recipient: { kind: 'user', id: host.user('ben') }, description: 'For Ben' })
    assert.deepEqual(await heard(), ['share_received ben'])
    assert.deepEqual(payloads[0], {
      shareId: id,
      userId: host.user('ben'),
      title: 'Somebody shares music with you',
      body: 'For Ben',
      description: 'For Ben',
      targets: [{ kind: 'song', id: host.track('Open One') }],
    })
    const notes = await call('ben', 'GET', '/api/v1/notifications/shares')
    assert.deepEqual([notes.json[0].type, notes.json[0].shareId], ['share_received', id])

    await call('ann', 'PATCH', `/api/shares/${id}`, { description: 'For Ben' })
    await call('ann', 'PATCH', `/api/shares/${id}`, {})
    assert.deepEqual(await heard(), [], 'nothing changed')
    await call('ann', 'PATCH', `/api/shares/${id}`, { description: 'For Benny' })
    assert.deepEqual(await heard(), ['share_changed ben'])
    await call('ann', 'PATCH', `/api/shares/${id}`, { recipient: { kind: 'user', id: host.user('cat') } })
    assert.deepEqual(await heard(), ['share_received cat', 'share_revoked ben'])
    await call('ann', 'PATCH', `/api/shares/${id}`, { recipient: { kind: 'everyone' } })
    assert.deepEqual(await heard(), ['share_changed cat', 'share_received admin', 'share_received ben'])
    const [first, second] = await Promise.all([1, 2].map(() => call('ann', 'DELETE', `/api/shares/${id}`)))
    assert.ok([first?.status, second?.status].includes(204))
    assert.deepEqual(await heard(), ['share_revoked admin', 'share_revoked ben', 'share_revoked cat'])
    await call('ann', 'DELETE', `/api/shares/${id}`)
    assert.deepEqual(await heard(), [])
  }))

test('with a share goes what was passed on; what had ended is no news', () =>
  withListener(async ({ host, call, heard, share }) => {
    const given = await share({
      targets: [{ kind: 'song', id: host.track('Closed One') }],
      recipient: { kind: 'user', id: host.user('ben') },
      permissions: { reshare: true },
    })
    await share(
      {
        targets: [{ kind: 'song', id: host.track('Closed One') }],
        recipient: { kind: 'user', id: host.user('cat') },
      },
      'ben',
    )
    assert.deepEqual(await heard(), ['share_received ben', 'share_received cat'])
    await call('ann', 'DELETE', `/api/shares/${given}`)
    assert.deepEqual(await heard(), ['share_revoked ben', 'share_revoked cat'])

    const at = new Date(host.clock.now() + HOUR).toISOString()
    const short = await share({ recipient: { kind: 'user', id: host.user('ben') }, expiresAt: at })
    assert.deepEqual(await heard(), ['share_received ben'])
    await host.clock.advance(2 * HOUR)
    await call('ann', 'DELETE', `/api/shares/${short}`)
    assert.deepEqual(await heard(), [])
  }))

test('an end is told a day before, once, whatever restarts', () =>
  withListener(async ({ host, call, heard, plugin, share }) => {
    const inHours = (hours: number) => new Date(host.clock.now() + hours * HOUR).toISOString()
    const id = await share({ expiresAt: inHours(25) })
    await share({ expiresAt: inHours(23) })
    await host.clock.advance(HOUR - 120_000)
    assert.deepEqual(await heard(), [], 'not yet, and never what was made to last less than a day')
    await host.clock.advance(240_000)
    assert.deepEqual(await heard(), ['share_expiring ann'])
    for (let round = 0; round < 2; round++) {
      await plugin.reload()
      await host.clock.advance(120_000)
    }
    assert.deepEqual(await heard(), [])

    await call('ann', 'PATCH', `/api/shares/${id}`, { expiresAt: inHours(25) })
    await host.clock.advance(HOUR + 120_000)
    assert.deepEqual(await heard(), ['share_expiring ann'], 'another end is other news')
    const later = await share({ expiresAt: inHours(200) })
    await call('ann', 'PATCH', `/api/shares/${later}`, { expiresAt: inHours(12) })
    await host.clock.advance(120_000)
    assert.deepEqual(await heard(), [], 'who names a near end knows of it')
    await call('admin', 'PATCH', `/api/shares/${later}`, { expiresAt: inHours(0.1) })
    await host.clock.advance(120_000)
    assert.deepEqual(await heard(), ['share_expiring ann'], 'unless somebody else did')
    await host.clock.advance(HOUR)
    assert.deepEqual(await heard(), [], 'and the end itself is none')
  }))

test('an end that came while nobody ran is told afterwards, once', () =>
  withListener(async ({ host, heard, payloads, plugin, share }) => {
    const id = await share({ expiresAt: new Date(host.clock.now() + 3 * DAY).toISOString() })
    await plugin.configure({ enabled: false })
    await host.clock.advance(5 * DAY)
    assert.deepEqual(await heard(), [])
    await plugin.configure({ rateLimit: 0 })
    await host.clock.advance(120_000)
    assert.deepEqual(await heard(), ['share_expiring ann'])
    assert.deepEqual([payloads.at(-1)?.shareId, payloads.at(-1)?.title], [id, 'A share of yours has ended'])
    await plugin.reload()
    await host.clock.advance(120_000)
    assert.deepEqual(await heard(), [])
  }))

test('owners hear of the first visit and of the last view and download, of many at once too', () =>
  withListener(async ({ call, heard, plugin, share }) => {
    const id = await share({ maxViews: 3, maxDownloads: 2, permissions: { download: true } })
    const robot = { accept: 'text/html', 'user-agent': 'Discordbot/2.0' }
    assert.equal((await call('', 'GET', `/share/${id}`, undefined, robot)).status, 200)
    assert.equal((await call('', 'HEAD', `/share/${id}`)).status, 200)
    assert.deepEqual(await heard(), [], 'neither is a visit')
    await Promise.all([1, 2].map(() => call('', 'GET', `/share/${id}`)))
    assert.deepEqual(await heard(), ['link_first_used ann'])
    await plugin.reload()
    const last = await Promise.all([1, 2, 3].map(() => call('', 'GET', `/api/v1/shared/${id}`)))
    assert.deepEqual(last.map(({ status }) => status).sort(), [200, 404, 404])
    assert.deepEqual(await heard(), ['link_exhausted ann'])
    assert.equal((await call('', 'GET', `/share/${id}`)).status, 410)
    assert.deepEqual(await heard(), [])

    const entered = last.find(({ status }) => status === 200)
    const download = new URL(entered?.json.downloadUrl)
    const loads = await Promise.all([1, 2, 3].map(() => call('', 'GET', download.pathname + download.search)))
    assert.deepEqual(loads.map(({ status }) => status).sort(), [200, 200, 410])
    assert.deepEqual(await heard(), ['link_exhausted ann'])
  }))
