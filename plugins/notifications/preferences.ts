import type { PluginDatabase } from 'tonearm/plugin'
import { Refusal } from './refusal.ts'
import { LANGUAGES } from './texts/texts.ts'
import { defaultMode, isTopic, type Level, type Mode, PLACES, type Place, type TopicName } from './topics.ts'
import { minuteOfText, serverZone, type Zone, zoneOf } from './zones.ts'

/** What a user has chosen. What is not said takes the default of the topic. */
export interface Preferences {
  readonly language: string
  /** '' = the server's. */
  readonly timeZone: string
  /** By the user's clock; while they last nothing goes out. `errors`: but for what is an error. */
  readonly quiet: { readonly from: string; readonly to: string; readonly errors: boolean } | null
  readonly digest: { readonly every: 'hour' | 'day'; readonly at: string }
  readonly topics: { readonly [T in TopicName]?: { readonly [P in Place]?: Mode } }
}

const DEFAULTS: Preferences = {
  language: 'en',
  timeZone: '',
  quiet: null,
  digest: { every: 'day', at: '18:00' },
  topics: {},
}
const MODES: readonly Mode[] = ['on', 'off', 'digest']
/** Users whose choices are remembered. */
const MAX_KEPT = 1_000

export class PreferenceStore {
  readonly #db: PluginDatabase
  readonly #kept = new Map<number, Preferences>()

  constructor(db: PluginDatabase) {
    this.#db = db
  }

  async of(userId: number): Promise<Preferences> {
    const known = this.#kept.get(userId)
    if (known) return known
    const row = await this.#db.get<{ value: string }>('SELECT value FROM notifications_preference WHERE user_id = ?', [
      userId,
    ])
    const preferences = row ? { ...DEFAULTS, ...(JSON.parse(row.value) as Partial<Preferences>) } : DEFAULTS
    if (this.#kept.size >= MAX_KEPT) this.#kept.clear()
    this.#kept.set(userId, preferences)
    return preferences
  }

  /** Only what is named changes; a topic's places one by one. Rejects with a Refusal that names what is wrong. */
  async set(userId: number, input: unknown): Promise<Preferences> {
    const before = await this.of(userId)
    const changes = checked(input)
    const topics = { ...before.topics }
    for (const [topic, places] of Object.entries(changes.topics ?? {}) as [TopicName, Record<Place, Mode>][])
      topics[topic] = { ...topics[topic], ...places }
    const after: Preferences = { ...before, ...changes, topics }
    await this.#db.run(
      'INSERT INTO notifications_preference (user_id, value) VALUES (?, ?) ON CONFLICT (user_id) DO UPDATE SET value = excluded.value',
      [userId, JSON.stringify(after)],
    )
    this.#kept.set(userId, after)
    return after
  }

  forget(userId: number): void {
    this.#kept.delete(userId)
  }
}

export function modeOf(preferences: Preferences, topic: TopicName, place: Place): Mode {
  return preferences.topics[topic]?.[place] ?? defaultMode(topic, place)
}

const zones = new Map<string, Zone>()

export function zoneFor({ timeZone }: Preferences): Zone {
  const name = timeZone || serverZone()
  const zone = zones.get(name) ?? zoneOf(name) ?? (zoneOf('UTC') as Zone)
  if (zones.size > 100) zones.clear()
  zones.set(name, zone)
  return zone
}

/** The moment from which something may go out: `at` itself, or the end of the quiet hours in which it lies. */
export function afterQuiet(preferences: Preferences, level: Level, at: number): number {
  const { quiet } = preferences
  if (!quiet || (quiet.errors && level === 'error')) return at
  const from = minuteOfText(quiet.from) ?? 0
  const to = minuteOfText(quiet.to) ?? 0
  const zone = zoneFor(preferences)
  const now = zone.minuteOf(at)
  const isQuiet = from <= to ? now >= from && now < to : now >= from || now < to
  return isQuiet ? zone.next(at, to) : at
}

/** When the digest goes out that takes what happens at `at`. */
export function nextDigest(preferences: Preferences, at: number): number {
  const { every, at: time } = preferences.digest
  const minute = minuteOfText(time) ?? 0
  const zone = zoneFor(preferences)
  if (every === 'day') return zone.next(at, minute)
  const now = zone.minuteOf(at)
  return zone.next(at, (Math.floor(now / 60) * 60 + 60) % 1_440)
}

function checked(input: unknown): Partial<Preferences> {
  const object = objectOf(input, 'preferences')
  const changes: Record<string, unknown> = {}
  for (const [key, value] of Object.entries(object)) {
    if (key === 'language') changes[key] = oneOf(value, Object.keys(LANGUAGES), key)
    else if (key === 'timeZone') changes[key] = timeZoneOf(value)
    else if (key === 'quiet') changes[key] = value === null ? null : quietOf(objectOf(value, key))
    else if (key === 'digest') changes[key] = digestOf(objectOf(value, key))
    else if (key === 'topics') changes[key] = topicsOf(objectOf(value, key))
    else throw new Refusal(400, `There is no preference '${key}': language, timeZone, quiet, digest and topics are.`)
  }
  return changes
}

function timeZoneOf(value: unknown): string {
  if (value === '') return ''
  if (typeof value === 'string' && value.length < 100 && zoneOf(value)) return value
  throw new Refusal(400, 'timeZone must be a time zone, such as Europe/Berlin, or empty for the server\u2019s.')
}

function quietOf(value: Readonly<Record<string, unknown>>): Preferences['quiet'] {
  const { from, to, errors = false } = value
  if (typeof errors !== 'boolean') throw new Refusal(400, 'quiet.errors must be true or false.')
  return { from: timeOf(from, 'quiet.from'), to: timeOf(to, 'quiet.to'), errors }
}

function digestOf(value: Readonly<Record<string, unknown>>): Preferences['digest'] {
  const { every = 'day', at = DEFAULTS.digest.at } = value
  return { every: oneOf(every, ['hour', 'day'], 'digest.every') as 'hour' | 'day', at: timeOf(at, 'digest.at') }
}

function topicsOf(value: Readonly<Record<string, unknown>>): Preferences['topics'] {
  const topics: Record<string, Record<string, Mode>> = {}
  for (const [topic, places] of Object.entries(value)) {
    if (!isTopic(topic)) throw new Refusal(400, `There is no topic '${topic}'.`)
    const modes: Record<string, Mode> = {}
    for (const [place, mode] of Object.entries(objectOf(places, `topics.${topic}`))) {
      oneOf(place, PLACES, `a place of topics.${topic}`)
      const wanted = oneOf(mode, MODES, `topics.${topic}.${place}`) as Mode
      if (place === 'app' && wanted === 'digest')
        throw new Refusal(400, `topics.${topic}.app is on or off: the list in the app needs no digest.`)
      modes[place] = wanted
    }
    topics[topic] = modes
  }
  return topics
}

function timeOf(value: unknown, name: string): string {
  if (typeof value === 'string' && minuteOfText(value) !== undefined) return value
  throw new Refusal(400, `${name} must be a time of day, such as 22:30.`)
}

function oneOf(value: unknown, allowed: readonly string[], name: string): string {
  if (typeof value === 'string' && allowed.includes(value)) return value
  throw new Refusal(400, `${name} must be one of ${allowed.join(', ')}.`)
}

export function objectOf(value: unknown, name: string): Readonly<Record<string, unknown>> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>
  throw new Refusal(400, `${name} must be an object.`)
}
