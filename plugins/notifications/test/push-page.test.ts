import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { chromium, type Page } from 'playwright-core'
import { BASE, CHROMIUM, FLAGS, serve } from './browser.ts'
import { browser as pushBrowser } from './channels/push-browser.ts'
import { startStandIn } from './channels/support.ts'
import { startWorld, until } from './world.ts'

// Push services are reached by https only; the stand-in has a certificate of nobody.
process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0'

const SKIP = { skip: existsSync(CHROMIUM) ? false : 'no chromium here', timeout: 300_000 }

/** A logged-in user's page, in a browser with a profile of its own. `script` runs ahead of the page's. */
async function openPage(t: TestContext, { mayNotify = true, script = '' } = {}) {
  const world = await startWorld()
  const { server, origin } = await serve(world.host)
  const profile = await mkdtemp(join(tmpdir(), 'tonearm-push-'))
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: CHROMIUM,
    headless: true,
    args: FLAGS,
    locale: 'en-GB',
  })
  t.after(async () => {
    await context.close()
    server.closeAllConnections()
    server.close()
    await world.host.dispose()
    await rm(profile, { recursive: true, force: true, maxRetries: 5 })
  })
  if (mayNotify) await context.grantPermissions(['notifications'], { origin })
  if (script) await context.addInitScript(script)
  const page = await context.newPage()
  const problems: string[] = []
  page.on('pageerror', (error) => problems.push(error.message))
  page.on('console', (message) => {
    if (/Content.Security.Policy/i.test(message.text())) problems.push(message.text())
  })
  await page.goto(`${origin}${BASE}/notifications`)
  await page.getByLabel('User').fill('alice')
  await page.getByLabel('Password').fill('alice-pass')
  await page.getByRole('button', { name: 'Log in' }).click()
  await page.locator('html[data-ready="yes"]').waitFor()
  return { world, page, problems, origin }
}

const subscribing = (page: Page) => page.getByRole('button', { name: 'Notify this browser', exact: true })
const stopping = (page: Page) => page.getByRole('button', { name: 'Stop notifying this browser', exact: true })
const status = (page: Page) => page.getByRole('status')

test('a browser that has no push service is told so, with what to do', SKIP, async (t) => {
  // Nothing of Google's is reached from here: Chromium itself refuses, or asks in vain.
  const { world, page, problems } = await openPage(t)
  await subscribing(page).click()
  await status(page).filter({ hasText: 'gets no answer from its push service' }).waitFor({ timeout: 60_000 })
  const said = await status(page).textContent()
  assert.match(said ?? '', /Brave.*another way below, such as ntfy/)
  await subscribing(page).waitFor()
  const { body_: targets } = await world.call('alice', 'GET', '/api/notifications/targets')
  assert.deepEqual([targets, problems], [[], []])
})

test('a browser that may not show notifications is told where to allow it', SKIP, async (t) => {
  const { page, problems } = await openPage(t, {
    mayNotify: false,
    // Headless, nobody is there to answer: as people do who say no.
    script: `Notification.requestPermission = async () => 'denied'`,
  })
  await subscribing(page).click()
  await status(page).filter({ hasText: 'blocks notifications of this page' }).waitFor()
  assert.deepEqual(problems, [])
})

/** Chromium with a push service: its subscriptions are the test's. `asked` keeps what the page asks for. */
const standIn = (subscription: object) => `{
  const given = ${JSON.stringify(subscription)}
  const of = (options) => ({
    endpoint: given.endpoint,
    options,
    toJSON: () => given,
    unsubscribe: async () => {
      localStorage.removeItem('test-subscribed')
      return true
    },
  })
  const key = () => localStorage.getItem('test-subscribed')
  PushManager.prototype.subscribe = async function ({ userVisibleOnly, applicationServerKey }) {
    if (!userVisibleOnly) throw new DOMException('silent', 'NotAllowedError')
    localStorage.setItem('test-subscribed', [...new Uint8Array(applicationServerKey)].join(' '))
    return of({ applicationServerKey })
  }
  PushManager.prototype.getSubscription = async function () {
    return key() === null ? null : of({ applicationServerKey: Uint8Array.from(key().split(' '), Number).buffer })
  }
}`

