import type { CodecProfile, Limitation, Limited } from './client-wishes.ts'
import { namesCodec } from './names.ts'
import type { Sound } from './sound.ts'

/** What people read when a limitation is not met. */
const REASONS: Readonly<Record<Limited, string>> = {
  audioChannels: 'audio channels not supported',
  audioBitrate: 'audio bitrate not supported',
  audioProfile: 'audio profile not supported',
  audioSamplerate: 'audio samplerate not supported',
  audioBitdepth: 'audio bitdepth not supported',
}

/** Those that a client has for a codec, of all its profiles for it. */
export function limitationsOf(profiles: readonly CodecProfile[], codec: string): readonly Limitation[] {
  return profiles.filter(({ name }) => namesCodec([name], codec, 0)).flatMap(({ limitations }) => limitations)
}

/** Why sound can't be played as it is; undefined = nothing required stands in the way. An unknown fact meets no requirement. */
export function unmetBy(sound: Sound, limitations: readonly Limitation[]): string | undefined {
  const unmet = limitations.find((one) => one.required && !isMet(one, factOf(sound, one.name), sound))
  return unmet && REASONS[unmet.name]
}

function factOf(sound: Sound, name: Limited): number | string {
  switch (name) {
    case 'audioChannels':
      return sound.channels
    case 'audioBitrate':
      return sound.bitRate
    case 'audioSamplerate':
      return sound.sampleRate
    case 'audioBitdepth':
      return sound.bitDepth
    case 'audioProfile':
      return sound.profile
  }
}

function isMet(limitation: Limitation, value: number | string, { codec, lossless }: Sound): boolean {
  // What has no bits of its own is not limited by their number, nor a codec without profiles by which it is not.
  if (limitation.name === 'audioBitdepth' && !lossless) return true
  if (limitation.name === 'audioProfile' && limitation.comparison === 'NotEquals' && codec !== 'aac') return true
  return allows(limitation, value)
}

/** Whether a value is allowed. 0 and '' are unknown, and that is not. A limitation without values limits nothing. */
export function allows({ name, comparison, values }: Limitation, value: number | string): boolean {
  const [first] = values
  if (first === undefined) return true
  if (name === 'audioProfile') return allowsProfile(comparison, values.map(profileName), profileName(String(value)))
  const known = Number(value)
  if (known <= 0) return false
  const numbers = values.map(Number)
  switch (comparison) {
    case 'Equals':
      return numbers.includes(known)
    case 'NotEquals':
      return !numbers.includes(known)
    case 'LessThanEqual':
      return known <= Number(first)
    case 'GreaterThanEqual':
      return known >= Number(first)
  }
}

function allowsProfile(comparison: Limitation['comparison'], names: readonly string[], name: string): boolean {
  if (comparison === 'Equals') return names.includes(name)
  // Profiles have no order.
  return comparison !== 'NotEquals' || (name !== '' && !names.includes(name))
}

/** `AAC-LC`, `aac lc` and `LC` are one. */
function profileName(text: string): string {
  const plain = text.toLowerCase().replace(/[^a-z0-9]/g, '')
  return plain === 'mp4a402' || plain === 'low' ? 'lc' : plain.replace(/^aac(?=.)/, '')
}

/**
 * The best of some values that could be made: the first that is allowed by all, else the first that is by those that are
 * required. Undefined when there is none.
 */
export function firstAllowed(
  values: readonly number[],
  limitations: readonly Limitation[],
  name: Limited,
): number | undefined {
  const own = limitations.filter((one) => one.name === name)
  const required = own.filter((one) => one.required)
  return (
    values.find((value) => own.every((one) => allows(one, value))) ??
    values.find((value) => required.every((one) => allows(one, value)))
  )
}

/** Whether the profile that will be made is allowed, as far as that is required. */
export function allowsMade(profile: string, limitations: readonly Limitation[]): boolean {
  return limitations.every((one) => one.name !== 'audioProfile' || !one.required || allows(one, profile))
}
