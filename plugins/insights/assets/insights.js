import { ask, button, colorOf, format, make, openPage, request, say, select } from '../../-/page.js'

const PERIODS = [
  ['7d', 'Last 7 days'],
  ['30d', 'Last 30 days'],
  ['90d', 'Last 90 days'],
  ['365d', 'Last 365 days'],
  ['month', 'This month'],
  ['year', 'This year'],
]
const zone = Intl.DateTimeFormat().resolvedOptions().timeZone
const { number, length, bytes } = format
const state = { period: '30d', user: '', charts: [], turn: 0 }

function address(extra) {
  const query = new URLSearchParams({ period: state.period, tz: zone, ...extra })
  if (state.user) query.set('user', state.user)
  return `api/insights/report?${query}`
}

async function show({ actions, body, signal, user }) {
  state.user = ''
  signal.addEventListener('abort', dropCharts)
  const years = Array.from({ length: 6 }, (_, index) => String(new Date().getFullYear() - 1 - index))
  const periods = [...PERIODS, ...years.map((year) => [year, year]), ['all', 'All time']]
  const pick = (name) => (value) => {
    state[name] = value
    return fill(body, signal)
  }
  if (user.isAdmin) {
    const others = (await ask('api/insights/users')).filter(({ id }) => id !== user.id)
    const listeners = [['', 'My listening'], ['all', 'All listeners'], ...others.map(({ id, name }) => [id, name])]
    actions.append(select('Listener', listeners, state.user, pick('user')))
  }
  actions.append(select('Period', periods, state.period, pick('period')))
  await fill(body, signal)
}

async function fill(body, signal) {
  const turn = ++state.turn
  body.setAttribute('aria-busy', 'true')
  try {
    const report = await ask(address({}))
    if (turn !== state.turn || signal.aborted) return
    say('')
    dropCharts()
    body.replaceChildren(
      report.upToDate
        ? ''
        : make('p', { class: 'soft' }, 'Older plays are still being counted; look again in a moment.'),
      make('h2', { class: 'hidden' }, 'Listening'),
      ...listening(report),
      ...library(report.library),
      ...(report.server ? server(report.server) : []),
    )
    for (const chart of state.charts) chart.draw()
  } finally {
    // An answer that was overtaken says nothing of the one that is awaited.
    if (turn === state.turn) {
      body.removeAttribute('aria-busy')
      document.documentElement.dataset.ready = String(turn)
    }
  }
}

const figure = (value, label) => make('div', { class: 'card number' }, make('b', {}, value), make('span', {}, label))

function card(title, table, width, ...content) {
  return make(
    'section',
    { class: `card ${width}` },
    make('div', { class: 'bar' }, make('h3', {}, title), table && download(table)),
    ...content,
  )
}

function download(table) {
  const save = async () => {
    const response = await request(address({ format: 'csv', table, limit: '100' }))
    const link = make('a', { href: URL.createObjectURL(await response.blob()), download: `insights-${table}.csv` })
    link.click()
    setTimeout(() => URL.revokeObjectURL(link.href), 1000)
  }
  return button('CSV', save, { class: 'plain', title: 'Download as a table' })
}

function listening({ listening: one, period }) {
  if (one.plays === 0)
    return [
      make('div', { class: 'numbers' }, figure('0', 'plays'), figure(number(one.neverPlayed), 'songs never played')),
      make('p', { class: 'soft' }, 'Nothing was played in this period.'),
    ]
  const { streaks, busiestDay, discovered, firstHeard, lastHeard } = one
  const long = one.byDay.length > 0 && (Date.parse(period.to) - Date.parse(period.from)) / 86_400_000 > 800
  const heard = (item) =>
    item
      ? `${item.name || 'A song that is gone'}${item.artist ? ` \u2013 ${item.artist}` : ''}, ${format.time(item.at)}`
      : '\u2013'
  return [
    make(
      'div',
      { class: 'numbers' },
      figure(number(one.plays), 'plays'),
      figure(length(one.minutes), 'listened'),
      figure(number(one.songs), 'songs'),
      figure(number(one.artists), 'artists'),
      figure(number(one.days), 'days with music'),
      figure(streaks.longest ? format.days(streaks.longest.days) : '\u2013', 'longest streak'),
    ),
    make(
      'div',
      { class: 'grid' },
      card('Plays', 'byDay', 'wide', long ? monthChart(one.byMonth) : dayChart(one.byDay, period)),
      card(
        'By hour',
        'byHour',
        '',
        barChart(
          one.byHour.map(({ plays }) => plays),
          (hour) => `${hour}`,
        ),
      ),
      card(
        'By weekday',
        'byWeekday',
        '',
        barChart(
          one.byWeekday.map(({ plays }) => plays),
          (day) => format.weekdays[day] ?? '',
        ),
      ),
      card('Week', '', 'wide', week(one.week)),
      card('Songs', 'topSongs', '', top(one.topSongs)),
      card('Albums', 'topAlbums', '', top(one.topAlbums)),
      card('Artists', 'topArtists', '', top(one.topArtists)),
      card('Genres', 'topGenres', '', top(one.topGenres)),
      card(
        'In review',
        '',
        'wide',
        list([
          ['Busiest day', busiestDay ? `${format.day(busiestDay.day)}, ${number(busiestDay.plays)} plays` : '\u2013'],
          ['Current streak', streaks.current ? format.days(streaks.current.days) : 'none'],
          [
            'Heard for the first time',
            `${number(discovered.songs)} songs, ${number(discovered.albums)} albums, ${number(discovered.artists)} artists`,
          ],
          ['First heard', heard(firstHeard)],
          ['Last heard', heard(lastHeard)],
          ['Songs never played', number(one.neverPlayed)],
        ]),
      ),
    ),
  ]
}

