import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { mkdir, readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { chromium } from 'playwright-core'
import { createTestHost, type TestHost } from 'tonearm/plugin/testing'
import { historyOf, listen } from './history.ts'

const CHROMIUM = '/usr/bin/chromium'
const SHOTS = fileURLToPath(new URL('../../../.artifacts/', import.meta.url))
const INSIGHTS = new URL('..', import.meta.url)
const NOW = Date.now()
const DAY = 86_400_000
/** As behind a proxy that serves the music at a path of its own. */
const BASE = '/music'
const SIZES = { desktop: { width: 1280, height: 900 }, phone: { width: 390, height: 844 } } as const
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

/** The host has no socket: this is the proxy before it. */
async function serve(host: TestHost) {
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const { url = '', method = 'GET' } = request
    const reply = await host.inject({
      method,
      url: url.startsWith(`${BASE}/`) ? url.slice(BASE.length) : '/nowhere',
      headers: Object.fromEntries(
        Object.entries(request.headers).filter((pair): pair is [string, string] => typeof pair[1] === 'string'),
      ),
      ...(chunks.length > 0 ? { body: new Uint8Array(Buffer.concat(chunks)) } : {}),
    })
    response.writeHead(reply.status, reply.headers).end(reply.bytes)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return { server, origin: `http://127.0.0.1:${port}` }
}

test('the page shows the figures on a screen and on a phone, light and dark, below a path, from this server alone', {
  skip: existsSync(CHROMIUM) ? false : 'no chromium here',
}, async (t) => {
  const host = await createTestHost({ now: NOW })
  t.after(() => host.dispose())
  await listen(host, historyOf({ plays: 1_500, from: NOW - 400 * DAY, to: NOW, users: ['admin', 'alice'] }))
  await host.load(INSIGHTS)
  const { server, origin } = await serve(host)
  const browser = await chromium.launch({ executablePath: CHROMIUM, headless: true, args: FLAGS })
  t.after(async () => {
    await browser.close()
    server.closeAllConnections()
    server.close()
  })
  await mkdir(SHOTS, { recursive: true })
  for (const [name, viewport] of Object.entries(SIZES)) {
    for (const colorScheme of ['light', 'dark'] as const) {
      const page = await browser.newPage({ viewport, colorScheme, timezoneId: 'Europe/Berlin', locale: 'en-GB' })
      const foreign: string[] = []
      const problems: string[] = []
      page.on('request', (request) => {
        if (!request.url().startsWith(`${origin}${BASE}/`)) foreign.push(request.url())
      })
      page.on('pageerror', (error) => problems.push(error.message))
      page.on('console', (message) => {
        if (message.type() === 'error' && !message.text().includes('401')) problems.push(message.text())
      })
      await page.goto(`${origin}${BASE}/insights`)
      await page.getByLabel('User').fill('admin')
      await page.getByLabel('Password').fill('wrong')
      await page.getByRole('button', { name: 'Log in' }).click()
      await page.getByText('Invalid username or password').waitFor()
      if (colorScheme === 'light') await page.screenshot({ path: join(SHOTS, `insights-login-${name}.png`) })
      await page.getByLabel('Password').fill('admin-pass')
      await page.getByRole('button', { name: 'Log in' }).click()
      await page.getByText('Last heard').waitFor()
      await page.getByLabel('Listener').selectOption('all')
      await page.getByLabel('Period').selectOption('365d')
      await page.locator('html[data-ready="3"]').waitFor()
      assert.ok((await page.locator('canvas').count()) >= 4)
      assert.ok((await page.getByText('Duet').count()) > 0)
      assert.equal(await page.evaluate('document.documentElement.scrollWidth > innerWidth'), false)
      await page.screenshot({ path: join(SHOTS, `insights-${name}-${colorScheme}.png`), fullPage: true })
      const saved = page.waitForEvent('download')
      await page.getByRole('button', { name: 'CSV' }).first().click()
      assert.equal((await saved).suggestedFilename(), 'insights-byDay.csv')
      assert.deepEqual(
        { foreign: foreign.filter((url) => !url.startsWith('blob:')), problems },
        { foreign: [], problems: [] },
      )
      await page.close()
    }
  }
})

test('the chart library is the one of the lock file', async () => {
  for (const [ours, theirs] of [
    ['uplot.js', 'uPlot.iife.min.js'],
    ['uplot.css', 'uPlot.min.css'],
  ] as const)
    assert.equal(
      await readFile(new URL(`../assets/vendor/${ours}`, import.meta.url), 'utf8'),
      await readFile(new URL(`../../../node_modules/uplot/dist/${theirs}`, import.meta.url), 'utf8'),
    )
})

test('the page says what it may load, and holds no figure before a login', async () => {
  await using host = await createTestHost({ now: NOW })
  await host.load(INSIGHTS)
  const reply = await host.inject('/insights')
  assert.equal(reply.status, 200)
  assert.match(reply.headers['content-security-policy'] ?? '', /default-src 'none'/)
  assert.ok(!/unsafe|https?:|<script>|style=/.test(reply.body + reply.headers['content-security-policy']))
  assert.equal((await host.inject('/api/insights/report')).status, 401)
})
