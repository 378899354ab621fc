import assert from 'node:assert/strict'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { chromium, type Page } from 'playwright-core'
import { DELIVERY, eventually } from './support.ts'

const CHROMIUM = '/usr/bin/chromium'
const WORKER = new URL('../../assets/push-worker.js', import.meta.url)
const WORKER_PATH = '/base/plugins/notifications/assets/push-worker.js'

/**
 * Tells the worker of a click on its first note. A browser opens windows for real clicks only, so what it would open is
 * written down. A text, since a function would come with what the test's compiler puts into it.
 */
const CLICK = `(async () => {
  const opened = []
  const work = []
  self.clients.openWindow = async (url) => void opened.push(url)
  const [notification] = await self.registration.getNotifications()
  const event = new NotificationEvent('notificationclick', { notification })
  Object.defineProperty(event, 'waitUntil', { value: (promise) => void work.push(promise) })
  self.dispatchEvent(event)
  const ends = await Promise.allSettled(work)
  return { opened, failed: ends.flatMap(({ reason }) => (reason ? [String(reason)] : [])) }
})()`

/**
 * Counts in the worker what has been shown. Asking for notes before that loses them: Chromium drops from its store what
 * the system does not show yet.
 */
const COUNT = `(() => {
  const { registration } = self
  const show = registration.showNotification.bind(registration)
  self.shown = 0
  registration.showNotification = async (...given) => {
    await show(...given)
    self.shown++
  }
})()`

interface Shown {
  readonly title: string
  readonly body: string
  readonly tag: string
  readonly timestamp: number
  readonly data: { readonly url: string }
}

/** The worker below a base path, as behind a proxy, registered in a browser that may show notes. */
async function openBrowser(t: TestContext) {
  const script = await readFile(WORKER)
  const server = createServer(({ url }, response) => {
    if (url === WORKER_PATH) response.writeHead(200, { 'content-type': 'text/javascript' }).end(script)
    else response.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html><title>page</title>')
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const profile = await mkdtemp(join(tmpdir(), 'tonearm-chromium-'))
  const browser = await chromium.launchPersistentContext(profile, {
    executablePath: CHROMIUM,
    headless: true,
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-component-update'],
  })
  t.after(async () => {
    await browser.close()
    server.closeAllConnections()
    server.close()
    await rm(profile, { recursive: true, force: true, maxRetries: 5 })
  })
  await browser.grantPermissions(['notifications'], { origin })
  const page = await browser.newPage()
  await page.goto(`${origin}/base/notifications`)
  const cdp = await browser.newCDPSession(page)
  let registrationId = ''
  cdp.on('ServiceWorker.workerRegistrationUpdated', ({ registrations }) => {
    registrationId = registrations.find(({ scopeURL }) => scopeURL.startsWith(origin))?.registrationId ?? registrationId
  })
  await cdp.send('ServiceWorker.enable')
  await page.evaluate(async (path) => {
    const { installing, waiting, active } = await navigator.serviceWorker.register(path)
    const worker = installing ?? waiting ?? active
    if (worker?.state !== 'activated')
      await new Promise<void>((resolve) =>
        worker?.addEventListener('statechange', () => worker.state === 'activated' && resolve()),
      )
  }, WORKER_PATH)
  await eventually(() => registrationId !== '', 'the worker is known')
  const worker = browser.serviceWorkers()[0] ?? (await browser.waitForEvent('serviceworker'))
  await worker.evaluate(COUNT)
  let pushed = 0
  const push = async (data: string) => {
    await cdp.send('ServiceWorker.deliverPushMessage', { origin, registrationId, data })
    pushed++
    await eventually(async () => (await worker.evaluate('self.shown')) === pushed, `push ${pushed} is shown`)
  }
  return { page, worker, origin, push }
}

function notesOf(page: Page): Promise<Shown[]> {
  return page.evaluate(async (path) => {
    const registration = await navigator.serviceWorker.getRegistration(path)
    const notes = (await registration?.getNotifications()) ?? []
    return notes.map((note) => {
      const { title, body, tag, data } = note
      return { title, body, tag, timestamp: (note as unknown as { timestamp: number }).timestamp, data }
    })
  }, WORKER_PATH)
}

test('a browser shows what is pushed, once, and nothing of it leads elsewhere', {
  skip: existsSync(CHROMIUM) ? false : 'no chromium here',
  timeout: 180_000,
}, async (t) => {
  const { page, origin, push } = await openBrowser(t)
  const shown = async (count: number) => {
    let notes: Shown[] = []
    await eventually(async () => {
      notes = await notesOf(page)
      return notes.length === count
    }, `${count} notes are shown`)
    return notes
  }
  await push(JSON.stringify(DELIVERY))
  const [note] = await shown(1)
  assert.deepEqual(note, {
    title: DELIVERY.title,
    body: DELIVERY.body,
    tag: DELIVERY.id,
    timestamp: DELIVERY.at,
    data: { url: `${origin}/share/abc` },
  })

  // A second try takes the place of the first.
  await push(JSON.stringify({ ...DELIVERY, body: 'again' }))
  await eventually(async () => (await notesOf(page))[0]?.body === 'again', 'the second one is shown')
  assert.equal((await notesOf(page)).length, 1)

  const addresses = ['https://evil.example/x?y#z', 'javascript:alert(1)', '//evil.example/', 'data:text/html,x', 7]
  for (const [index, url] of addresses.entries()) {
    await push(JSON.stringify({ ...DELIVERY, id: `other-${index}`, url }))
    await shown(2 + index)
  }
  for (const nonsense of ['', 'no json', 'null', '{"title":7}']) {
    await push(nonsense)
    await eventually(
      async () => (await notesOf(page)).some(({ title, tag }) => title === 'Tonearm' && tag === 'news'),
      nonsense,
    )
  }
  for (const { data } of await notesOf(page)) assert.equal(new URL(data.url).origin, origin)
  const fallback = (await notesOf(page)).find(({ tag }) => tag === 'news')
  assert.equal(fallback?.data.url, `${origin}/base/notifications`)
})

test('a click opens the page of the note and puts it away', {
  skip: existsSync(CHROMIUM) ? false : 'no chromium here',
  timeout: 180_000,
}, async (t) => {
  const { worker, origin, page, push } = await openBrowser(t)
  await push(JSON.stringify({ ...DELIVERY, url: `${origin}/share/abc` }))
  await eventually(async () => (await notesOf(page)).length === 1, 'it is shown')
  // The system's click is out of reach here; what the worker does with it is not.
  const click = () => worker.evaluate(CLICK)
  assert.deepEqual(await click(), { opened: [`${origin}/share/abc`], failed: [] })
  assert.equal((await notesOf(page)).length, 0, 'it is put away')
  // A page that is open already is shown; that needs a real click, which only says so here.
  await push(JSON.stringify({ ...DELIVERY, url: `${origin}/base/notifications` }))
  await eventually(async () => (await notesOf(page)).length === 1, 'it is shown')
  const again = (await click()) as { opened: string[]; failed: string[] }
  assert.deepEqual(again.opened, [])
  assert.ok(
    again.failed.every((reason) => /focus/i.test(reason)),
    String(again.failed),
  )
})