function library(one) {
  return [
    make('h2', {}, 'Library'),
    make(
      'div',
      { class: 'numbers' },
      figure(number(one.songs), 'songs'),
      figure(number(one.albums), 'albums'),
      figure(number(one.artists), 'artists'),
      figure(length(one.durationMs / 60_000), 'of music'),
      figure(bytes(one.bytes), 'on disk'),
    ),
    make(
      'div',
      { class: 'grid' },
      card(
        'Growth',
        'growth',
        'wide',
        barChart(
          one.growth.map(({ songs }) => songs),
          (index) => format.month(one.growth[index].month),
        ),
      ),
      card(
        'Formats',
        'formats',
        'third',
        top(one.formats.map(({ suffix, songs }) => ({ name: suffix, plays: songs }))),
      ),
      card(
        'Decades',
        'decades',
        'third',
        top(one.decades.map(({ decade, songs }) => ({ name: decade ? `${decade}s` : 'No year', plays: songs }))),
      ),
      card(
        'Bit rates',
        'bitRates',
        'third',
        top(
          one.bitRates.map(({ from, songs }) => ({
            name: from ? `from ${from} kbit/s` : 'below 128 kbit/s',
            plays: songs,
          })),
        ),
      ),
      card('Genres', 'genres', '', top(one.genres.slice(0, 12).map(({ name, songs }) => ({ name, plays: songs })))),
      card(
        'To tidy up',
        'duplicates',
        '',
        list([
          [
            'Duplicates',
            one.duplicates.groups === 0
              ? '0'
              : `${number(one.duplicates.songs)} songs in ${number(one.duplicates.groups)} groups`,
          ],
          ['Without artist and album', number(one.untagged)],
          ['Without genre', number(one.withoutGenre)],
          ['Without year', number(one.withoutYear)],
          ['Songs without cover', number(one.withoutCover)],
          ['Albums without cover', number(one.albumsWithoutCover)],
          ['Missing files', one.missing === null ? '\u2013' : number(one.missing)],
        ]),
      ),
    ),
  ]
}

function server(one) {
  const { transcoding, scan } = one
  return [
    make('h2', {}, 'Server'),
    make(
      'div',
      { class: 'grid' },
      card(
        `Tonearm ${one.version}`,
        '',
        '',
        list([
          ['Up for', length(one.uptimeSeconds / 60)],
          ['Memory', bytes(one.memory.rss)],
          ['Database', bytes(one.database.bytes + one.database.walBytes)],
          ['Last scan', scan.scanning ? 'running' : scan.lastScanAt ? format.time(scan.lastScanAt) : 'never'],
          ['Streams', number(one.streams)],
          ['Transcoding', transcoding ? `${transcoding.running} running, ${transcoding.waiting} waiting` : 'off'],
          [
            'Transcode cache',
            transcoding ? `${bytes(transcoding.cacheBytes)}, ${transcoding.cachedSongs} songs` : '\u2013',
          ],
          ['Requests', number(one.requests.total)],
        ]),
      ),
      card('Clients', '', '', top(one.clients.slice(0, 12).map(({ name, requests }) => ({ name, plays: requests })))),
    ),
  ]
}

function list(rows) {
  return make('dl', {}, ...rows.flatMap(([name, value]) => [make('dt', {}, name), make('dd', {}, value)]))
}

function top(items) {
  if (items.length === 0) return make('p', { class: 'soft' }, 'Nothing yet.')
  const most = Math.max(...items.map(({ plays }) => plays), 1)
  return make(
    'ol',
    { class: 'top' },
    ...items
      .slice(0, 12)
      .map(({ name, artist, plays }) =>
        make(
          'li',
          { '--part': `${(plays / most) * 100}%`, title: artist ? `${name} \u2013 ${artist}` : name },
          make('span', { class: 'name' }, name, artist ? make('small', {}, artist) : undefined),
          make('span', { class: 'count' }, number(plays)),
        ),
      ),
  )
}

