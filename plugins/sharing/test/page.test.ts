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

const CHROMIUM = '/usr/bin/chromium'
const SHOTS = fileURLToPath(new URL('../../../.artifacts/', import.meta.url))
const ORIGIN = 'http://tonearm.test'
const SIZES = { phone: { width: 390, height: 844 }, desktop: { width: 1280, height: 900 } } as const

test('people open a share, play, seek, download and enter a password in a browser', {
  skip: existsSync(CHROMIUM) ? false : 'no chromium here',
  timeout: 120_000,
}, async (t) => {
  await using host = await createTestHost()
  await host.load(new URL('../', import.meta.url), { rateLimit: 0 })
  const open = await share(host, { description: 'Songs for the road' })
  const locked = await share(host, { description: 'Only for friends', password: 'sesame' })
  const ended = await share(host, {})
  await host.inject({ url: `/api/share/${ended}`, method: 'DELETE', user: 'admin' })

  const validator = new HtmlValidate({ extends: ['html-validate:standard'], rules: { 'long-title': 'off' } })
  for (const id of [open, locked, ended]) {
    const { body } = await host.inject({ url: `/share/${id}`, headers: { accept: 'text/html' } })
    const { results } = await validator.validateString(body)
    assert.deepEqual(
      results.flatMap(({ messages }) => messages.map(({ line, message }) => `${line}: ${message}`)),
      [],
    )
  }

  const server = createServer(async (request, response) => {
    const parts: Buffer[] = []
    for await (const part of request) parts.push(part as Buffer)
    const headers = Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)]))
    const reply = await host.inject({
      url: request.url ?? '/',
      method: request.method ?? 'GET',
      headers,
      ...(parts.length > 0 ? { body: Buffer.concat(parts).toString() } : {}),
    })
    response.writeHead(reply.status, reply.headers).end(reply.bytes)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await mkdir(SHOTS, { recursive: true })
  const profile = await mkdtemp(join(tmpdir(), 'tonearm-chromium-'))
  const browser = await chromium.launchPersistentContext(profile, {
    executablePath: CHROMIUM,
    headless: true,
    acceptDownloads: true,
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
      await page.locator('.seek span').filter({ hasText: /^1:0/ }).first().waitFor()
      await page.getByRole('button', { name: 'Next song' }).click()
      assert.equal(await page.locator('.player .name').textContent(), 'Two')
      const wide = await page.evaluate('document.documentElement.scrollWidth > innerWidth')
      assert.equal(wide, false, 'nothing stands out at the side')
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
    await page.close()
    await browser.clearCookies()
  }
})

async function share(host: TestHost, more: object): Promise<string> {
  const reply = await host.inject({
    url: '/api/v1/shares',
    user: 'admin',
    body: { targets: [{ kind: 'album', id: host.album('First') }], permissions: { download: true }, ...more },
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
  page.setDefaultTimeout(15_000)
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
