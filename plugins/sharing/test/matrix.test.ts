import assert from 'node:assert/strict'
import { test } from 'node:test'
import { definePlugin } from 'tonearm/plugin'
import { createTestHost, type TestHost } from 'tonearm/plugin/testing'
import { type Answer, type Call, callsOf, FOLDER, HTML, pathOf, USERS } from './support.ts'

/**
 * What a share of ann's can be in: it lasts; its end has come; it was taken back; all views, or all downloads, are used
 * up; ann has lost the library that its song is in.
 */
const STATES = ['alive', 'expired', 'revoked', 'viewed', 'loaded', 'hidden'] as const
type State = (typeof STATES)[number]

/** user, method, address, and the status in each state. ann owns it, ben may share, cat may not, '' is a stranger. */
const HTTP: readonly (readonly [user: string, method: string, url: string, ...statuses: readonly number[]])[] = [
  ['ann', 'GET', '/api/share/ID', 200, 200, 404, 200, 200, 200],
  ['ben', 'GET', '/api/share/ID', 404, 404, 404, 404, 404, 404],
  ['cat', 'GET', '/api/share/ID', 404, 404, 404, 404, 404, 404],
  ['admin', 'GET', '/api/share/ID', 200, 200, 404, 200, 200, 200],
  ['', 'GET', '/api/share/ID', 401, 401, 401, 401, 401, 401],
  ['ben', 'PUT', '/api/share/ID', 403, 403, 404, 403, 403, 403],
  ['cat', 'PUT', '/api/share/ID', 403, 403, 404, 403, 403, 403],
  ['', 'PUT', '/api/share/ID', 401, 401, 401, 401, 401, 401],
  ['ann', 'PUT', '/api/share/ID', 200, 200, 404, 200, 200, 200],
  ['admin', 'PUT', '/api/share/ID', 200, 200, 404, 200, 200, 200],
  ['ben', 'DELETE', '/api/share/ID', 403, 403, 404, 403, 403, 403],
  ['', 'DELETE', '/api/share/ID', 401, 401, 401, 401, 401, 401],

  ['ann', 'GET', '/api/v1/shares/ID', 200, 200, 404, 200, 200, 200],
  ['ben', 'GET', '/api/v1/shares/ID', 404, 404, 404, 404, 404, 404],
  ['admin', 'GET', '/api/v1/shares/ID', 200, 200, 404, 200, 200, 200],
  ['', 'GET', '/api/v1/shares/ID', 401, 401, 401, 401, 401, 401],
  ['ben', 'PATCH', '/api/v1/shares/ID', 403, 403, 404, 403, 403, 403],
  ['ann', 'PATCH', '/api/shares/ID', 200, 200, 404, 200, 200, 200],
  ['', 'PATCH', '/api/v1/shares/ID', 401, 401, 401, 401, 401, 401],
  ['ben', 'DELETE', '/api/shares/ID', 403, 403, 404, 403, 403, 403],
  ['ann', 'GET', '/api/v1/shares/ID/activity', 200, 200, 404, 200, 200, 200],
  ['admin', 'GET', '/api/shares/ID/activity', 200, 200, 404, 200, 200, 200],
  ['ben', 'GET', '/api/v1/shares/ID/activity', 403, 403, 404, 403, 403, 403],
  ['ben', 'BATCH', '/api/v1/shares/batch/delete', 403, 403, 200, 403, 403, 403],

  ['', 'GET', '/api/v1/shared/ID', 200, 404, 404, 404, 200, 200],
  ['ben', 'GET', '/api/shared/ID', 200, 404, 404, 404, 200, 200],
  ['', 'GET', '/share/ID', 200, 410, 410, 410, 200, 200],
  ['', 'HEAD', '/share/ID', 200, 410, 410, 410, 200, 200],
  ['', 'PAGE', '/share/ID', 200, 410, 410, 410, 200, 200],
  ['', 'GET', '/share/ID?format=m3u', 200, 410, 410, 410, 200, 200],
  ['', 'GET', '/share/ID/m3u', 200, 410, 410, 410, 200, 200],
  ['', 'GET', '/share/ID?download', 200, 410, 410, 410, 410, 404],
  ['', 'HEAD', '/share/ID?download', 200, 410, 410, 410, 410, 404],
  ['', 'GET', 'DOWNLOAD', 200, 410, 410, 200, 410, 404],
  // Who came in with the last view goes on hearing.
  ['', 'GET', 'STREAM', 200, 410, 410, 200, 200, 404],
  ['', 'HEAD', 'STREAM', 200, 410, 410, 200, 200, 404],
  ['', 'GET', 'COVER', 200, 410, 410, 200, 200, 404],
  ['', 'GET', '/share/0000000000', 404, 404, 404, 404, 404, 404],
]

/** user, endpoint, and the code of its error in each state; 0 = ok. */
const SUBSONIC: readonly (readonly [user: string, endpoint: string, ...codes: readonly number[]])[] = [
  ['ben', 'updateShare', 50, 50, 70, 50, 50, 50],
  ['ben', 'deleteShare', 50, 50, 70, 50, 50, 50],
  ['cat', 'updateShare', 50, 50, 50, 50, 50, 50],
  ['cat', 'deleteShare', 50, 50, 50, 50, 50, 50],
  ['ann', 'updateShare', 0, 0, 70, 0, 0, 0],
  ['admin', 'updateShare', 0, 0, 70, 0, 0, 0],
  ['ann', 'deleteShare', 0, 0, 70, 0, 0, 0],
]

