import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { HtmlValidate } from 'html-validate'
import { type BrowserContext, chromium, type Page } from 'playwright-core'
import { createTestHost, type TestHost } from 'tonearm/plugin/testing'
import { sharePage } from '../page.ts'

const CHROMIUM = '/usr/bin/chromium'
const SHOTS = fileURLToPath(new URL('../../../.artifacts/', import.meta.url))
const ORIGIN = 'http://tonearm.test'
const SIZES = { phone: { width: 390, height: 844 }, desktop: { width: 1280, height: 900 } } as const

const OPTIONS = { skip: existsSync(CHROMIUM) ? false : 'no chromium here', timeout: 240_000 }
const validator = new HtmlValidate({ extends: ['html-validate:standard'], rules: { 'long-title': 'off' } })

test('people open a share, play, seek, download and enter a password in a browser', OPTIONS, async (t) => {
  await using host = await createTestHost()
  await host.load(new URL('../', import.meta.url), { rateLimit: 0 })
  const open = await share(host, { description: 'Songs for the road' })
  const locked = await share(host, { description: 'Only for friends', password: 'sesame' })
  const ended = await share(host, {})
  await host.inject({ url: `/api/share/${ended}`, method: 'DELETE', user: 'admin' })
  for (const path of [open, locked, ended, `d/${locked}`, `${locked}/m3u`]) await assertValid(host, path)

  const browser = await browserFor(t, host)
  // A slow line: people play and seek before the first bytes of a song are there.
  await browser.route('**/share/*/s/*', async (route) => {
    await new Promise((resolve) => setTimeout(resolve, 500))
    await route.continue()
  })
  for (const [name, viewport] of Object.entries(SIZES)) {
    for (const colorScheme of ['light', 'dark'] as const) {
      const page = await pageOf(browser, viewport, colorScheme)
      const foreign: string[] = []
      page.on('request', (request) => {
        if (!request.url().startsWith(ORIGIN)) foreign.push(request.url())
      })
      await page.goto(`${ORIGIN}/share/${open}`)
      await page.getByRole('button', { name: 'Play all' }).click()
      await page.getByRole('button', { name: 'Pause' }).waitFor()
      await page.getByRole('slider', { name: 'Position' }).fill('60')
      // What has been played, a minute or more: on a busy machine the first seconds pass before anybody looks.
      await page
        .locator('.seek span')
        .first()
        .filter({ hasText: /^[1-9]/ })
        .waitFor()
      await page.getByRole('button', { name: 'Next song' }).click()
      await page.locator('.player .name').filter({ hasText: 'Two' }).waitFor()
      assert.equal(await page.locator('[aria-current=true] .name').textContent(), 'Two')
      await page.locator('h1').click()
      await page.keyboard.press('p')
      await page.locator('.player .name').filter({ hasText: 'One' }).waitFor()
      await page.keyboard.press('Space')
      await page.getByRole('button', { name: 'Play', exact: true }).waitFor()
      assert.equal(await page.evaluate('navigator.mediaSession.metadata.title'), 'One')
      await assertFits(page)
      assert.deepEqual(await serious(page), [])
      await page.screenshot({ path: join(SHOTS, `share-${name}-${colorScheme}.png`) })
      assert.deepEqual(foreign, [])
      await page.close()
    }
    const page = await pageOf(browser, viewport, 'light')
    await page.goto(`${ORIGIN}/share/${locked}`)
    await page.getByLabel('Password').fill('wrong')
    await page.getByRole('button', { name: 'Open' }).click()
    await page.getByRole('alert').waitFor()
    assert.deepEqual(await serious(page), [])
    await page.screenshot({ path: join(SHOTS, `share-${name}-password.png`) })
    await page.getByLabel('Password').fill('sesame')
    await page.getByRole('button', { name: 'Open' }).click()
    await page.getByRole('heading', { name: 'Only for friends' }).waitFor()
    const [file] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('link', { name: 'Download all (ZIP)' }).click(),
    ])
    assert.equal(file.suggestedFilename(), 'Only for friends.zip')
    assert.equal(await file.failure(), null)
    await page.goto(`${ORIGIN}/share/${ended}`)
    await page.getByRole('heading', { name: 'This share has ended' }).waitFor()
    await page.screenshot({ path: join(SHOTS, `share-${name}-ended.png`) })
    await page.close()
    await browser.clearCookies()
  }

  // The share is taken back while its page is open.
  const page = await pageOf(browser, SIZES.phone, 'light')
  const doomed = await share(host, {})
  await page.goto(`${ORIGIN}/share/${doomed}`)
  await page.getByRole('button', { name: 'Play all' }).waitFor()
  await host.inject({ url: `/api/share/${doomed}`, method: 'DELETE', user: 'admin' })
  await page.getByRole('button', { name: 'Play all' }).click()
  await page.locator('.player .problem').waitFor()
  await page.close()
})

