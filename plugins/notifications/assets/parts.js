/** What all parts of the page use: elements, the login, and asking the server. */
globalThis.notifications = (() => {
  const TOKEN = 'tonearm-notifications'
  const app = document.getElementById('app')
  const state = { login: read() }

  function read() {
    try {
      return JSON.parse(sessionStorage.getItem(TOKEN) ?? 'null')
    } catch {
      return null
    }
  }

  function keep(login) {
    state.login = login
    if (login) sessionStorage.setItem(TOKEN, JSON.stringify(login))
    else sessionStorage.removeItem(TOKEN)
  }

  /** An element; text is text, never markup. */
  function make(tag, attributes = {}, ...children) {
    const element = document.createElement(tag)
    for (const [name, value] of Object.entries(attributes)) {
      if (name.startsWith('on')) element.addEventListener(name.slice(2), value)
      else if (value !== undefined && value !== false) element.setAttribute(name, value === true ? '' : value)
    }
    element.append(...children.filter((child) => child !== undefined && child !== null && child !== false))
    return element
  }

  async function request(path, { method = 'GET', body } = {}) {
    const response = await fetch(path, {
      method,
      headers: {
        'x-nd-authorization': `Bearer ${state.login?.token}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const renewed = response.headers.get('x-nd-authorization')
    if (renewed && state.login) keep({ ...state.login, token: renewed })
    if (response.status === 401) {
      keep(null)
      parts.showLogin('Please log in again.')
      throw new Error('logged out')
    }
    if (!response.ok) {
      const answer = await response.json().catch(() => ({}))
      throw new Error(answer.error ?? `The server answered ${response.status}.`)
    }
    return response
  }

  const ask = async (path, options) => (await request(path, options)).json()

  /** For what happens elsewhere on the page: heard by screen readers, seen by everybody else. */
  const status = make('p', { role: 'status', 'aria-live': 'polite', class: 'soft' })
  function say(text, isProblem = false) {
    status.className = isProblem ? 'problem' : 'soft'
    status.textContent = text
  }

  /** Does what a button is for, and says what went wrong. */
  function doing(work) {
    return async (event) => {
      event?.preventDefault?.()
      try {
        await work(event)
      } catch (error) {
        if (state.login) say(error.message, true)
      }
    }
  }

  function button(text, work, attributes = {}) {
    return make('button', { type: 'button', onclick: doing(work), ...attributes }, text)
  }

  function select(label, options, value, change) {
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

  /** What this browser keeps between visits, for one user; where it keeps nothing, that is no trouble. */
  const memory = {
    read: (name) => {
      try {
        return JSON.parse(localStorage.getItem(`tonearm-${name}`) ?? '{}')[state.login?.id]
      } catch {
        return undefined
      }
    },
    /** @returns how many users keep something there. */
    write: (name, value) => {
      try {
        const all = JSON.parse(localStorage.getItem(`tonearm-${name}`) ?? '{}')
        if (value === undefined) delete all[state.login.id]
        else all[state.login.id] = value
        localStorage.setItem(`tonearm-${name}`, JSON.stringify(all))
        return Object.keys(all).length
      } catch {
        return 0
      }
    },
  }

  const parts = {
    memory,
    app,
    state,
    keep,
    make,
    ask,
    request,
    say,
    status,
    doing,
    button,
    select,
    showLogin: () => {},
  }
  return parts
})()
