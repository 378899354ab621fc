import assert from 'node:assert/strict'
import { test } from 'node:test'
import { definePlugin } from 'tonearm/plugin'
import { createTestHost, type TestHost } from 'tonearm/plugin/testing'
import { type HistoryPlay, historyOf, listen } from './history.ts'

/** As the server loads it. */
const INSIGHTS = new URL('..', import.meta.url)
const FROM = Date.UTC(2023, 10, 20)
const NOW = Date.UTC(2025, 0, 15, 12)
const ALBUM: Readonly<Record<string, string>> = {
  One: 'First',
  Two: 'First',
  Jingle: 'First',
  Long: 'Second',
  Duet: 'Second',
}
const ARTISTS: Readonly<Record<string, readonly string[]>> = {
  One: ['Ann'],
  Two: ['Ann'],
  Jingle: ['Ann'],
  Long: ['Bob'],
  Duet: ['Bob', 'Ann'],
}
const WEEKDAYS = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun']

interface Wall {
  readonly day: string
  readonly hour: number
  readonly weekday: number
}

/** One play after the other, read off the wall by ICU. */
function wallOf(zone: string): (at: number) => Wall {
  const format = new Intl.DateTimeFormat('en-GB', {
    timeZone: zone,
    weekday: 'short',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    hourCycle: 'h23',
  })
  return (at) => {
    const parts = Object.fromEntries(format.formatToParts(at).map(({ type, value }) => [type, value]))
    const { year, month, day, hour, weekday = '' } = parts
    return { day: `${year}-${month}-${day}`, hour: Number(hour), weekday: WEEKDAYS.indexOf(weekday) + 1 }
  }
}

const tally = (keys: readonly (string | number)[]) => {
  const counts = new Map<string | number, number>()
  for (const key of keys) counts.set(key, (counts.get(key) ?? 0) + 1)
  return counts
}

const rounded = (plays: readonly HistoryPlay[], lengths: ReadonlyMap<string, number>) =>
  Math.round(plays.reduce((sum, { title }) => sum + (lengths.get(title) ?? 0), 0) / 6_000) / 10

/** The files' own lengths in ms by title, from another plugin. */
async function lengthsOf(host: TestHost): Promise<ReadonlyMap<string, number>> {
  const reader = definePlugin({
    name: 'lengths',
    apiVersion: '1.0',
    permissions: ['library:read', 'routes'],
    setup({ library, routes }) {
      routes.get('/', async ({ user }) => {
        const tracks = await library.tracks({}, user?.id ?? '')
        return { kind: 'json', body: tracks.map(({ title, durationMs }) => [title, durationMs]) }
      })
    },
  })
  await host.load(reader)
  const reply = await host.inject({ url: '/plugins/lengths', user: 'admin' })
  return new Map(reply.json() as [string, number][])
}

interface Counted {
  readonly plays: number
  readonly minutes: number
}
interface Listening extends Counted {
  readonly days: number
  readonly songs: number
  readonly byHour: readonly (Counted & { hour: number })[]
  readonly byWeekday: readonly (Counted & { weekday: number })[]
  readonly byDay: readonly (Counted & { day: string })[]
  readonly byMonth: readonly (Counted & { month: string })[]
  readonly streaks: { readonly longest?: { days: number; from: string; to: string } }
  readonly topSongs: readonly (Counted & { name: string; firstHeard: string; lastHeard: string })[]
  readonly topAlbums: readonly (Counted & { name: string })[]
  readonly topArtists: readonly (Counted & { name: string })[]
  readonly topGenres: readonly (Counted & { name: string })[]
  readonly firstHeard?: { at: string; name: string }
  readonly lastHeard?: { at: string; name: string }
  readonly neverPlayed: number
}

const named = (items: readonly (Counted & { name: string })[]) =>
  Object.fromEntries(items.map((item) => [item.name, item.plays]))

const HISTORY = historyOf({ plays: 2_000, from: FROM, to: NOW, users: ['alice', 'bob'] })

async function stage() {
  const host = await createTestHost({ users: ['alice', 'bob'], now: NOW })
  await listen(host, HISTORY)
  await host.load(INSIGHTS, { timeZone: 'Europe/Berlin' })
  const ask = async (user: string, query: string) => {
    for (;;) {
      const reply = await host.inject({ url: `/api/insights/report?parts=listening&${query}`, user })
      assert.equal(reply.status, 200, reply.body)
      const body = reply.json() as { readonly upToDate: boolean; readonly listening: Listening }
      if (body.upToDate) return body.listening
    }
  }
  return { host, ask }
}

