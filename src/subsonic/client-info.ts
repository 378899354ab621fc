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
// Far more than any player has, and few enough that no body keeps a decision busy.
const MAX_PROFILES = 64
const MAX_LIMITATIONS = 64
/** Of all lists together. */
const MAX_ITEMS = 1000
/** Characters: of what a client is called, and of a name or value. */
const MAX_TITLE = 1000
const MAX_TEXT = 200

/** Where something stands in a body. */
interface Place {
  readonly path: string
  /** Items that the lists of the whole body may yet have. */
  readonly room: { left: number }
}

/**
 * The `ClientInfo` of a body. What is not there says nothing, what nobody knows is passed over; what is there must have
 * the right type and a sane size. BAD_REQUEST names the member that has not.
 */
export function readClientInfo(body: Uint8Array): ClientWishes {
  const root: Place = { path: '', room: { left: MAX_ITEMS } }
  const info = fields(parsed(body), { ...root, path: 'The body' })
  for (const name of ['name', 'platform']) text(info, name, root, MAX_TITLE)
  return {
    maxAudioBitrate: count(info, 'maxAudioBitrate', root),
    maxTranscodingAudioBitrate: count(info, 'maxTranscodingAudioBitrate', root),
    directPlayProfiles: list(info, 'directPlayProfiles', root, directPlayProfile, MAX_PROFILES),
    transcodingProfiles: list(info, 'transcodingProfiles', root, transcodingProfile, MAX_PROFILES),
    codecProfiles: list(info, 'codecProfiles', root, codecProfile, MAX_PROFILES),
  }
}

function parsed(body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body))
  } catch {
    throw new AppError('BAD_REQUEST', 'The body must be JSON in UTF-8 that says what the client can play (ClientInfo).')
  }
}

function directPlayProfile(value: unknown, where: Place): DirectPlayProfile {
  const profile = fields(value, where)
  return {
    containers: list(profile, 'containers', where, plainText),
    audioCodecs: list(profile, 'audioCodecs', where, plainText),
    protocols: list(profile, 'protocols', where, protocol),
    maxAudioChannels: count(profile, 'maxAudioChannels', where),
  }
}

function protocol(value: unknown, where: Place) {
  return oneOf(plainText(value, where).toLowerCase(), PROTOCOLS, where)
}

function transcodingProfile(value: unknown, where: Place): TranscodingProfile {
  const profile = fields(value, where)
  return {
    container: text(profile, 'container', where).trim(),
    audioCodec: text(profile, 'audioCodec', where).trim(),
    protocol: oneOf(text(profile, 'protocol', where).toLowerCase(), PROTOCOLS, member(where, 'protocol')),
    maxAudioChannels: count(profile, 'maxAudioChannels', where),
  }
}

function codecProfile(value: unknown, where: Place): CodecProfile {
  const profile = fields(value, where)
  oneOf(text(profile, 'type', where) || 'AudioCodec', PROFILE_TYPES, member(where, 'type'))
  const name = text(profile, 'name', where).trim()
  if (name === '') throw malformed(member(where, 'name'), 'the name of a codec')
  return { name, limitations: list(profile, 'limitations', where, limitation, MAX_LIMITATIONS) }
}

function limitation(value: unknown, where: Place): Limitation {
  const given = fields(value, where)
  const name = oneOf(text(given, 'name', where), LIMITED, member(where, 'name'))
  const values = list(given, 'values', where, plainText)
  const wrong = name === 'audioProfile' ? -1 : values.findIndex((one) => !/^\d{1,15}$/.test(one))
  if (wrong >= 0) throw malformed(item(member(where, 'values'), wrong), 'a whole number in quotes')
  const { required = false } = given
  if (required !== null && typeof required !== 'boolean') throw malformed(member(where, 'required'), 'true or false')
  const comparison = oneOf(text(given, 'comparison', where), COMPARISONS, member(where, 'comparison'))
  return { name, comparison, values, required: required === true }
}

function fields(value: unknown, where: Place): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw malformed(where, 'an object')
  return value as Fields
}

/** A whole number from 0; 0 when it is not there. */
function count(from: Fields, name: string, where: Place): number {
  const value = from[name] ?? 0
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value
  throw malformed(member(where, name), 'a whole number from 0')
}

/** '' when it is not there. */
function text(from: Fields, name: string, where: Place, most = MAX_TEXT): string {
  return plainText(from[name] ?? '', member(where, name), most)
}

function plainText(value: unknown, where: Place, most = MAX_TEXT): string {
  if (typeof value === 'string' && value.length <= most) return value
  throw malformed(where, `a text of at most ${most} characters`)
}

/** [] when it is not there. */
function list<T>(
  from: Fields,
  name: string,
  where: Place,
  read: (value: unknown, where: Place) => T,
  most = MAX_ITEMS,
): readonly T[] {
  const value: unknown = from[name] ?? []
  const at = member(where, name)
  if (!Array.isArray(value) || value.length > most) throw malformed(at, `a list of at most ${most}`)
  at.room.left -= value.length
  if (at.room.left < 0) throw malformed(at, `shorter: all lists together have at most ${MAX_ITEMS} items`)
  return value.map((one: unknown, index) => read(one, item(at, index)))
}

function oneOf<T extends string>(value: string, allowed: readonly T[], where: Place): T {
  const found = allowed.find((one) => one === value)
  if (found !== undefined) return found
  throw malformed(where, `one of ${allowed.filter((one) => one !== '').join(', ')}`)
}

function member({ path, room }: Place, name: string): Place {
  return { path: path === '' ? name : `${path}.${name}`, room }
}

function item({ path, room }: Place, index: number): Place {
  return { path: `${path}[${index}]`, room }
}

function malformed({ path }: Place, expected: string): AppError {
  return new AppError('BAD_REQUEST', `${path} must be ${expected}.`)
}
