{
  const app = document.getElementById('app')
  const TOKEN = 'tonearm-insights'
  const PERIODS = [
    ['7d', 'Last 7 days'],
    ['30d', 'Last 30 days'],
    ['90d', 'Last 90 days'],
    ['365d', 'Last 365 days'],
    ['month', 'This month'],
    ['year', 'This year'],
  ]
  const WEEKDAYS = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun']
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone
  const number = new Intl.NumberFormat()
  const state = { period: '30d', user: '', login: read(), charts: [], turn: 0 }

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
      else if (name.startsWith('--')) element.style.setProperty(name, value)
      else element.setAttribute(name, value)
    }
    element.append(...children.filter((child) => child !== undefined && child !== null))
    return element
  }

  async function ask(path) {
    const response = await fetch(path, { headers: { 'x-nd-authorization': `Bearer ${state.login?.token}` } })
    const renewed = response.headers.get('x-nd-authorization')
    if (renewed && state.login) keep({ ...state.login, token: renewed })
    if (response.status === 401) {
      keep(null)
      showLogin('Please log in again.')
      throw new Error('logged out')
    }
    if (!response.ok) {
      const body = await response.json().catch(() => ({}))
      throw new Error(body.error ?? `The server answered ${response.status}.`)
    }
    return response
  }

  function address(extra) {
    const query = new URLSearchParams({ period: state.period, tz: zone, ...extra })
    if (state.user) query.set('user', state.user)
    return `api/insights/report?${query}`
  }

  function showLogin(problem = '') {
    dropCharts()
    const name = make('input', { name: 'username', autocomplete: 'username', required: '', autofocus: '' })
    const password = make('input', {
      name: 'password',
      type: 'password',
      autocomplete: 'current-password',
      required: '',
    })
    const message = make('div', { class: 'error', role: 'alert' }, problem)
    const form = make(
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
      make('h1', {}, 'Insights'),
      make('label', {}, 'User', name),
      make('label', {}, 'Password', password),
      message,
      make('button', { class: 'main' }, 'Log in'),
    )
    app.replaceChildren(form)
    name.focus()
  }

  function picker(label, options, value, change) {
    const select = make('select', { 'aria-label': label, onchange: () => change(select.value) })
    for (const [key, text] of options) select.append(make('option', { value: key }, text))
    select.value = value
    return select
  }

  async function showPage() {
    const thisYear = new Date().getFullYear()
    const years = Array.from({ length: 6 }, (_, index) => [String(thisYear - 1 - index), String(thisYear - 1 - index)])
    const users = state.login.isAdmin
      ? (await (await ask('api/insights/users')).json()).filter(({ id }) => id !== state.login.id)
      : []
    const reload = () => void fill(body)
    const body = make('div', { id: 'report' })
    app.replaceChildren(
      make(
        'header',
        {},
        make('h1', {}, 'Insights'),
        users.length > 0 || state.login.isAdmin
          ? picker(
              'Listener',
              [['', 'My listening'], ['all', 'All listeners'], ...users.map(({ id, name }) => [id, name])],
              state.user,
              (value) => {
                state.user = value
                reload()
              },
            )
          : undefined,
        picker('Period', [...PERIODS, ...years, ['all', 'All time']], state.period, (value) => {
          state.period = value
          reload()
        }),
        make(
          'button',
          {
            onclick: () => {
              keep(null)
              state.user = ''
              showLogin()
            },
          },
          'Log out',
        ),
      ),
      body,
    )
    await fill(body)
  }

  async function fill(body) {
    const turn = ++state.turn
    body.classList.add('busy')
    try {
      const report = await (await ask(address({}))).json()
      if (turn !== state.turn) return
      dropCharts()
      body.replaceChildren(
        report.upToDate
          ? ''
          : make('p', { class: 'note' }, 'Older plays are still being counted; look again in a moment.'),
        ...listening(report),
        ...library(report.library),
        ...(report.server ? server(report.server) : []),
      )
      for (const chart of state.charts) chart.draw()
    } catch (error) {
      if (state.login && turn === state.turn)
        body.replaceChildren(make('p', { class: 'error', role: 'alert' }, error.message))
    } finally {
      body.classList.remove('busy')
      document.documentElement.dataset.ready = String(turn)
    }
  }

  const figure = (value, label) => make('div', { class: 'number' }, make('b', {}, value), make('span', {}, label))

  function hours(minutes) {
    if (minutes < 120) return `${number.format(Math.round(minutes))} min`
    const all = minutes / 60
    return all < 96 ? `${number.format(Math.round(all))} h` : `${number.format(Math.round(all / 24))} days`
  }

  function bytes(value) {
    const units = ['B', 'kB', 'MB', 'GB', 'TB']
    let rest = value
    let unit = 0
    while (rest >= 1000 && unit < units.length - 1) {
      rest /= 1000
      unit++
    }
    return `${number.format(rest >= 100 || unit === 0 ? Math.round(rest) : Math.round(rest * 10) / 10)} ${units[unit]}`
  }

  function card(title, table, width, ...content) {
    return make(
      'section',
      { class: `card ${width}` },
      make('div', { class: 'title' }, make('h2', {}, title), table ? download(table) : undefined),
      ...content,
    )
  }

  function download(table) {
    const save = async () => {
      const response = await ask(address({ format: 'csv', table, limit: '100' }))
      const link = make('a', { href: URL.createObjectURL(await response.blob()), download: `insights-${table}.csv` })
      link.click()
      setTimeout(() => URL.revokeObjectURL(link.href), 1000)
    }
    return make('button', { class: 'plain', onclick: () => void save(), title: 'Download as a table' }, 'CSV')
  }

  function listening({ listening: one, period }) {
    if (one.plays === 0)
      return [
        make(
          'div',
          { class: 'numbers' },
          figure('0', 'plays'),
          figure(number.format(one.neverPlayed), 'songs never played'),
        ),
        make('p', { class: 'note' }, 'Nothing was played in this period.'),
      ]
    const { streaks, busiestDay, discovered, firstHeard, lastHeard } = one
    const long = one.byDay.length > 0 && (Date.parse(period.to) - Date.parse(period.from)) / 86_400_000 > 800
    const heard = (item) =>
      item
        ? `${item.name || 'A song that is gone'}${item.artist ? ` \u2013 ${item.artist}` : ''}, ${when(item.at)}`
        : '\u2013'
    return [
      make(
        'div',
        { class: 'numbers' },
        figure(number.format(one.plays), 'plays'),
        figure(hours(one.minutes), 'listened'),
        figure(number.format(one.songs), 'songs'),
        figure(number.format(one.artists), 'artists'),
        figure(number.format(one.days), 'days with music'),
        figure(streaks.longest ? `${streaks.longest.days} days` : '\u2013', 'longest streak'),
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
            (day) => WEEKDAYS[day] ?? '',
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
            [
              'Busiest day',
              busiestDay ? `${date(busiestDay.day)}, ${number.format(busiestDay.plays)} plays` : '\u2013',
            ],
            ['Current streak', streaks.current ? `${streaks.current.days} days` : 'none'],
            [
              'Heard for the first time',
              `${number.format(discovered.songs)} songs, ${number.format(discovered.albums)} albums, ${number.format(discovered.artists)} artists`,
            ],
            ['First heard', heard(firstHeard)],
            ['Last heard', heard(lastHeard)],
            ['Songs never played', number.format(one.neverPlayed)],
          ]),
        ),
      ),
    ]
  }

  function library(one) {
    return [
      make('div', { class: 'section' }, 'Library'),
      make(
        'div',
        { class: 'numbers' },
        figure(number.format(one.songs), 'songs'),
        figure(number.format(one.albums), 'albums'),
        figure(number.format(one.artists), 'artists'),
        figure(hours(one.durationMs / 60_000), 'of music'),
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
            (index) => one.growth[index]?.month ?? '',
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
                : `${number.format(one.duplicates.songs)} songs in ${number.format(one.duplicates.groups)} groups`,
            ],
            ['Without artist and album', number.format(one.untagged)],
            ['Without genre', number.format(one.withoutGenre)],
            ['Without year', number.format(one.withoutYear)],
            ['Songs without cover', number.format(one.withoutCover)],
            ['Albums without cover', number.format(one.albumsWithoutCover)],
            ['Missing files', one.missing === null ? '\u2013' : number.format(one.missing)],
          ]),
        ),
      ),
    ]
  }

  function server(one) {
    const { transcoding, scan } = one
    return [
      make('div', { class: 'section' }, 'Server'),
      make(
        'div',
        { class: 'grid' },
        card(
          `Tonearm ${one.version}`,
          '',
          '',
          list([
            ['Up for', hours(one.uptimeSeconds / 60)],
            ['Memory', bytes(one.memory.rss)],
            ['Database', bytes(one.database.bytes + one.database.walBytes)],
            ['Last scan', scan.scanning ? 'running' : scan.lastScanAt ? when(scan.lastScanAt) : 'never'],
            ['Streams', number.format(one.streams)],
            ['Transcoding', transcoding ? `${transcoding.running} running, ${transcoding.waiting} waiting` : 'off'],
            [
              'Transcode cache',
              transcoding ? `${bytes(transcoding.cacheBytes)}, ${transcoding.cachedSongs} songs` : '\u2013',
            ],
            ['Requests', number.format(one.requests.total)],
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
    if (items.length === 0) return make('p', { class: 'note' }, 'Nothing yet.')
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
            make('span', { class: 'count' }, number.format(plays)),
          ),
        ),
    )
  }

  function week(rows) {
    const most = Math.max(...rows.flat(), 1)
    const grid = make('div', { class: 'week', role: 'img', 'aria-label': 'Plays by weekday and hour' }, make('span'))
    for (let hour = 0; hour < 24; hour++) grid.append(make('span', { class: 'hour' }, hour % 6 === 0 ? `${hour}h` : ''))
    for (const [day, row] of rows.entries()) {
      grid.append(make('span', {}, WEEKDAYS[day] ?? ''))
      for (const [hour, plays] of row.entries())
        grid.append(
          make('i', { '--part': `${(plays / most) * 100}%`, title: `${WEEKDAYS[day]} ${hour}:00, ${plays} plays` }),
        )
    }
    return grid
  }

  // ---- charts ----

  const color = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim()

  /** Draws when it stands in the page, and anew when its width or the colours change. */
  function chart(height, options, data) {
    const place = make('div')
    let plot
    const draw = () => {
      plot?.destroy()
      const axis = {
        stroke: color('--soft'),
        grid: { stroke: color('--line'), width: 1 },
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
              values: (_, values) => values.map((value) => (Number.isInteger(value) ? number.format(value) : '')),
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
    stroke: color('--mark'),
    fill: color('--mark'),
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
            ? { stroke: color('--mark'), fill: color('--mark-soft'), width: 1.5, points: { show: false } }
            : bars(),
      }),
      [xs, ys],
    )
  }

  function monthChart(months) {
    return barChart(
      months.map(({ plays }) => plays),
      (index) => months[index]?.month ?? '',
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
  const date = (day) =>
    new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeZone: 'UTC' }).format(new Date(`${day}T00:00:00Z`))
  const when = (at) =>
    new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' }).format(new Date(at))

  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => {
    for (const { draw } of state.charts) draw()
  })

  if (state.login) showPage().catch((error) => state.login && showLogin(error.message))
  else showLogin()
}
