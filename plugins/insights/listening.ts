import type { NamedItem, PluginDatabase, Statistics } from 'tonearm/plugin'
import { publicIdOf } from 'tonearm/plugin'
import { addTally, KINDS, type Kind, readDay, readTallies, SONG, type Tallies } from './packed.ts'
import type { Period } from './period.ts'
import { monthOf, monthStart } from './roll-up.ts'
import { DAY_MS, dateText, type Zone } from './zones.ts'

export interface ListeningQuery {
  /** Row id, or EVERYBODY. */
  readonly userId: number
  readonly libraries: readonly number[]
  readonly period: Period
  /** Items in each list of the most heard. */
  readonly limit: number
  /** Names are as this user sees them; public id. */
  readonly as: string
  readonly now: number
}

export interface Count {
  readonly plays: number
  readonly minutes: number
}

export interface TopItem extends NamedItem, Count {
  /** Ever, not only in the period. */
  readonly firstHeard: string
  readonly lastHeard: string
}

export interface Heard {
  readonly at: string
  /** '' = nothing that can be named. */
  readonly id: string
  readonly name: string
  readonly artist: string
}

export interface Listening extends Count {
  readonly days: number
  readonly songs: number
  readonly albums: number
  readonly artists: number
  readonly genres: number
  /** Heard for the first time ever in this period. */
  readonly discovered: { readonly songs: number; readonly albums: number; readonly artists: number }
  readonly byHour: readonly (Count & { readonly hour: number })[]
  /** 1 = Monday, as ISO 8601 counts. */
  readonly byWeekday: readonly (Count & { readonly weekday: number })[]
  /** Plays, a row for each weekday from Monday, a column for each hour. */
  readonly week: readonly (readonly number[])[]
  readonly byMonth: readonly (Count & { readonly month: string })[]
  readonly byDay: readonly (Count & { readonly day: string })[]
  /** Days in a row; `current` counts up to today or yesterday. */
  readonly streaks: { readonly longest: Streak | undefined; readonly current: Streak | undefined }
  readonly busiestDay: (Count & { readonly day: string }) | undefined
  readonly firstHeard: Heard | undefined
  readonly lastHeard: Heard | undefined
  readonly topSongs: readonly TopItem[]
  readonly topAlbums: readonly TopItem[]
  readonly topArtists: readonly TopItem[]
  readonly topGenres: readonly TopItem[]
}

export interface Streak {
  readonly days: number
  readonly from: string
  readonly to: string
}

const QUARTER_MS = 900_000
const NAMES_A_CALL = 200
const LIBRARIES = 'library_id IN (SELECT value FROM json_each(?))'

/** All from roll-ups: of a year about 365 short rows by hour, 12 months, and the days at its ends. */
export async function listeningOf(
  parts: { readonly db: PluginDatabase; readonly statistics: Statistics },
  query: ListeningQuery,
): Promise<Listening> {
  const { db } = parts
  const { period } = query
  const clock = await clockFigures(db, query)
  const items = await itemFigures(db, query)
  const top = (kind: Kind) => topItems(parts, query, kind, items[kind] as Tallies)
  const { days } = clock
  return {
    plays: clock.plays,
    minutes: minutes(clock.ms),
    days: days.size,
    songs: items[0].size,
    albums: items[1].size,
    artists: items[2].size,
    genres: items[3].size,
    discovered: await discovered(db, query),
    byHour: clock.hours.map((count, hour) => ({ hour, ...counted(count) })),
    byWeekday: clock.weekdays.map((count, index) => ({ weekday: index + 1, ...counted(count) })),
    week: clock.week,
    byMonth: byMonth(days),
    byDay: [...days].sort(([a], [b]) => a - b).map(([day, count]) => ({ day: dateText(day), ...counted(count) })),
    streaks: streaksOf([...days.keys()], period.zone.dayOf(query.now)),
    busiestDay: busiest(days),
    firstHeard: await heardAt(parts, query, clock.firstDay, 'first'),
    lastHeard: await heardAt(parts, query, clock.lastDay, 'last'),
    topSongs: await top(0),
    topAlbums: await top(1),
    topArtists: await top(2),
    topGenres: await top(3),
  }
}

