// Receives Web Push while no page is open. The server's part: channels/web-push.ts.

/** The page of notes, as this browser knows it: the worker lies three folders below. */
const HOME = new URL('../../../notifications', self.location.href)
const FALLBACK = { title: 'Tonearm', body: 'There is news.' }

self.addEventListener('install', () => self.skipWaiting())
self.addEventListener('activate', (event) => event.waitUntil(self.clients.claim()))

self.addEventListener('push', (event) => event.waitUntil(show(event.data)))

async function show(data) {
  const note = noteOf(data)
  // A page that is looked at shows it by itself; still, browsers want something shown for each push.
  const pages = await self.clients.matchAll({ type: 'window', includeUncontrolled: true })
  for (const page of pages) page.postMessage({ kind: 'push', id: note.id })
  await self.registration.showNotification(note.title, {
    body: note.body,
    // The same again takes the place of what is there, quietly.
    tag: note.id || 'news',
    timestamp: note.at,
    dir: 'auto',
    requireInteraction: note.level === 'error',
    data: { url: note.url },
  })
}

/** What is no note of ours is still a sign that there is one. */
function noteOf(data) {
  try {
    const note = data.json()
    const text = (value, otherwise) => (typeof value === 'string' && value !== '' ? value : otherwise)
    return {
      id: text(note.id, ''),
      title: text(note.title, FALLBACK.title),
      body: text(note.body, ''),
      level: note.level,
      at: Number.isFinite(note.at) ? note.at : Date.now(),
      url: ownAddress(note.url),
    }
  } catch {
    return { ...FALLBACK, id: '', level: 'info', at: Date.now(), url: HOME.href }
  }
}

/** Pages of this server, by the name that this browser knows it by; nothing else is opened. */
function ownAddress(url) {
  try {
    const { protocol, pathname, search, hash } = new URL(url)
    if (protocol === 'https:' || protocol === 'http:') return new URL(`${pathname}${search}${hash}`, HOME.origin).href
  } catch {}
  return HOME.href
}

self.addEventListener('notificationclick', (event) => {
  event.notification.close()
  event.waitUntil(open(event.notification.data?.url ?? HOME.href))
})

/** The page, if it is open somewhere, else a new one: other pages go on with what they do, such as playing music. */
async function open(url) {
  const pages = await self.clients.matchAll({ type: 'window', includeUncontrolled: true })
  const same = pages.find((page) => page.url === url)
  await (same ? same.focus() : self.clients.openWindow(url))
}
