/** What somebody is told, when, and by which ways. */
import { ask, button, doing, make, say, select, user } from '../../-/page.js'
import { forgetThisBrowser, isThisBrowser, pushPart } from './push.js'
import { secretField } from './secret.js'

const PLACES = {
  app: 'In the app',
  webhook: 'Webhook',
  ntfy: 'ntfy',
  gotify: 'Gotify',
  email: 'E-mail',
  webpush: 'Web Push',
}
const MODES = [
  ['on', 'at once'],
  ['digest', 'in a digest'],
  ['off', 'off'],
]
const APP_MODES = [
  ['on', 'on'],
  ['off', 'off'],
]
const PREFERENCES = 'api/notifications/preferences'

const save = async (changes) => {
  await ask(PREFERENCES, { method: 'PUT', body: changes })
  say('Saved.')
}

function topicTable({ topics, titles }, places) {
  const head = make('tr', {}, make('th', { scope: 'col' }, 'What'))
  for (const place of places) head.append(make('th', { scope: 'col' }, PLACES[place]))
  const body = make('tbody')
  for (const [topic, modes] of Object.entries(topics)) {
    const row = make('tr', {}, make('th', { scope: 'row' }, titles[topic]))
    for (const place of places)
      row.append(
        make(
          'td',
          { 'data-place': PLACES[place] },
          select(`${titles[topic]}: ${PLACES[place]}`, place === 'app' ? APP_MODES : MODES, modes[place], (mode) =>
            save({ topics: { [topic]: { [place]: mode } } }),
          ),
        ),
      )
    body.append(row)
  }
  return make('div', { class: 'card wide' }, make('table', {}, make('thead', {}, head), body))
}

function field(label, input) {
  return make('label', {}, label, input)
}

function timesForm({ quiet, digest, timeZone, serverTimeZone, language, languages }) {
  const here = Intl.DateTimeFormat().resolvedOptions().timeZone
  const isQuiet = make('input', { type: 'checkbox', checked: quiet !== null })
  const from = make('input', { type: 'time', value: quiet?.from ?? '22:00', required: true })
  const to = make('input', { type: 'time', value: quiet?.to ?? '07:00', required: true })
  const errors = make('input', { type: 'checkbox', checked: quiet?.errors ?? false })
  const every = select(
    'Digests come',
    [
      ['day', 'once a day'],
      ['hour', 'once an hour'],
    ],
    digest.every,
  )
  const at = make('input', { type: 'time', value: digest.at, required: true })
  const zones = [
    ['', `of the server (${serverTimeZone})`],
    [here, here],
  ]
  if (timeZone !== '' && timeZone !== here) zones.push([timeZone, timeZone])
  const zone = select('Time zone', zones, timeZone)
  const tongue = select(
    'Language',
    languages.map(({ id, name }) => [id, name]),
    language,
  )
  const form = make(
    'form',
    {
      class: 'fields card',
      onsubmit: doing(() =>
        save({
          quiet: isQuiet.checked ? { from: from.value, to: to.value, errors: errors.checked } : null,
          digest: { every: every.value, at: at.value },
          timeZone: zone.value,
          language: tongue.value,
        }),
      ),
    },
    make('label', { class: 'check' }, isQuiet, 'Quiet hours'),
    field('from', from),
    field('to', to),
    make('label', { class: 'check' }, errors, 'but for errors'),
    field('Digests come', every),
    field('daily at', at),
    field('Time zone', zone),
    languages.length > 1 ? field('Language', tongue) : undefined,
    make('button', { class: 'main' }, 'Save'),
  )
  return form
}

function targetCard(target, changed) {
  const path = `api/notifications/targets/${target.id}`
  const isHere = target.channel === 'webpush' && isThisBrowser(target.id)
  return make(
    'li',
    { class: 'card' },
    make('h3', {}, `${PLACES[target.channel] ?? target.channel}: ${target.name || target.label}`),
    target.name && make('p', { class: 'soft' }, target.label),
    target.problem && make('p', { class: 'problem' }, target.problem),
    make(
      'div',
      { class: 'foot' },
      make(
        'span',
        {},
        [
          isHere && 'this browser',
          `${target.sent} sent`,
          target.waiting > 0 && `${target.waiting} waiting`,
          !target.enabled && 'switched off',
        ]
          .filter(Boolean)
          .join(', '),
      ),
      button('Test', async () => {
        say('Sending a test …')
        const body = { target: Number(target.id) }
        const { results } = await ask('api/notifications/test', { method: 'POST', body })
        const [result] = results
        say(result.ok ? 'The test was sent.' : result.problem, !result.ok)
      }),
      button(target.enabled ? 'Switch off' : 'Switch on', async () => {
        await ask(path, { method: 'PUT', body: { enabled: !target.enabled } })
        await changed()
      }),
      button('Delete', async () => {
        await ask(path, { method: 'DELETE' })
        if (isHere) await forgetThisBrowser()
        await changed()
      }),
    ),
  )
}

