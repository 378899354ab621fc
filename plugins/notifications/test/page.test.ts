import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { mkdir, readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { chromium } from 'playwright-core'
import type { TestHost } from 'tonearm/plugin/testing'
import { startReceiver, startWorld, until } from './world.ts'

const CHROMIUM = '/usr/bin/chromium'
const SHOTS = fileURLToPath(new URL('../../../.artifacts/', import.meta.url))
/** As behind a proxy that serves the music at a path of its own. */
const BASE = '/music'
const SIZES = { desktop: { width: 1280, height: 900 }, phone: { width: 390, height: 844 } } as const
const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking']

/** The host has no socket: this is the proxy before it. */
async function serve(host: TestHost) {
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const { url = '', method = 'GET' } = request
    const inside = url.startsWith(`${BASE}/`) ? url.slice(BASE.length) : '/nowhere'
    const headers = Object.fromEntries(
      Object.entries(request.headers).filter((pair): pair is [string, string] => typeof pair[1] === 'string'),
    )
    if (inside.startsWith('/api/events')) {
      const peer = await host.connect({ url: inside, headers })
      response.writeHead(peer.status, peer.headers)
      let sent = 0
      const timer = setInterval(() => {
        for (const { id, event, data } of peer.events.slice(sent)) {
          response.write(`${id ? `id: ${id}\n` : ''}event: ${event}\ndata: ${data}\n\n`)
          sent++
        }
      }, 20)
      request.on('close', () => {
        clearInterval(timer)
        peer.close()
      })
      response.on('close', () => clearInterval(timer))
      return
    }
    const body = chunks.length > 0 ? { body: new Uint8Array(Buffer.concat(chunks)) } : {}
    const reply = await host.inject({ method, url: inside, headers, ...body })
    response.writeHead(reply.status, reply.headers).end(reply.bytes)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return { server, origin: `http://127.0.0.1:${port}` }
}

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
  for (const file of ['notifications.js', 'parts.js', 'push.js', 'settings.js', 'notifications.css', 'icon.svg'])
    assert.equal((await world.host.inject(`/plugins/notifications/assets/${file}`)).status, 200, file)
})