function week(rows) {
  const most = Math.max(...rows.flat(), 1)
  const grid = make('div', { class: 'week', role: 'img', 'aria-label': 'Plays by weekday and hour' }, make('span'))
  for (let hour = 0; hour < 24; hour++) grid.append(make('span', { class: 'hour' }, hour % 6 === 0 ? `${hour}h` : ''))
  for (const [day, row] of rows.entries()) {
    grid.append(make('span', {}, format.weekdays[day] ?? ''))
    for (const [hour, plays] of row.entries())
      grid.append(
        make('i', {
          '--part': `${(plays / most) * 100}%`,
          title: `${format.weekdays[day]} ${hour}:00, ${plays} plays`,
        }),
      )
  }
  return grid
}

// ---- charts ----

/** Draws when it stands in the page, and anew when its width or the colours change. */
function chart(height, options, data) {
  const place = make('div')
  let plot
  const draw = () => {
    plot?.destroy()
    const axis = {
      stroke: colorOf('--soft'),
      grid: { stroke: colorOf('--line'), width: 1 },
      ticks: { show: false },
      font: '12px system-ui',
    }
    const { x = {}, series, ...rest } = options()
    plot = new uPlot(
      {
        width: Math.max(place.clientWidth, 100),
        height,
        cursor: { drag: { x: false, y: false } },
        legend: { show: false },
        axes: [
          { ...axis, grid: { show: false }, ...x },
          {
            ...axis,
            size: 44,
            values: (_, values) => values.map((value) => (Number.isInteger(value) ? number(value) : '')),
          },
        ],
        series: [{}, series],
        ...rest,
      },
      data,
      place,
    )
  }
  let width = 0
  const observer = new ResizeObserver(() => {
    if (plot && place.clientWidth !== width) {
      width = place.clientWidth
      plot.setSize({ width: Math.max(width, 100), height })
    }
  })
  observer.observe(place)
  state.charts.push({
    draw,
    drop: () => {
      observer.disconnect()
      plot?.destroy()
    },
  })
  return place
}

function dropCharts() {
  for (const { drop } of state.charts) drop()
  state.charts = []
}

const bars = () => ({
  stroke: colorOf('--accent'),
  fill: colorOf('--accent'),
  paths: uPlot.paths.bars({ size: [0.7, 60], radius: 0.15 }),
  points: { show: false },
})

const fromZero = { y: { range: (_, __, most) => [0, Math.max(most * 1.05, 1)] } }

function dayChart(days, period) {
  const plays = new Map(days.map(({ day, plays: count }) => [day, count]))
  const begin = Date.parse(`${localDate(period.from)}T00:00:00Z`)
  const end = Math.min(Date.parse(`${localDate(Date.parse(period.to) - 1)}T00:00:00Z`), Date.now() + 86_400_000)
  const dayName = new Intl.DateTimeFormat(undefined, {
    timeZone: 'UTC',
    day: 'numeric',
    month: 'short',
    ...(end - begin > 366 * 86_400_000 ? { year: 'numeric' } : {}),
  })
  const xs = []
  const ys = []
  for (let at = begin; at <= end; at += 86_400_000) {
    xs.push(at / 1000)
    ys.push(plays.get(new Date(at).toISOString().slice(0, 10)) ?? 0)
  }
  return chart(
    220,
    () => ({
      // Days are dates without a zone: they are drawn as UTC reads them.
      tzDate: (at) => uPlot.tzDate(new Date(at * 1000), 'Etc/UTC'),
      // Half a day at each end, so that the first and the last bar are whole.
      scales: { x: { time: true, range: (_, least, most) => [least - 43_200, most + 43_200] }, ...fromZero },
      x: {
        size: 28,
        space: xs.length > 366 ? 100 : 64,
        incrs: [1, 2, 4, 7, 14, 28, 61, 92, 183, 365, 730].map((count) => count * 86_400),
        values: (_, splits) => splits.map((at) => dayName.format(new Date(at * 1000))),
      },
      series:
        xs.length > 120
          ? { stroke: colorOf('--accent'), fill: colorOf('--accent-soft'), width: 1.5, points: { show: false } }
          : bars(),
    }),
    [xs, ys],
  )
}

function monthChart(months) {
  return barChart(
    months.map(({ plays }) => plays),
    (index) => format.month(months[index].month),
  )
}

function barChart(values, label) {
  return chart(
    190,
    () => ({
      scales: { x: { time: false, range: [-0.6, values.length - 0.4] }, ...fromZero },
      x: {
        // One line of names; the time above has two, months and years.
        size: 28,
        splits: () => Array.from({ length: values.length }, (_, index) => index),
        values: (plot, splits) => {
          const room = Math.max(1, Math.ceil((splits.length * 54) / Math.max(plot.width - 60, 1)))
          const short = String(label(0)).length < 4 ? Math.max(1, Math.ceil(room / 2)) : room
          return splits.map((index) => (index % short === 0 ? label(index) : ''))
        },
      },
      series: bars(),
    }),
    [values.map((_, index) => index), values],
  )
}

const localDate = (at) => new Intl.DateTimeFormat('sv-SE', { timeZone: zone }).format(new Date(at))
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => {
  for (const { draw } of state.charts) draw()
})

void openPage({ title: 'Insights', show })