/** A rule that takes a library from ann. */
function keeper(ann: string, open: number) {
  let take: (() => void) | undefined
  let isTaken = false
  const plugin = definePlugin({
    name: 'keeper',
    apiVersion: '1.0',
    permissions: ['access:scope', 'users:read'],
    setup({ hooks, users }) {
      hooks.on('access.scope', ({ userId }) => ({ libraries: isTaken && userId === ann ? [open] : 'all' }))
      take = () => {
        isTaken = true
        users.invalidateScope(ann)
      }
    },
  })
  return { plugin, take: () => take?.() }
}

interface Target {
  readonly id: string
  readonly addresses: Readonly<Record<string, string>>
}

/** A share with the addresses of its song, in the state. */
async function shareIn(state: State, host: TestHost, call: Call, takeLibrary: () => void): Promise<Target> {
  const limits = state === 'viewed' ? { maxViews: 1 } : state === 'loaded' ? { maxDownloads: 1 } : {}
  const made = await call('ann', 'POST', '/api/v1/shares', {
    targets: [{ kind: 'song', id: host.track('Closed One') }],
    permissions: { download: true },
    expiresAt: new Date(host.clock.now() + 60_000).toISOString(),
    ...limits,
  })
  const { id } = made.json
  const raw = (await call('', 'GET', `/share/${id}?format=raw`)).json
  const [song] = raw.tracks
  const addresses = { STREAM: pathOf(song.url), COVER: pathOf(song.coverUrl), DOWNLOAD: pathOf(raw.downloadUrl) }
  if (state === 'loaded') assert.equal((await call('', 'GET', addresses.DOWNLOAD)).status, 200)
  if (state === 'expired') await host.clock.advance(60_000)
  if (state === 'revoked') assert.equal((await call('ann', 'DELETE', `/api/share/${id}`)).status, 200)
  // Longer than what is known of a share's content is kept.
  if (state === 'hidden') takeLibrary()
  return { id, addresses }
}

test('who may do what with a share, whatever has become of it', async (t) => {
  for (const [column, state] of STATES.entries()) {
    await t.test(state, async () => {
      await using host = await createTestHost({ users: USERS, library: 'acl' })
      const { plugin, take } = keeper(host.user('ann'), host.library('Open'))
      await host.load(plugin)
      await host.load(FOLDER, { rateLimit: 0 })
      const call = callsOf(host)
      const { id, addresses } = await shareIn(state, host, call, take)
      for (const [user, verb, url, ...statuses] of HTTP) {
        const method = verb === 'PAGE' ? 'GET' : verb === 'BATCH' ? 'POST' : verb
        const body = verb === 'BATCH' ? { ids: [id] } : method === 'PUT' || method === 'PATCH' ? {} : undefined
        const at = addresses[url] ?? url.replace('ID', id)
        const { status } = await call(user, method, at, body, verb === 'PAGE' ? HTML : undefined)
        assert.equal(status, statuses[column], `${state}: ${user || 'nobody'} ${verb} ${url}`)
      }
      for (const [user, endpoint, ...codes] of SUBSONIC) {
        const answer = (await host.subsonic(endpoint, { id }, user)) as Answer
        assert.equal(answer.error?.code ?? 0, codes[column], `${state}: ${user} ${endpoint}`)
      }
      const listed = (await host.subsonic('getShares', {}, 'ben')) as Answer
      assert.deepEqual(listed.shares.share ?? [], [], 'nobody lists what is not theirs')
    })
  }
})

test('pages tell people what has become of a share', async () => {
  await using host = await createTestHost({ users: USERS, library: 'acl' })
  await host.load(FOLDER, { rateLimit: 0 })
  const call = callsOf(host)
  const headings = { expired: 'This share has ended', revoked: 'This share has ended', viewed: 'This share is used up' }
  for (const [state, heading] of Object.entries(headings)) {
    const { id } = await shareIn(state as State, host, call, () => {})
    const { body, headers } = await call('', 'GET', `/share/${id}`, undefined, HTML)
    assert.ok(body.includes(`<h1>${heading}</h1>`), state)
    assert.equal(headers['cache-control'], 'no-store')
  }
})

test('a share ends at its moment, not before', async () => {
  await using host = await createTestHost({ users: USERS, library: 'acl' })
  await host.load(FOLDER, { rateLimit: 0 })
  const call = callsOf(host)
  const { json } = await call('ann', 'POST', '/api/share', { songs: [host.track('Open One')], expiresIn: 60 })
  await host.clock.advance(59_999)
  const before = await call('', 'GET', `/share/${json.id}`)
  assert.equal(before.status, 200)
  const song = pathOf(before.json.tracks[0].url)
  assert.equal((await call('', 'GET', song)).status, 200)
  await host.clock.advance(1)
  assert.equal((await call('', 'GET', `/share/${json.id}`)).status, 410)
  assert.equal((await call('', 'GET', song)).status, 410)
})