test(
  'a browser is subscribed, gets the test and a note that only it can read, and is forgotten again',
  SKIP,
  async (t) => {
    const service = await startStandIn(t, { tls: true })
    service.answer({ status: 201 })
    const { subscription, open } = pushBrowser(`${service.url}/push/secret`)
    const { world, page, problems } = await openPage(t, { script: standIn(subscription) })
    const targets = async () => (await world.call('alice', 'GET', '/api/notifications/targets')).body_
    await subscribing(page).click()
    await status(page).filter({ hasText: 'notified from now on' }).waitFor()
    const card = page.getByRole('listitem').filter({ hasText: 'Web Push: Chrome, Linux' })
    await card.filter({ hasText: 'this browser' }).waitFor()
    const { body_: channels } = await world.call('alice', 'GET', '/api/notifications/channels')
    const asked = (await page.evaluate(`localStorage.getItem('test-subscribed')`)) as string
    assert.equal(Buffer.from(asked.split(' ').map(Number)).toString('base64url'), channels.vapidPublicKey)

    await card.getByRole('button', { name: 'Test' }).click()
    await status(page).filter({ hasText: 'The test was sent.' }).waitFor()
    assert.equal(service.received.length, 1)
    const { path, body, headers } = service.received[0] as (typeof service.received)[0]
    assert.equal(path, '/push/secret')
    assert.match(headers.authorization ?? '', new RegExp(`^vapid t=.+, k=${channels.vapidPublicKey}$`))
    assert.equal(open(body).title, 'A test')
    assert.ok(!body.includes('A test'))

    const { host } = world
    await host.fire('library.changed', { added: [host.track('One')], changed: [], removed: [], truncated: false })
    await until('the push', async () => {
      await host.clock.advance(61_000)
      return service.received.length === 2
    })
    assert.match(String(open((service.received[1] as (typeof service.received)[0]).body).title), /^New: /)

    // It is known after the page was closed, too.
    await page.reload()
    await page.locator('html[data-ready="yes"]').waitFor()
    await stopping(page).click()
    await status(page).filter({ hasText: 'not notified any more' }).waitFor()
    await subscribing(page).waitFor()
    assert.deepEqual(await targets(), [])
    assert.equal(await page.evaluate(`localStorage.getItem('test-subscribed')`), null)

    // By its card it is forgotten as well.
    await subscribing(page).click()
    await card.getByRole('button', { name: 'Delete' }).click()
    await subscribing(page).waitFor()
    assert.deepEqual(await targets(), [])
    assert.equal(await page.evaluate(`localStorage.getItem('test-subscribed')`), null)
    assert.deepEqual(problems, [])
  },
)

test('a webhook’s secret is made in the browser, shown once, copied, and signs what is sent', SKIP, async (t) => {
  const { world, page, problems, origin } = await openPage(t)
  const receiver = await startStandIn(t)
  await page.getByLabel('Way', { exact: true }).selectOption('webhook')
  const secret = page.getByLabel(/Secret/)
  assert.equal(await secret.getAttribute('type'), 'password')
  const made: string[] = []
  for (let n = 0; n < 2; n++) {
    await page.getByRole('button', { name: 'Make a secret' }).click()
    made.push(await secret.inputValue())
    assert.match(made[n] ?? '', /^whsec_[A-Za-z0-9+/]{43}=$/)
  }
  assert.notEqual(made[0], made[1])
  assert.equal(await secret.getAttribute('type'), 'text')
  await page.getByText('once added it is not shown again').waitFor()
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write'], { origin })
  await page.getByRole('button', { name: 'Copy' }).click()
  await status(page).filter({ hasText: 'Copied.' }).waitFor()
  assert.equal(await page.evaluate('navigator.clipboard.readText()'), made[1])
  // Without https there is no clipboard to write to; the old way copies there.
  await page.evaluate(`Object.defineProperty(navigator, 'clipboard', { value: undefined, configurable: true })`)
  await page.getByRole('button', { name: 'Make a secret' }).click()
  const last = await secret.inputValue()
  await page.getByRole('button', { name: 'Copy' }).click()
  await status(page).filter({ hasText: 'Copied.' }).waitFor()
  await page.evaluate('delete navigator.clipboard')
  assert.equal(await page.evaluate('navigator.clipboard.readText()'), last)

  await page.getByLabel('Address', { exact: true }).fill(`${receiver.url}/hook`)
  await page.getByRole('button', { name: 'Add', exact: true }).click()
  const card = page.getByRole('listitem').filter({ hasText: 'Webhook: ' })
  await card.getByRole('button', { name: 'Test' }).click()
  await status(page).filter({ hasText: 'The test was sent.' }).waitFor()
  const { headers, body } = receiver.received[0] as (typeof receiver.received)[0]
  const signed = createHmac('sha256', Buffer.from(last.slice('whsec_'.length), 'base64'))
    .update(`${headers['webhook-id']}.${headers['webhook-timestamp']}.${body}`)
    .digest('base64')
  assert.equal(headers['webhook-signature'], `v1,${signed}`)
  assert.ok(!(await page.content()).includes(last))
  await page.getByLabel('Way', { exact: true }).selectOption('webhook')
  assert.equal(await page.getByLabel(/Secret/).inputValue(), '')
  const { body: listed } = await world.call('alice', 'GET', '/api/notifications/targets')
  assert.ok(!listed.includes(last))
  assert.deepEqual(problems, [])
})
