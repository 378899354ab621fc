/** The page: login, and the list of notes that is kept up to date. */
{
  const { app, state, keep, make, ask, request, button, say, status } = notifications
  const PAGE = 20
  const time = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' })
  let shown = PAGE
  let events

  notifications.showLogin = (problem = '') => {
    events?.close()
    const name = make('input', { name: 'username', autocomplete: 'username', required: true })
    const password = make('input', {
      name: 'password',
      type: 'password',
      autocomplete: 'current-password',
      required: true,
    })
    const message = make('div', { class: 'error-text', role: 'alert' }, problem)
    app.replaceChildren(
      make(
        'form',
        {
          class: 'login',
          onsubmit: async (event) => {
            event.preventDefault()
            try {
              const response = await fetch('auth/login', {
                method: 'POST',
                headers: { 'content-type': 'application/json' },
                body: JSON.stringify({ username: name.value, password: password.value }),
              })
              const body = await response.json()
              if (!response.ok) throw new Error(body.error ?? 'This did not work.')
              keep({ token: body.token, name: body.name, isAdmin: body.isAdmin, id: body.id })
              await showPage()
            } catch (error) {
              message.textContent = error.message
              password.value = ''
            }
          },
        },
        make('h1', {}, 'Notifications'),
        make('label', {}, 'User', name),
        make('label', {}, 'Password', password),
        message,
        make('button', { class: 'main' }, 'Log in'),
      ),
    )
    name.focus()
  }

  function card(note, changed) {
    const isUnread = note.readAt === null
    return make(
      'li',
      { class: `card ${isUnread ? `unread ${note.level}` : ''}` },
      make('h3', {}, isUnread ? make('span', { class: 'new' }, 'New ') : '', note.title),
      note.body && make('p', {}, note.body),
      make(
        'div',
        { class: 'foot' },
        make('span', {}, make('time', { datetime: note.updatedAt }, time.format(new Date(note.updatedAt)))),
        isUnread &&
          button(
            'Mark as read',
            async () => {
              await ask(`api/notifications/${note.id}/read`, { method: 'POST' })
              await changed()
            },
            { 'aria-label': `Mark as read: ${note.title}` },
          ),
        button(
          'Delete',
          async () => {
            await ask(`api/notifications/${note.id}`, { method: 'DELETE' })
            await changed()
          },
          { 'aria-label': `Delete: ${note.title}` },
        ),
      ),
    )
  }

  async function fill(list, title) {
    const response = await request(`api/notifications?_start=0&_end=${shown}`)
    const total = Number(response.headers.get('x-total-count'))
    const notes = await response.json()
    const { count } = await ask('api/notifications/unread')
    title.textContent = count > 0 ? `Notifications (${count} new)` : 'Notifications'
    document.title = `${title.textContent} – Tonearm`
    const changed = () => fill(list, title)
    list.replaceChildren(...notes.map((note) => card(note, changed)))
    if (notes.length === 0) list.append(make('li', { class: 'soft' }, 'Nothing has happened yet.'))
    if (total > notes.length)
      list.append(
        make(
          'li',
          {},
          button(`Show more (${total - notes.length})`, async () => {
            shown += PAGE
            await changed()
          }),
        ),
      )
    document.documentElement.dataset.notes = String(notes.length)
  }

  async function showPage() {
    const title = make('h1', {}, 'Notifications')
    const list = make('ul', { class: 'cards', id: 'notes' })
    const settings = make('section', { 'aria-label': 'Settings' })
    const changed = () => fill(list, title)
    app.replaceChildren(
      make(
        'header',
        {},
        title,
        button('Mark all as read', async () => {
          await ask('api/notifications/read-all', { method: 'POST' })
          await changed()
        }),
        button('Test', async () => {
          say('Sending a test …')
          const { results } = await ask('api/notifications/test', { method: 'POST' })
          const bad = results.find(({ ok }) => !ok)
          say(bad ? `${bad.channel}: ${bad.problem}` : `Sent a test by ${results.length + 1} ways.`, bad !== undefined)
        }),
        button('Log out', () => {
          keep(null)
          notifications.showLogin()
        }),
      ),
      status,
      make('h2', { class: 'hidden' }, 'Notes'),
      list,
      settings,
    )
    say('')
    try {
      await changed()
      await notifications.showSettings(settings)
      listen(changed)
      document.documentElement.dataset.ready = 'yes'
    } catch (error) {
      if (state.login) say(error.message, true)
    }
  }

  /** New notes show up by themselves; a connection that breaks comes back with what was missed. */
  function listen(changed) {
    events?.close()
    events = new EventSource(`api/events?jwt=${encodeURIComponent(state.login.token)}`)
    events.addEventListener('notification', (event) => {
      say(JSON.parse(event.data).title)
      void changed().catch(() => {})
    })
    events.addEventListener('refreshResource', (event) => {
      if ('notification' in JSON.parse(event.data)) void changed().catch(() => {})
    })
  }

  if (state.login) void showPage()
  else notifications.showLogin()
}