async function clockFigures(db: PluginDatabase, { userId, libraries, period }: ListeningQuery) {
  const { zone, from, to } = period
  const hours = Array.from({ length: 24 }, () => ({ plays: 0, ms: 0 }))
  const weekdays = Array.from({ length: 7 }, () => ({ plays: 0, ms: 0 }))
  const week = Array.from({ length: 7 }, () => new Array<number>(24).fill(0))
  const days: Tallies = new Map()
  const sum = { plays: 0, ms: 0 }
  let firstDay: number | undefined
  let lastDay: number | undefined
  const rows = await db.all<{ day: number; data: Uint8Array }>(
    `SELECT day, data FROM insights_hours WHERE user_id = ? AND day BETWEEN ? AND ? AND ${LIBRARIES} ORDER BY day`,
    [userId, Math.floor(from / DAY_MS), Math.floor((to - 1) / DAY_MS), JSON.stringify(libraries)],
  )
  for (const { day, data } of rows) {
    readTallies(data, (quarter, plays, ms) => {
      const at = day * DAY_MS + quarter * QUARTER_MS
      if (at < from || at >= to) return
      const local = at + zone.offset(at)
      const localDay = Math.floor(local / DAY_MS)
      const hour = Math.floor((local - localDay * DAY_MS) / 3_600_000)
      const weekday = (((localDay + 3) % 7) + 7) % 7
      add(hours[hour], plays, ms)
      add(weekdays[weekday], plays, ms)
      const line = week[weekday]
      if (line) line[hour] = (line[hour] ?? 0) + plays
      add(sum, plays, ms)
      addTally(days, localDay, plays, ms)
      firstDay ??= day
      lastDay = day
    })
  }
  return { ...sum, hours, weekdays, week, days, firstDay, lastDay }
}

/** Plays by item, a map for each kind: whole months from their rows, the rest from days. */
async function itemFigures(
  db: PluginDatabase,
  { userId, libraries, period: { from, to } }: ListeningQuery,
): Promise<readonly [Tallies, Tallies, Tallies, Tallies]> {
  const found: readonly [Tallies, Tallies, Tallies, Tallies] = [new Map(), new Map(), new Map(), new Map()]
  const listed = JSON.stringify(libraries)
  const ofDays = async (begin: number, end: number) => {
    if (begin >= end) return
    const rows = await db.all<{ day: number; data: Uint8Array }>(
      `SELECT day, data FROM insights_day WHERE user_id = ? AND day BETWEEN ? AND ? AND ${LIBRARIES}`,
      [userId, Math.floor(begin / DAY_MS), Math.floor((end - 1) / DAY_MS), listed],
    )
    for (const { day, data } of rows)
      readDay(data, ({ kind, item, second, plays, ms }) => {
        const at = day * DAY_MS + second * 1000
        if (at >= begin && at < end) addTally(found[kind], item, plays, ms)
      })
  }
  const first = monthStart(monthOf(from)) === from ? monthOf(from) : monthOf(from) + 1
  const last = monthOf(to)
  if (first >= last) {
    await ofDays(from, to)
    return found
  }
  await ofDays(from, monthStart(first))
  await ofDays(monthStart(last), to)
  const rows = await db.all<{ data: Uint8Array }>(
    `SELECT data FROM insights_month WHERE user_id = ? AND month BETWEEN ? AND ? AND ${LIBRARIES}`,
    [userId, first, last - 1, listed],
  )
  for (const { data } of rows)
    readTallies(data, (key, plays, ms) => {
      const kind = (key % 4) as Kind
      addTally(found[kind], (key - kind) / 4, plays, ms)
    })
  return found
}