function addForm(channels, changed) {
  const typed = channels.filter(({ channel }) => channel !== 'webpush')
  if (typed.length === 0) return undefined
  const holder = make('form', { class: 'fields card' })
  const show = (channel) => {
    const { properties, required = [] } = typed.find((one) => one.channel === channel).target
    const name = make('input', { maxlength: '100', autocomplete: 'off' })
    const inputs = Object.entries(properties).map(([key, part]) => {
      const options = part.enum ?? part.anyOf?.map((one) => one.const)
      const input = options
        ? select(
            part.title ?? key,
            options.map((one) => [String(one), String(one)]),
            String(part.default ?? options[0]),
          )
        : make('input', {
            type: part.secret ? 'password' : part.type === 'integer' || part.type === 'number' ? 'number' : 'text',
            autocomplete: part.secret ? 'new-password' : 'off',
            value: part.default === undefined ? undefined : String(part.default),
            required: required.includes(key) && part.default === undefined,
          })
      return { key, part, input }
    })
    holder.replaceChildren(
      field(
        'Way',
        select(
          'Way',
          typed.map((one) => [one.channel, PLACES[one.channel] ?? one.channel]),
          channel,
          show,
        ),
      ),
      ...inputs.map(({ key, part, input }) =>
        part.made === undefined ? field(part.title ?? key, input) : secretField(part.title ?? key, input, part.made),
      ),
      field('Name for it', name),
      make('button', { class: 'main' }, 'Add'),
    )
    holder.onsubmit = doing(async () => {
      const target = {}
      for (const { key, part, input } of inputs) {
        if (input.value === '') continue
        const isNumber = part.type === 'integer' || part.type === 'number'
        target[key] = isNumber ? Number(input.value) : part.type === 'boolean' ? input.value === 'true' : input.value
      }
      await ask('api/notifications/targets', { method: 'POST', body: { channel, name: name.value, target } })
      say('Added.')
      await changed()
    })
  }
  show(typed[0].channel)
  return holder
}

async function deadPart(changed) {
  if (!user()?.isAdmin) return []
  const dead = await ask('api/notifications/dead?_start=0&_end=100')
  if (dead.length === 0) return []
  const list = make('ul', { class: 'cards' })
  for (const { id, userName, channel, target, topic, attempts, error } of dead) {
    const act =
      (options, suffix = '') =>
      async () => {
        await ask(`api/notifications/dead/${id}${suffix}`, options)
        await changed()
      }
    list.append(
      make(
        'li',
        { class: 'card' },
        make('h3', {}, `${userName}: ${PLACES[channel] ?? channel} ${target}`),
        make('p', { class: 'problem' }, error),
        make(
          'div',
          { class: 'foot' },
          make('span', {}, `${topic}, ${attempts} attempts`),
          button('Try again', act({ method: 'POST' }, '/retry')),
          button('Delete', act({ method: 'DELETE' })),
        ),
      ),
    )
  }
  return [make('h2', {}, 'Not delivered'), list]
}

/** Fills the part of the page below the notes. */
export async function showSettings(holder) {
  const changed = () => showSettings(holder)
  const [preferences, targets, { channels, vapidPublicKey }] = await Promise.all([
    ask(PREFERENCES),
    ask('api/notifications/targets'),
    ask('api/notifications/channels'),
  ])
  const used = new Set(targets.map(({ channel }) => channel))
  const places = Object.keys(PLACES).filter((place) => place === 'app' || used.has(place))
  const list = make('ul', { class: 'cards' }, ...targets.map((target) => targetCard(target, changed)))
  const push = channels.some(({ channel }) => channel === 'webpush')
  const pushing = push && (await pushPart({ vapidPublicKey, targets, changed }))
  holder.replaceChildren(
    make('div', { class: 'bar' }, make('h2', {}, 'Ways to reach me'), pushing),
    targets.length > 0 ? list : make('p', { class: 'soft' }, 'None yet: notes stay in the list above.'),
    make('h2', {}, 'Another way'),
    addForm(channels, changed) ?? '',
    make('h2', {}, 'What I am told'),
    topicTable(preferences, places),
    make('h2', {}, 'When'),
    timesForm(preferences),
    ...(await deadPart(changed)),
  )
}
