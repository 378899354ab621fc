import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { test } from 'node:test'
import { type BrowserContext, chromium, type Page } from 'playwright-core'
import { createTestHost } from 'tonearm/plugin/testing'
import { BASE, CHROMIUM, FLAGS, serve } from './browser.ts'
import { FOLDER, GRANTED } from './world.ts'

const INSIGHTS = new URL('../../insights/', import.meta.url)

async function logIn(page: Page, name: string) {
  await page.getByLabel('User').fill(name)
  await page.getByLabel('Password').fill(`${name}-pass`)
  await page.getByRole('button', { name: 'Log in' }).click()
  await page.getByRole('button', { name: 'Log out' }).waitFor()
}

/** The token that the pages of this browser share. */
async function tokenOf(page: Page): Promise<string> {
  const kept = (await page.evaluate(`localStorage.getItem('tonearm ${BASE}/')`)) as string
  return (JSON.parse(kept) as { token: string }).token
}

test('one login serves all pages of the server, and ends on all of them', {
  skip: existsSync(CHROMIUM) ? false : 'no chromium here',
  timeout: 240_000,
}, async (t) => {
  const host = await createTestHost({ now: Date.now() })
  t.after(() => host.dispose())
  await host.load(INSIGHTS)
  await host.load(FOLDER, {}, { granted: GRANTED as never })
  const { server, origin } = await serve(host)
  const browser = await chromium.launch({ executablePath: CHROMIUM, headless: true, args: FLAGS })
  t.after(async () => {
    await browser.close()
    server.closeAllConnections()
    server.close()
  })
  const open = async (context: BrowserContext, path: string) => {
    const page = await context.newPage()
    await page.goto(`${origin}${BASE}/${path}`)
    return page
  }
  const isOpen = async (token: string) => {
    const headers = { 'x-nd-authorization': `Bearer ${token}` }
    return (await host.inject({ url: '/api/insights/report', headers })).status === 200
  }
  const context = await browser.newContext({ locale: 'de-DE' })
  const figures = await open(context, 'insights')
  await logIn(figures, 'alice')
  const notes = await open(context, 'notifications')
  await notes.getByText('What I am told').waitFor()
  const token = await tokenOf(notes)
  assert.ok(await isOpen(token))

  // A server that is away is told, and the page stays.
  await context.route('**/api/insights/**', (route) => route.abort())
  await figures.getByLabel('Period').selectOption('7d')
  await figures.getByRole('status').filter({ hasText: 'can not be reached' }).waitFor()
  await context.unroute('**/api/insights/**')
  await figures.getByLabel('Period').selectOption('90d')
  await figures.getByRole('status').filter({ hasText: 'can not be reached' }).waitFor({ state: 'detached' })
  // In the reader's language.
  await figures.getByText(/^\d+,\d kB$/).waitFor()

  await notes.getByRole('button', { name: 'Log out' }).click()
  await figures.getByLabel('Password').waitFor()
  assert.equal(await isOpen(token), false)

  // Another user in one tab is that user in all.
  await logIn(figures, 'admin')
  await notes.getByText('What I am told').waitFor()
  await figures.getByLabel('Listener').waitFor()
  await notes.getByRole('button', { name: 'Log out' }).click()
  await figures.getByLabel('Password').waitFor()
  await logIn(notes, 'alice')
  await figures.getByLabel('Period').waitFor()
  assert.equal(await figures.getByLabel('Listener').count(), 0)

  // A session that was ended elsewhere.
  const headers = { 'x-nd-authorization': `Bearer ${await tokenOf(notes)}` }
  await host.inject({ url: '/api/auth/revoke-all', method: 'POST', headers })
  await figures.getByLabel('Period').selectOption('365d')
  await figures.getByRole('alert').filter({ hasText: 'Please log in again.' }).waitFor()
  await notes.getByLabel('Password').waitFor()
})
