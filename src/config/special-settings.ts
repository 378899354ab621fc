import type { TSchema } from 'typebox'
import { isNetwork } from '../base/address.ts'
import { cronTimes, type Schedule } from '../base/schedule.ts'
import { type Details, listOf, ONE_OR_MORE, parseJson, type Setting, setting, splitList } from './setting.ts'
import { parseDuration } from './units.ts'

const TEXT_OR_ZERO = { anyOf: [{ type: 'string' }, { const: 0 }] } as unknown as TSchema

export function schedule(initial: string, details: Details): Setting<Schedule> {
  return setting(
    {
      schema: TEXT_OR_ZERO,
      initial,
      expected: 'a cron pattern such as "0 3 * * *" (03:00 every day), "@daily", "6h" or "@every 6h", or "off"',
      convert: (value: string | number) => parseSchedule(String(value).trim()),
    },
    details,
  )
}

function parseSchedule(text: string): Schedule | undefined {
  if (text === '' || text === '0' || text === 'off') return { kind: 'off' }
  // Navidrome's own examples say just `1h`.
  const ms = parseDuration(text.replace(/^@every /, ''))
  if (ms !== undefined || text.startsWith('@every '))
    return ms === undefined || ms < MIN_EVERY_MS ? undefined : { kind: 'every', ms }
  try {
    cronTimes(text)
    return { kind: 'cron', pattern: text }
  } catch {
    return undefined
  }
}

const MIN_EVERY_MS = 60_000

/** File permissions in octal. YAML reads a bare `0660` as the number 660. */
export function fileMode(initial: string, details: Details): Setting<number> {
  return setting(
    {
      schema: { anyOf: [{ type: 'string' }, { type: 'integer' }] } as unknown as TSchema,
      initial,
      expected: 'permissions in octal such as "0660"',
      convert: (value: string | number) =>
        /^0?o?[0-7]{3,4}$/.test(String(value)) ? Number.parseInt(String(value).replace('o', ''), 8) : undefined,
    },
    details,
  )
}

/** '' or `/path` without an end slash, or `https://host/path`. */
export function baseUrl(details: Details): Setting<{ readonly origin: string; readonly path: string }> {
  return setting(
    {
      schema: { type: 'string' } as TSchema,
      initial: '',
      expected: 'a path such as /music, or an address such as https://home.example.org/music',
      convert: parseBaseUrl,
    },
    details,
  )
}

function parseBaseUrl(text: string): { origin: string; path: string } | undefined {
  const absolute = /^https?:\/\//i.test(text)
  if (!absolute && text !== '' && !text.startsWith('/')) return undefined
  if (!URL.canParse(text, 'http://localhost')) return undefined
  const url = new URL(text, 'http://localhost')
  if (url.search || url.hash || url.username) return undefined
  return { origin: absolute ? url.origin : '', path: url.pathname.replace(/\/+$/, '').replace(/\/{2,}/g, '/') }
}

/** A whole address for links, without a slash at the end; '' stays ''. */
export function publicUrl(details: Details): Setting<string> {
  return setting(
    {
      schema: { type: 'string' } as TSchema,
      initial: '',
      expected: 'an address such as https://music.example.org or https://example.org/music',
      convert: (text: string) => {
        const parsed = text === '' ? { origin: '', path: '' } : parseBaseUrl(text)
        return parsed && (text === '' || parsed.origin !== '') ? parsed.origin + parsed.path : undefined
      },
    },
    details,
  )
}

/** Addresses and networks (`10.0.0.0/8`, `::1`), and `unix` for clients of a Unix socket. */
export function networks(
  initial: readonly string[],
  details: Details,
  { unix = true }: { readonly unix?: boolean } = {},
): Setting<readonly string[]> {
  return setting(
    {
      schema: ONE_OR_MORE,
      initial,
      expected: `a list of addresses or networks such as 127.0.0.1, 10.0.0.0/8, fd00::/8${unix ? ' or unix' : ''}`,
      fromText: (value) => splitList(value, ','),
      convert: (given: string | readonly string[]) => {
        const values = listOf(given)
        return values?.every((one) => (unix && one === 'unix') || isNetwork(one)) ? values : undefined
      },
    },
    details,
  )
}

/** A change to a transcoding profile, or a new one; what is absent stays as it was. */
export interface ProfileChange {
  readonly name: string
  readonly enabled?: boolean
  /** kbit/s */
  readonly bitRate?: number
  readonly suffix?: string
  readonly contentType?: string
  readonly encoder?: string
  readonly arguments?: readonly string[]
}

const PROFILES = {
  type: 'array',
  items: {
    type: 'object',
    required: ['name'],
    additionalProperties: false,
    properties: {
      name: { type: 'string', pattern: '^[A-Za-z0-9]{1,16}$' },
      enabled: { type: 'boolean' },
      bitRate: { type: 'integer', minimum: 8, maximum: 10_000 },
      suffix: { type: 'string', pattern: '^[a-z0-9]{1,8}$' },
      contentType: { type: 'string', pattern: '^[a-z]+/[A-Za-z0-9.+-]+$' },
      encoder: { type: 'string', minLength: 1 },
      arguments: { type: 'array', items: { type: 'string' } },
    },
  },
} as unknown as TSchema

export function profileList(details: Details): Setting<readonly ProfileChange[]> {
  return setting(
    {
      schema: PROFILES,
      initial: [],
      expected: 'a list of {name, enabled, bitRate, suffix, contentType, encoder, arguments} with a name each',
      fromText: parseJson,
      convert: (value: readonly ProfileChange[]) => value,
    },
    details,
  )
}
