// The page kit: one login for all pages of this server, asking it, and what pages are made of.

/** Where the addresses of the server begin, at whatever path it is served. */
export const home = new URL('../../', import.meta.url)

const KEY = `tonearm ${home.pathname}`
const PATIENCE_MS = 60_000

// ---- login ----

let login = stored()
let page
let shown = new AbortController()

function stored() {
  try {
    return JSON.parse(localStorage.getItem(KEY) ?? 'null')
  } catch {
    return null
  }
}

function keep(next) {
  login = next
  try {
    if (next) localStorage.setItem(KEY, JSON.stringify(next))
    else localStorage.removeItem(KEY)
  } catch {
    // A browser that keeps nothing: the login is this page's alone.
  }
}

addEventListener('storage', ({ key }) => {
  if (key !== KEY && key !== null) return
  const before = login
  login = stored()
  if (before?.id !== login?.id) void render()
})

/** Who is logged in, `{ id, name, isAdmin, token }`; null for nobody. */
export const user = () => login

/** Ends the session, on all pages of this server. */
export async function logOut() {
  const ended = request('api/auth/logout', { method: 'POST' })
  keep(null)
  void render()
  await ended.catch(() => {})
}

// ---- the server ----

/**
 * Asks the server; `path` is relative to its beginning, `body` becomes JSON. Rejects with an error whose message is for people.
 * Where the login has ended, the page shows it anew.
 */
export async function request(path, { method = 'GET', body, timeoutMs = PATIENCE_MS } = {}) {
  const token = login?.token
  const response = await fetch(new URL(path, home), {
    method,
    signal: AbortSignal.timeout(timeoutMs),
    headers: {
      ...(token && { 'x-nd-authorization': `Bearer ${token}` }),
      ...(body !== undefined && { 'content-type': 'application/json' }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  }).catch((cause) => {
    const isLate = cause.name === 'TimeoutError'
    throw new Error(isLate ? 'The server takes too long to answer.' : 'The server can not be reached.', { cause })
  })
  const renewed = response.headers.get('x-nd-authorization')
  if (renewed && token && login?.token === token) keep({ ...login, token: renewed })
  if (response.ok) return response
  if (response.status === 401 && token) {
    const problem = 'Please log in again.'
    if (login?.token === token) {
      keep(null)
      void render(problem)
    }
    throw new Error(problem)
  }
  const answer = await response.json().catch(() => ({}))
  throw new Error(answer.error ?? `The server answered ${response.status}.`)
}

/** The same, for an answer of JSON. */
export const ask = async (path, options) => (await request(path, options)).json()

// ---- elements ----

/** An element; text is text, never markup. `on...` listens, `--...` is a property of its style, false and undefined are left out. */
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value)
    else if (name.startsWith('--')) element.style.setProperty(name, value)
    else if (value !== undefined && value !== false) element.setAttribute(name, value === true ? '' : value)
  }
  element.append(...children.filter((child) => child !== undefined && child !== null && child !== false))
  return element
}

const status = make('p', { role: 'status', class: 'status' })

/** Tells people what happened: seen wherever they are on the page, and read to those who listen. '' takes it away. */
export function say(text, isProblem = false) {
  status.classList.toggle('problem', isProblem)
  status.textContent = text
  for (const fading of status.getAnimations()) fading.currentTime = 0
}

/** A listener that does what a control is for, and says what went wrong. */
export function doing(work) {
  return async (event) => {
    event?.preventDefault?.()
    const { signal } = shown
    try {
      await work(event)
    } catch (error) {
      if (!signal.aborted) say(error.message, true)
    }
  }
}

export function button(text, work, attributes = {}) {
  return make('button', { type: 'button', onclick: doing(work), ...attributes }, text)
}

/** `options`: pairs of value and text. `change` gets the value. */
export function select(label, options, value, change) {
  const element = make('select', { 'aria-label': label })
  for (const [key, text] of options) element.append(make('option', { value: key }, text))
  element.value = value
  if (change)
    element.addEventListener(
      'change',
      doing(() => change(element.value)),
    )
  return element
}