async function topItems(
  { db, statistics }: { readonly db: PluginDatabase; readonly statistics: Statistics },
  { limit, as, userId, libraries }: ListeningQuery,
  kind: Kind,
  tallies: Tallies,
): Promise<readonly TopItem[]> {
  let ranked = mostHeard(tallies, limit)
  const named: { readonly key: number; readonly item: NamedItem }[] = []
  for (let at = 0; at < tallies.size && named.length < limit; ) {
    // The first of the longer list are the same.
    if (at >= ranked.length) ranked = mostHeard(tallies, tallies.size)
    const keys = ranked.slice(at, at + NAMES_A_CALL).map(([key]) => key)
    at += keys.length
    const byId = new Map(keys.map((key) => [publicId(kind, key), key]))
    // What has gone, or what this user may not see any more, has no name here.
    for (const item of await statistics.names(KINDS[kind], [...byId.keys()], as)) {
      const key = byId.get(item.id)
      if (key !== undefined && named.length < limit) named.push({ key, item })
    }
  }
  const rows = await db.all<{ item_id: number; first_at: number; last_at: number }>(
    `SELECT item_id, min(first_at) AS first_at, max(last_at) AS last_at FROM insights_item
     WHERE user_id = ? AND kind = ? AND item_id IN (SELECT value FROM json_each(?)) AND ${LIBRARIES} GROUP BY item_id`,
    [userId, kind, JSON.stringify(named.map(({ key }) => key)), JSON.stringify(libraries)],
  )
  const heard = new Map(rows.map((row) => [row.item_id, row]))
  return named.map(({ key, item }) => ({
    ...item,
    ...counted(tallies.get(key) ?? { plays: 0, ms: 0 }),
    firstHeard: isoTime(heard.get(key)?.first_at),
    lastHeard: isoTime(heard.get(key)?.last_at),
  }))
}

/** Sorted; of many items only those that can be among the first, some more for those without a name. */
function mostHeard(tallies: Tallies, limit: number): readonly (readonly [number, { plays: number; ms: number }])[] {
  const plays = Uint32Array.from(tallies.values(), (tally) => tally.plays).sort()
  const least = plays[plays.length - limit - NAMES_A_CALL] ?? 0
  return [...tallies]
    .filter(([, tally]) => tally.plays >= least)
    .sort(([a, x], [b, y]) => y.plays - x.plays || y.ms - x.ms || a - b)
}

async function discovered(db: PluginDatabase, { userId, libraries, period: { from, to } }: ListeningQuery) {
  const listed = JSON.stringify(libraries)
  const count = async (kind: Kind) => {
    const row = await db.get<{ n: number }>(
      `SELECT count(*) AS n FROM insights_item INDEXED BY insights_item_first
       WHERE user_id = ? AND kind = ? AND first_at >= ? AND first_at < ? AND ${LIBRARIES}`,
      [userId, kind, from, to, listed],
    )
    return row?.n ?? 0
  }
  // Artists are at home in several libraries: the first time in one of them counts.
  const artists = await db.get<{ n: number }>(
    `SELECT count(DISTINCT i.item_id) AS n FROM insights_item i INDEXED BY insights_item_first
     WHERE i.user_id = ?1 AND i.kind = 2 AND i.first_at >= ?2 AND i.first_at < ?3
       AND i.library_id IN (SELECT value FROM json_each(?4))
       AND NOT EXISTS (SELECT 1 FROM insights_item e WHERE e.user_id = ?1 AND e.kind = 2 AND e.item_id = i.item_id
         AND e.first_at < ?2 AND e.library_id IN (SELECT value FROM json_each(?4)))`,
    [userId, from, to, listed],
  )
  return { songs: await count(SONG), albums: await count(1), artists: artists?.n ?? 0 }
}

