import { AppError } from '../base/errors.ts'
import {
  type ClientWishes,
  COMPARISONS,
  type CodecProfile,
  type DirectPlayProfile,
  LIMITED,
  type Limitation,
  type TranscodingProfile,
} from '../media/negotiate/client-wishes.ts'

type Fields = Readonly<Record<string, unknown>>

const PROTOCOLS = ['http', 'hls', '*', ''] as const
const PROFILE_TYPES = ['AudioCodec'] as const
/** Of a list, and characters of a text: far more than any player has. */
const MAX_ITEMS = 1000
const MAX_TEXT = 1000

/**
 * The `ClientInfo` of a body. What is not there says nothing, what nobody knows is passed over; what is there must have
 * the right type. BAD_REQUEST names the member that has not.
 */
export function readClientInfo(body: Uint8Array): ClientWishes {
  const info = fields(parsed(body), 'The body')
  for (const name of ['name', 'platform']) text(info, name, '')
  return {
    maxAudioBitrate: count(info, 'maxAudioBitrate', ''),
    maxTranscodingAudioBitrate: count(info, 'maxTranscodingAudioBitrate', ''),
    directPlayProfiles: list(info, 'directPlayProfiles', '', directPlayProfile),
    transcodingProfiles: list(info, 'transcodingProfiles', '', transcodingProfile),
    codecProfiles: list(info, 'codecProfiles', '', codecProfile),
  }
}

function parsed(body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body))
  } catch {
    throw new AppError('BAD_REQUEST', 'The body must be JSON in UTF-8 that says what the client can play (ClientInfo).')
  }
}

function directPlayProfile(value: unknown, where: string): DirectPlayProfile {
  const profile = fields(value, where)
  return {
    containers: list(profile, 'containers', where, plainText),
    audioCodecs: list(profile, 'audioCodecs', where, plainText),
    protocols: list(profile, 'protocols', where, (one, at) => oneOf(plainText(one, at).toLowerCase(), PROTOCOLS, at)),
    maxAudioChannels: count(profile, 'maxAudioChannels', where),
  }
}

function transcodingProfile(value: unknown, where: string): TranscodingProfile {
  const profile = fields(value, where)
  return {
    container: text(profile, 'container', where).trim(),
    audioCodec: text(profile, 'audioCodec', where).trim(),
    protocol: oneOf(text(profile, 'protocol', where).toLowerCase(), PROTOCOLS, `${where}.protocol`),
    maxAudioChannels: count(profile, 'maxAudioChannels', where),
  }
}

function codecProfile(value: unknown, where: string): CodecProfile {
  const profile = fields(value, where)
  oneOf(text(profile, 'type', where) || 'AudioCodec', PROFILE_TYPES, `${where}.type`)
  const name = text(profile, 'name', where).trim()
  if (name === '') throw malformed(`${where}.name`, 'the name of a codec')
  return { name, limitations: list(profile, 'limitations', where, limitation) }
}

function limitation(value: unknown, where: string): Limitation {
  const given = fields(value, where)
  const name = oneOf(text(given, 'name', where), LIMITED, `${where}.name`)
  const values = list(given, 'values', where, plainText)
  const wrong = name === 'audioProfile' ? -1 : values.findIndex((one) => !/^\d{1,15}$/.test(one))
  if (wrong >= 0) throw malformed(`${where}.values[${wrong}]`, 'a whole number in quotes')
  const { required = false } = given
  if (required !== null && typeof required !== 'boolean') throw malformed(`${where}.required`, 'true or false')
  const comparison = oneOf(text(given, 'comparison', where), COMPARISONS, `${where}.comparison`)
  return { name, comparison, values, required: required === true }
}

function fields(value: unknown, where: string): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw malformed(where, 'an object')
  return value as Fields
}

/** A whole number from 0; 0 when it is not there. */
function count(from: Fields, name: string, where: string): number {
  const value = from[name] ?? 0
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value
  throw malformed(memberOf(where, name), 'a whole number from 0')
}

/** '' when it is not there. */
function text(from: Fields, name: string, where: string): string {
  return plainText(from[name] ?? '', memberOf(where, name))
}

function plainText(value: unknown, where: string): string {
  if (typeof value === 'string' && value.length <= MAX_TEXT) return value
  throw malformed(where, `a text of at most ${MAX_TEXT} characters`)
}

/** [] when it is not there. */
function list<T>(from: Fields, name: string, where: string, read: (item: unknown, where: string) => T): readonly T[] {
  const value: unknown = from[name] ?? []
  const at = memberOf(where, name)
  if (!Array.isArray(value) || value.length > MAX_ITEMS) throw malformed(at, `a list of at most ${MAX_ITEMS}`)
  return value.map((item: unknown, index) => read(item, `${at}[${index}]`))
}

function oneOf<T extends string>(value: string, allowed: readonly T[], where: string): T {
  const found = allowed.find((one) => one === value)
  if (found !== undefined) return found
  throw malformed(where, `one of ${allowed.filter((one) => one !== '').join(', ')}`)
}

function memberOf(where: string, name: string): string {
  return where === '' ? name : `${where}.${name}`
}

function malformed(where: string, expected: string): AppError {
  return new AppError('BAD_REQUEST', `${where} must be ${expected}.`)
}