test(
  'an album without a cover shows a drawing; the player waits for a lost network, and Space pauses',
  OPTIONS,
  async (t) => {
    await using host = await createTestHost()
    await host.load(new URL('../', import.meta.url), { rateLimit: 0 })
    const id = await share(host, { description: 'Bare' })
    const { body } = await host.inject({ url: `/share/${id}`, headers: { accept: 'text/html' } })
    assert.doesNotMatch(body, /og:image|twitter:image|class="ambient"/)
    assert.match(body, /<img class="cover" src="-\/cover\.svg"/)

    const browser = await browserFor(t, host)
    for (const viewport of Object.values(SIZES)) {
      const page = await pageOf(browser, viewport, viewport === SIZES.phone ? 'dark' : 'light')
      await page.goto(`${ORIGIN}/share/${id}`)
      assert.equal(await page.evaluate("document.querySelector('.cover').naturalWidth > 0"), true)
      const pause = page.getByRole('button', { name: 'Pause' })
      const playing = () => page.evaluate("document.querySelector('.sounding') !== null")
      await page.getByRole('button', { name: 'Play all' }).click()
      await pause.waitFor()
      await page.keyboard.press('Space')
      await page.getByRole('button', { name: 'Play', exact: true }).waitFor()
      await page.keyboard.press('Space')
      await pause.waitFor()
      await browser.route('**/share/*/s/*', (route) => route.abort('internetdisconnected'))
      await page.getByRole('button', { name: 'Next song' }).click()
      await page.locator('.player .under').filter({ hasText: 'No connection' }).waitFor()
      assert.equal(await playing(), false)
      await page.screenshot({ path: join(SHOTS, `share-offline-${viewport.width}.png`) })
      await browser.unroute('**/share/*/s/*')
      await page.locator('.sounding').waitFor()
      await page.locator('.player .under').filter({ hasNotText: 'No connection' }).waitFor()
      await page.close()
    }
  },
)

test('every script, endless titles and many songs fit; without JavaScript all can be heard', OPTIONS, async (t) => {
  await using host = await createTestHost({ library: 'unicode' })
  await host.load(new URL('../', import.meta.url), { rateLimit: 0 })
  const mixed = await share(host, {
    targets: [{ kind: 'library', id: String(host.library('Musik')) }],
    description: `${'A very long line about this music, which its sender could not stop writing. '.repeat(6)}\nأغنيات للطريق`,
  })
  const endless = await share(host, {
    targets: [{ kind: 'song', id: host.track('نسم علينا') }],
    description: 'Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft',
  })
  for (const id of [mixed, endless]) await assertValid(host, id)
  const many = manySongs(300)
  const { results } = await validator.validateString(many)
  assert.deepEqual(results, [])

  const browser = await browserFor(t, host, { pages: { '/share/many': many } })
  for (const [name, viewport] of Object.entries(SIZES)) {
    for (const [what, id] of Object.entries({ mixed, endless })) {
      const page = await pageOf(browser, viewport, name === 'phone' ? 'dark' : 'light')
      await page.goto(`${ORIGIN}/share/${id}`)
      await page.locator('button.line').first().click()
      await page.getByRole('button', { name: 'Pause' }).waitFor()
      await assertFits(page)
      assert.deepEqual(await serious(page), [])
      await page.screenshot({ path: join(SHOTS, `share-${name}-${what}.png`), fullPage: true })
      await page.close()
    }
    const page = await pageOf(browser, viewport, 'light')
    await page.goto(`${ORIGIN}/share/many`)
    await page.locator('button.line').nth(299).scrollIntoViewIfNeeded()
    await assertFits(page)
    await page.screenshot({ path: join(SHOTS, `share-${name}-many.png`) })
    await page.close()
  }

  const plain = await browserFor(t, host, { javaScriptEnabled: false })
  const page = await pageOf(plain, SIZES.phone, 'light')
  await page.goto(`${ORIGIN}/share/${mixed}`)
  assert.equal(await page.locator('audio[controls]').count(), 5)
  assert.equal(await page.getByRole('button', { name: 'Play all' }).count(), 0)
  await page.screenshot({ path: join(SHOTS, 'share-phone-plain.png') })
})

