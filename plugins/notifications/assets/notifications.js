/** The page: the list of notes that is kept up to date, above what somebody is told and how. */
import { ask, button, format, home, make, openPage, request, say, user } from '../../-/page.js'
import { showSettings } from './settings.js'

const PAGE = 20
let shown = PAGE

function card(note, changed) {
  const isUnread = note.readAt === null
  return make(
    'li',
    { class: `card ${isUnread ? `unread ${note.level}` : ''}` },
    make('h3', {}, isUnread ? make('span', { class: 'new' }, 'New') : '', ' ', note.title),
    note.body && make('p', {}, note.body),
    make(
      'div',
      { class: 'foot' },
      make('span', {}, make('time', { datetime: note.updatedAt }, format.time(note.updatedAt))),
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

async function show({ heading, actions, body, signal }) {
  const list = make('ul', { class: 'cards', id: 'notes' })
  const settings = make('section', { 'aria-label': 'Settings' })
  const changed = () => fill(list, heading)
  actions.append(
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
  )
  body.append(make('h2', { class: 'hidden' }, 'Notes'), list, settings)
  await changed()
  await showSettings(settings)
  if (signal.aborted) return
  listen(changed, signal)
  document.documentElement.dataset.ready = 'yes'
}

/** New notes show up by themselves; a connection that breaks comes back with what was missed. */
function listen(changed, signal) {
  const events = new EventSource(new URL(`api/events?jwt=${encodeURIComponent(user().token)}`, home))
  signal.addEventListener('abort', () => events.close())
  events.addEventListener('notification', (event) => {
    say(JSON.parse(event.data).title)
    void changed().catch(() => {})
  })
  events.addEventListener('refreshResource', (event) => {
    if ('notification' in JSON.parse(event.data)) void changed().catch(() => {})
  })
}

void openPage({ title: 'Notifications', show })