/** A token of the theme, such as `--accent`, as a colour that canvas knows. */
export function colorOf(token) {
  const probe = make('i', { hidden: true })
  probe.style.color = `var(${token})`
  document.body.append(probe)
  const { color } = getComputedStyle(probe)
  probe.remove()
  return color
}

// ---- the reader's language ----

const numbers = new Intl.NumberFormat()
const unit = (name, digits) =>
  new Intl.NumberFormat(undefined, { style: 'unit', unit: name, maximumFractionDigits: digits })
const dates = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium' })
const times = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' })
const days = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeZone: 'UTC' })
const months = new Intl.DateTimeFormat(undefined, { month: 'short', year: 'numeric', timeZone: 'UTC' })
const weekday = new Intl.DateTimeFormat(undefined, { weekday: 'short', timeZone: 'UTC' })
const SIZES = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte']

/** Numbers, sizes and times as the reader writes them. Moments are what `new Date` takes. */
export const format = {
  number: (value) => numbers.format(value),
  bytes: (value) => {
    const step = Math.min(SIZES.length - 1, Math.max(0, Math.floor(Math.log10(value) / 3)))
    const part = value / 1000 ** step
    return unit(SIZES[step], part >= 100 ? 0 : 1).format(part)
  },
  /** Minutes, roughly. */
  length: (minutes) => {
    if (minutes < 120) return unit('minute', 0).format(minutes)
    return minutes < 96 * 60 ? unit('hour', 0).format(minutes / 60) : unit('day', 0).format(minutes / 1440)
  },
  date: (at) => dates.format(new Date(at)),
  time: (at) => times.format(new Date(at)),
  /** A day without a time zone, `2026-11-29`. */
  day: (day) => days.format(new Date(`${day}T00:00:00Z`)),
  /** A month, `2026-11`. */
  month: (month) => months.format(new Date(`${month}-01T00:00:00Z`)),
  days: (count) => unit('day', 0).format(count),
  /** From Monday. */
  weekdays: Array.from({ length: 7 }, (_, day) => weekday.format(Date.UTC(2024, 0, 1 + day))),
}

// ---- the frame ----

/**
 * Opens the page: its login, then the frame, which `show` fills. It gets `heading`, the `actions` beside it, and the `body`
 * (elements), the `user`, and a `signal` that aborts when they log out; what it rejects with is said.
 */
export function openPage(next) {
  page = next
  return render()
}

async function render(problem = '') {
  shown.abort()
  shown = new AbortController()
  const { signal } = shown
  if (!page) return
  say('')
  document.title = `${page.title} – Tonearm`
  if (!login) return showLogin(problem)
  const heading = make('h1', {}, page.title)
  const actions = make('div', { class: 'actions' })
  const body = make('div')
  const head = make('header', { class: 'head' }, icon(), heading, actions, button('Log out', logOut))
  document.body.replaceChildren(head, make('main', {}, status, body))
  await doing(() => page.show({ heading, actions, body, signal, user: login }))()
}

function showLogin(problem) {
  const name = make('input', { name: 'username', autocomplete: 'username', autocapitalize: 'none', required: true })
  const password = make('input', {
    name: 'password',
    type: 'password',
    autocomplete: 'current-password',
    required: true,
  })
  const message = make('p', { class: 'problem', role: 'alert' }, problem)
  const submit = async (event) => {
    event.preventDefault()
    try {
      const body = { username: name.value, password: password.value }
      const { token, id, name: called, isAdmin } = await ask('auth/login', { method: 'POST', body })
      keep({ id, name: called, isAdmin, token })
      await render()
    } catch (error) {
      message.textContent = error.message
      password.value = ''
      password.focus()
    }
  }
  const form = make(
    'form',
    { class: 'login card', onsubmit: submit },
    icon(),
    make('h1', {}, page.title),
    make('label', {}, 'User', name),
    make('label', {}, 'Password', password),
    message,
    make('button', { class: 'main' }, 'Log in'),
  )
  document.body.replaceChildren(make('main', {}, form))
  name.focus()
}

const icon = () => make('img', { src: document.querySelector('link[rel=icon]')?.href, alt: '' })