test('every figure of 2,000 plays is what counting them one by one gives, in every time zone and over the leap day', async () => {
  const { host, ask } = await stage()
  await using _ = host
  const lengths = await lengthsOf(host)
  const periods: readonly (readonly [string, string, string])[] = [
    ['2024', '2024-01-01', '2024-12-31'],
    ['2024-02', '2024-02-01', '2024-02-29'],
    ['2024-02-29..2024-02-29', '2024-02-29', '2024-02-29'],
    ['2024-03-30..2024-04-02', '2024-03-30', '2024-04-02'],
    ['2024-10-26..2024-11-04', '2024-10-26', '2024-11-04'],
    ['2023-12-17..2024-11-09', '2023-12-17', '2024-11-09'],
    ['all', '1995-01-01', '2025-12-31'],
    ['365d', '2024-01-17', '2025-01-15'],
  ]
  for (const zone of [
    'Europe/Berlin',
    'UTC',
    'Asia/Kathmandu',
    'America/Los_Angeles',
    'Pacific/Chatham',
    'Pacific/Apia',
  ]) {
    const wall = wallOf(zone)
    for (const [period, first, last] of periods) {
      // Zones ahead of Greenwich are a day further.
      if (period === '365d' && wall(NOW).day !== '2025-01-15') continue
      for (const who of ['alice', 'all']) {
        const heard = HISTORY.map((play) => ({ ...play, ...wall(play.at) })).filter(
          ({ user, day }) => (who === 'all' || user === who) && day >= first && day <= last,
        )
        const asker = who === 'all' ? 'admin' : who
        const found = await ask(asker, `period=${period}&tz=${zone}${who === 'all' ? '&user=all' : ''}`)
        const where = `${who} ${period} ${zone}`
        assert.equal(found.plays, heard.length, where)
        assert.equal(found.minutes, rounded(heard, lengths), where)
        const days = tally(heard.map(({ day }) => day))
        assert.deepEqual(new Map(found.byDay.map(({ day, plays }) => [day, plays])), new Map([...days].sort()), where)
        assert.equal(found.days, days.size, where)
        const hours = tally(heard.map(({ hour }) => hour))
        for (const { hour, plays } of found.byHour) assert.equal(plays, hours.get(hour) ?? 0, `${where} ${hour}h`)
        const weekdays = tally(heard.map(({ weekday }) => weekday))
        for (const { weekday, plays } of found.byWeekday) assert.equal(plays, weekdays.get(weekday) ?? 0, where)
        const months = tally(heard.map(({ day }) => day.slice(0, 7)))
        assert.deepEqual(new Map(found.byMonth.map(({ month, plays }) => [month, plays])), new Map([...months].sort()))
        const songs = tally(heard.map(({ title }) => title))
        assert.equal(found.songs, songs.size, where)
        assert.deepEqual(named(found.topSongs), Object.fromEntries(songs), where)
        assert.deepEqual(
          named(found.topAlbums),
          Object.fromEntries(tally(heard.map(({ title }) => ALBUM[title] ?? ''))),
        )
        assert.deepEqual(
          named(found.topArtists),
          Object.fromEntries(tally(heard.flatMap(({ title }) => ARTISTS[title] ?? []))),
        )
        const order = found.topSongs.map(({ plays }) => plays)
        assert.deepEqual(
          order,
          [...order].sort((a, b) => b - a),
        )
        const times = heard.map(({ at }) => at).sort((a, b) => a - b)
        assert.equal(found.firstHeard?.at, times[0] && new Date(times[0]).toISOString(), where)
        assert.equal(found.lastHeard?.at, times.at(-1) && new Date(times.at(-1) as number).toISOString(), where)
      }
    }
  }
})

test('a day in a row counts over the end of February and over changes of the clock', async () => {
  await using host = await createTestHost({ now: Date.UTC(2024, 3, 3, 12) })
  const days = ['2024-02-27', '2024-02-28', '2024-02-29', '2024-03-01', '2024-03-30', '2024-03-31', '2024-04-01']
  await listen(
    host,
    days.map((day) => ({ user: 'alice', title: 'One', at: Date.parse(`${day}T23:30:00+01:00`) })),
  )
  await host.load(INSIGHTS, { timeZone: 'Europe/Berlin' })
  const reply = await host.inject({ url: '/api/insights/report?parts=listening&period=2024', user: 'alice' })
  const { listening } = reply.json() as { readonly listening: Listening }
  // Half past eleven in winter is half past midnight in summer: 31 March lasts 23 hours and its play counts for 1 April.
  assert.deepEqual(listening.streaks.longest, { days: 4, from: '2024-02-27', to: '2024-03-01' })
  assert.deepEqual(
    listening.byDay.map(({ day }) => day),
    ['2024-02-27', '2024-02-28', '2024-02-29', '2024-03-01', '2024-03-30', '2024-04-01', '2024-04-02'],
  )
  assert.equal(listening.neverPlayed, 4)
})

test('plays that come late count where they were heard, and none counts twice after a reload or two at once', async () => {
  await using host = await createTestHost({ now: NOW })
  const plugin = await host.load(INSIGHTS, { timeZone: 'UTC' })
  const plays = historyOf({ plays: 300, from: FROM, to: NOW, users: ['alice'] })
  const count = async () => {
    const reply = await host.inject({ url: '/api/insights/report?parts=listening&period=all', user: 'alice' })
    return (reply.json() as { readonly listening: Listening }).listening.plays
  }
  for (let at = 0; at < plays.length; at += 60) {
    await listen(host, plays.slice(at, at + 60))
    await Promise.all([count(), plugin.reload(), count(), count()])
    assert.equal(await count(), at + 60)
  }
  await host.assertNoLeaks('insights')
})

test('a play that a player reported counts like any other, once', async () => {
  await using host = await createTestHost({ now: NOW })
  await host.load(INSIGHTS)
  const mediaId = host.track('One')
  const report = (state: string, positionMs: number) =>
    host.subsonic('reportPlayback', { mediaId, mediaType: 'song', positionMs, state }, 'alice')
  await report('playing', 0)
  await host.clock.advance(120_000)
  await report('stopped', 120_000)
  await host.subsonic('scrobble', { id: mediaId }, 'alice')
  const reply = await host.inject({ url: '/api/insights/report?parts=listening&period=all', user: 'alice' })
  const { listening } = reply.json() as { readonly listening: Listening }
  assert.equal(listening.plays, 1)
})