/** The very first or last play of the period, to the second. */
async function heardAt(
  { db, statistics }: { readonly db: PluginDatabase; readonly statistics: Statistics },
  { userId, libraries, period: { from, to }, as }: ListeningQuery,
  day: number | undefined,
  end: 'first' | 'last',
): Promise<Heard | undefined> {
  if (day === undefined) return undefined
  const rows = await db.all<{ data: Uint8Array }>(
    `SELECT data FROM insights_day WHERE user_id = ? AND day = ? AND ${LIBRARIES}`,
    [userId, day, JSON.stringify(libraries)],
  )
  let found: { readonly at: number; readonly item: number } | undefined
  for (const { data } of rows)
    readDay(data, ({ kind, item, second }) => {
      const at = day * DAY_MS + second * 1000
      if (kind !== SONG || at < from || at >= to) return
      if (!found || (end === 'first' ? at < found.at : at > found.at)) found = { at, item }
    })
  if (!found) return undefined
  const [named] = await statistics.names('song', [publicId(SONG, found.item)], as)
  return { at: isoTime(found.at), id: String(named?.id ?? ''), name: named?.name ?? '', artist: named?.artist ?? '' }
}

function byMonth(days: Tallies): readonly (Count & { readonly month: string })[] {
  const months = new Map<string, { plays: number; ms: number }>()
  for (const [day, { plays, ms }] of days) {
    const month = dateText(day).slice(0, 7)
    const sum = months.get(month) ?? { plays: 0, ms: 0 }
    add(sum, plays, ms)
    months.set(month, sum)
  }
  return [...months].sort(([a], [b]) => (a < b ? -1 : 1)).map(([month, count]) => ({ month, ...counted(count) }))
}

export function streaksOf(days: readonly number[], today: number): Listening['streaks'] {
  const sorted = [...days].sort((a, b) => a - b)
  let longest: readonly [number, number] | undefined
  let begin = 0
  for (const [index, day] of sorted.entries()) {
    if (index === 0 || day !== (sorted[index - 1] as number) + 1) begin = day
    if (!longest || day - begin > longest[1] - longest[0]) longest = [begin, day]
  }
  const last = sorted.at(-1)
  const current = last !== undefined && (last === today || last === today - 1) ? ([begin, last] as const) : undefined
  return { longest: longest && streak(longest), current: current && streak(current) }
}

function streak([from, to]: readonly [number, number]): Streak {
  return { days: to - from + 1, from: dateText(from), to: dateText(to) }
}

function busiest(days: Tallies): Listening['busiestDay'] {
  const [most] = [...days].sort(([a, x], [b, y]) => y.plays - x.plays || y.ms - x.ms || a - b)
  return most && { day: dateText(most[0]), ...counted(most[1]) }
}

function publicId(kind: Kind, key: number): string | number {
  return kind === 3 ? key : publicIdOf(KINDS[kind] as 'song' | 'album' | 'artist', key)
}

function add(sum: { plays: number; ms: number } | undefined, plays: number, ms: number): void {
  if (!sum) return
  sum.plays += plays
  sum.ms += ms
}

function counted({ plays, ms }: { readonly plays: number; readonly ms: number }): Count {
  return { plays, minutes: minutes(ms) }
}

function minutes(ms: number): number {
  return Math.round(ms / 6_000) / 10
}

export function isoTime(at: number | undefined): string {
  return at === undefined ? '' : new Date(at).toISOString()
}

/** Of songs that came, by local month. */
export function growthOf(
  added: readonly { readonly at: number; readonly songs: number; readonly bytes: number }[],
  zone: Zone,
): readonly { readonly month: string; readonly songs: number; readonly bytes: number; readonly total: number }[] {
  const months = new Map<string, { songs: number; bytes: number }>()
  for (const { at, songs, bytes } of added) {
    const month = dateText(zone.dayOf(at)).slice(0, 7)
    const sum = months.get(month) ?? { songs: 0, bytes: 0 }
    months.set(month, { songs: sum.songs + songs, bytes: sum.bytes + bytes })
  }
  let total = 0
  return [...months]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([month, sum]) => {
      total += sum.songs
      return { month, ...sum, total }
    })
}