/** The page of a share that no test library is big enough for. */
function manySongs(count: number): string {
  const tracks = Array.from({ length: count }, (_, index) => ({
    title: `Song ${index + 1}`,
    artist: `Artist ${index % 7}`,
    album: 'One album',
    durationMs: 200_000,
    cover: `AAAAAAAAAA/c/s${index}?t=x`,
    stream: `AAAAAAAAAA/s/s${index}?t=x`,
  }))
  const card = { url: `${ORIGIN}/share/many` }
  return sharePage({ up: '', title: 'Many', description: '', contents: 'Many', owner: 'admin', tracks, card })
}

async function assertValid(host: TestHost, path: string): Promise<void> {
  const { body } = await host.inject({ url: `/share/${path}`, headers: { accept: 'text/html' } })
  const { results } = await validator.validateString(body)
  assert.deepEqual(
    results.flatMap(({ messages }) => messages.map(({ line, message }) => `${line}: ${message}`)),
    [],
  )
}

/** Nothing stands out at the side. */
async function assertFits(page: Page): Promise<void> {
  assert.equal(await page.evaluate('document.documentElement.scrollWidth > innerWidth'), false)
}

/** A browser to which the host is a server; both end with the test. */
async function browserFor(
  t: { after(cleanup: () => Promise<void>): void },
  host: TestHost,
  {
    pages = {},
    ...options
  }: { readonly javaScriptEnabled?: boolean; readonly pages?: Readonly<Record<string, string>> } = {},
): Promise<BrowserContext> {
  const server = createServer(async (request, response) => {
    const page = pages[request.url ?? '']
    if (page !== undefined) return response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(page)
    const parts: Buffer[] = []
    for await (const part of request) parts.push(part as Buffer)
    const headers = Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)]))
    const reply = await host.inject({
      url: request.url ?? '/',
      method: request.method ?? 'GET',
      headers,
      ...(parts.length > 0 ? { body: Buffer.concat(parts).toString() } : {}),
    })
    return response.writeHead(reply.status, reply.headers).end(reply.bytes)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await mkdir(SHOTS, { recursive: true })
  const profile = await mkdtemp(join(tmpdir(), 'tonearm-chromium-'))
  const browser = await chromium.launchPersistentContext(profile, {
    executablePath: CHROMIUM,
    headless: true,
    acceptDownloads: true,
    ...options,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--autoplay-policy=no-user-gesture-required',
      `--host-resolver-rules=MAP tonearm.test 127.0.0.1:${port}`,
    ],
  })
  t.after(async () => {
    await browser.close()
    server.closeAllConnections()
    server.close()
    await rm(profile, { recursive: true, force: true, maxRetries: 3 })
  })
  return browser
}

async function share(
  host: TestHost,
  more: { readonly targets?: object; readonly [name: string]: unknown },
): Promise<string> {
  const reply = await host.inject({
    url: '/api/v1/shares',
    user: 'admin',
    body: {
      permissions: { download: true },
      ...more,
      targets: more.targets ?? [{ kind: 'album', id: host.album('First') }],
    },
  })
  return (reply.json() as { id: string }).id
}

async function pageOf(
  browser: BrowserContext,
  viewport: { readonly width: number; readonly height: number },
  colorScheme: 'light' | 'dark',
): Promise<Page> {
  const page = await browser.newPage()
  await page.setViewportSize(viewport)
  await page.emulateMedia({ colorScheme })
  page.setDefaultTimeout(30_000)
  return page
}

const AXE = createRequire(import.meta.url).resolve('axe-core')

/** What axe finds that keeps people out. Its script comes by the debugger: the page itself lets nothing foreign in. */
async function serious(page: Page): Promise<readonly string[]> {
  await page.evaluate(await readFile(AXE, 'utf8'))
  const found = (await page.evaluate('axe.run().then((result) => result.violations)')) as readonly {
    readonly id: string
    readonly impact: string
    readonly nodes: readonly { readonly html: string }[]
  }[]
  return found
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`)
}
