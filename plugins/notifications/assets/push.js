/** Web Push: this browser as a target. */
import { ask, button, make, say, user } from '../../-/page.js'

const WORKER = new URL('push-worker.js', import.meta.url)
const MEMORY = 'tonearm-push'
/** Browsers that find no push service try for minutes. */
const PATIENCE_MS = 20_000
const NO_SERVICE =
  'This browser gets no answer from its push service, so it can not be notified. Brave asks it only when “Use Google services for push messaging” is on in its privacy settings; some Chromium builds have no push service at all, and some networks block it. Try Chrome, Edge, Firefox or Safari, or add another way below, such as ntfy.'

/** Which target this browser is, for one user; where it keeps nothing between visits, that is no trouble. */
function remembered() {
  try {
    return JSON.parse(localStorage.getItem(MEMORY) ?? '{}')[user()?.id]
  } catch {
    return undefined
  }
}

/** @returns how many users it is a target of. */
function remember(id) {
  try {
    const all = { ...JSON.parse(localStorage.getItem(MEMORY) ?? '{}'), [user().id]: id }
    localStorage.setItem(MEMORY, JSON.stringify(all))
    return Object.values(all).filter((one) => one !== undefined).length
  } catch {
    return 0
  }
}

function bytesOf(text) {
  const base64 = text.replace(/-/g, '+').replace(/_/g, '/')
  return Uint8Array.from(atob(base64), (sign) => sign.charCodeAt(0))
}

async function within(ms, work) {
  let timer
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(NO_SERVICE)), ms)
  })
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}

async function askPermission() {
  const answer = await Notification.requestPermission()
  if (answer === 'granted') return
  throw new Error(
    answer === 'denied'
      ? 'This browser blocks notifications of this page. Allow them in its settings for this site (at the lock beside the address), then try again.'
      : 'The browser’s question was not answered. Try again, and allow notifications.',
  )
}

async function subscribe(vapidPublicKey) {
  await askPermission()
  const registration = await navigator.serviceWorker.register(WORKER)
  await new Promise((resolve) => {
    const worker = registration.active ?? registration.waiting ?? registration.installing
    const look = () => worker.state === 'activated' && resolve()
    worker.addEventListener('statechange', look)
    look()
  })
  const before = await registration.pushManager.getSubscription()
  const key = bytesOf(vapidPublicKey)
  const known = before?.options.applicationServerKey && new Uint8Array(before.options.applicationServerKey)
  // Made for another key: the server could not use it.
  if (known && (known.length !== key.length || known.some((byte, index) => byte !== key[index])))
    await before.unsubscribe()
  try {
    const options = { userVisibleOnly: true, applicationServerKey: key }
    return await within(PATIENCE_MS, registration.pushManager.subscribe(options))
  } catch (error) {
    throw error.name === 'AbortError' ? new Error(NO_SERVICE) : error
  }
}

export const isThisBrowser = (id) => remembered() === id

/** The browser gives its subscription up, unless another user of it has it too. */
export async function forgetThisBrowser() {
  if (remember(undefined) > 0) return
  const registration = await navigator.serviceWorker.getRegistration(WORKER)
  const subscription = await registration?.pushManager.getSubscription()
  await subscription?.unsubscribe()
}

/** The button, or why there is none. */
export async function pushPart({ vapidPublicKey, targets, changed }) {
  const isThere = 'serviceWorker' in navigator && 'PushManager' in window && 'Notification' in window
  if (!isThere)
    return make(
      'p',
      { class: 'soft' },
      isSecureContext
        ? 'This browser has no Web Push. On an iPhone, put this page on the home screen first.'
        : 'Web Push needs an https address.',
    )
  const own = targets.find(({ id, channel }) => channel === 'webpush' && isThisBrowser(id))
  if (own && (await isSubscribed()))
    return button('Stop notifying this browser', async () => {
      await ask(`api/notifications/targets/${own.id}`, { method: 'DELETE' })
      await forgetThisBrowser()
      say('This browser is not notified any more.')
      await changed()
    })
  return button('Notify this browser', async () => {
    say('Asking this browser …')
    const { endpoint, keys } = (await subscribe(vapidPublicKey)).toJSON()
    const { id } = await ask('api/notifications/targets', {
      method: 'POST',
      body: { channel: 'webpush', name: browserName(), target: { endpoint, keys } },
    })
    remember(id)
    say('This browser is notified from now on.')
    await changed()
  })
}

/** People take permissions back, and browsers drop subscriptions. */
async function isSubscribed() {
  const registration = await navigator.serviceWorker.getRegistration(WORKER)
  return Notification.permission === 'granted' && Boolean(await registration?.pushManager.getSubscription())
}

function browserName() {
  const agent = navigator.userAgent
  const browser = /Firefox|Edg|OPR|Chrome|Safari/.exec(agent)?.[0].replace('Edg', 'Edge').replace('OPR', 'Opera')
  const system = /Android|iPhone|iPad|Windows|Mac OS|Linux/.exec(agent)?.[0]
  return [browser, system].filter(Boolean).join(', ') || 'Browser'
}
