import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { chromium } from 'playwright-core'
import { BASE, CHROMIUM, FLAGS, serve } from './browser.ts'
import { startReceiver, startWorld, until } from './world.ts'

const SHOTS = fileURLToPath(new URL('../../../.artifacts/', import.meta.url))
const SIZES = { desktop: { width: 1280, height: 900 }, phone: { width: 390, height: 844 } } as const

test('the page lists, tells what is new by itself, and sets all up, on a screen and on a phone, light and dark', {
  skip: existsSync(CHROMIUM) ? false : 'no chromium here',
}, async (t) => {
  const world = await startWorld()
  const receiver = await startReceiver()
  t.after(() => world.host.dispose())
  t.after(() => receiver[Symbol.asyncDispose]())
  const { host } = world
  const music = (...songs: string[]) =>
    host.fire('library.changed', {
      added: songs.map((one) => host.track(one)),
      changed: [],
      removed: [],
      truncated: false,
    })
  await music('One', 'Long')
  await until('the notes', async () => (await world.notes('alice')).length === 2)
  const { server, origin } = await serve(host)
  const browser = await chromium.launch({ executablePath: CHROMIUM, headless: true, args: FLAGS })
  t.after(async () => {
    await browser.close()
    server.closeAllConnections()
    server.close()
  })
  await mkdir(SHOTS, { recursive: true })
  const axe = await readFile(new URL('../../../node_modules/axe-core/axe.min.js', import.meta.url), 'utf8')
  let round = 0
  for (const [name, viewport] of Object.entries(SIZES)) {
    for (const colorScheme of ['light', 'dark'] as const) {
      round++
      const context = await browser.newContext({ viewport, colorScheme, bypassCSP: false, locale: 'en-GB' })
      const page = await context.newPage()
      const foreign: string[] = []
      const problems: string[] = []
      page.on('request', (request) => {
        if (!request.url().startsWith(`${origin}${BASE}/`)) foreign.push(request.url())
      })
      page.on('pageerror', (error) => problems.push(error.message))
      page.on('console', (message) => {
        if (message.type() === 'error' && !message.text().includes('401')) problems.push(message.text())
      })
      await page.goto(`${origin}${BASE}/notifications`)
      await page.getByLabel('User').fill('alice')
      await page.getByLabel('Password').fill('wrong')
      await page.getByRole('button', { name: 'Log in' }).click()
      await page.getByText('Invalid username or password').waitFor()
      await page.getByLabel('Password').fill('alice-pass')
      await page.getByRole('button', { name: 'Log in' }).click()
      await page.locator('html[data-ready="yes"]').waitFor()
      await page.getByRole('heading', { name: 'New: First' }).first().waitFor()

      await page.getByLabel('Way', { exact: true }).selectOption('webhook')
      await page.getByLabel('Address', { exact: true }).fill(`${receiver.url}/page${round}`)
      await page.getByLabel(/Secret/).fill('a secret of enough bytes')
      await page.getByLabel('Name for it').fill(`Round ${round}`)
      await page.getByRole('button', { name: 'Add', exact: true }).click()
      const target = page.getByRole('listitem').filter({ hasText: `Webhook: Round ${round}` })
      await target.getByRole('button', { name: 'Test' }).click()
      await page.getByText('The test was sent.').waitFor()
      assert.ok(receiver.received.some(({ path, title }) => path === `/page${round}` && title === 'A test'))

      await page.getByLabel('New music: Webhook').selectOption('digest')
      await page.getByText('Saved.').waitFor()
      const { body_: chosen } = await world.call('alice', 'GET', '/api/notifications/preferences')
      assert.equal(chosen.topics['music.new'].webhook, 'digest')

      // By itself, over the live connection.
      await world.call('alice', 'POST', '/api/notifications/read-all')
      await page.getByRole('heading', { name: 'Notifications', exact: true }).waitFor()
      await music('Duet')
      await page.getByRole('heading', { name: 'Notifications (1 new)' }).waitFor()
      await page.getByRole('button', { name: 'Mark as read: New: Second' }).click()
      await page.getByRole('heading', { name: 'Notifications', exact: true }).waitFor()

      assert.equal(await page.evaluate('document.documentElement.scrollWidth > innerWidth'), false)
      await page.screenshot({ path: join(SHOTS, `notifications-${name}-${colorScheme}.png`), fullPage: true })
      await page.evaluate(axe)
      const found = (await page.evaluate(
        'axe.run().then(({violations}) => violations.map(({id, nodes}) => id + ": " + nodes[0].html))',
      )) as readonly string[]
      assert.deepEqual(found, [])
      await target.getByRole('button', { name: 'Delete' }).click()
      await target.waitFor({ state: 'detached' })
      assert.deepEqual({ foreign, problems }, { foreign: [], problems: [] })
      await context.close()
    }
  }
})

test('the page says what it may load, and holds no note before a login', async () => {
  await using world = await startWorld()
  const reply = await world.host.inject('/notifications')
  assert.equal(reply.status, 200)
  assert.match(reply.headers['content-security-policy'] ?? '', /default-src 'none'/)
  assert.ok(!/unsafe|https?:|<script>|style=/.test(reply.body + reply.headers['content-security-policy']))
  for (const file of [
    'notifications.js',
    'push-worker.js',
    'push.js',
    'secret.js',
    'settings.js',
    'notifications.css',
    'icon.svg',
  ])
    assert.equal((await world.host.inject(`/plugins/notifications/assets/${file}`)).status, 200, file)
})
