import type { CodecProfile, Comparison, Limitation, Limited } from './client-wishes.ts'
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

/** A limitation, read once for the many values that are held against it. */
export interface Rule {
  readonly name: Limited
  readonly comparison: Comparison
  /** In their order: numbers, or the plain names of profiles. */
  readonly values: ReadonlySet<number | string>
  readonly required: boolean
}

/** Gives the rules that a client has for a codec, of all its profiles for it. */
export function rulesByCodec(profiles: readonly CodecProfile[]): (codec: string) => readonly Rule[] {
  const read = profiles.map(({ name, limitations }) => ({ name, rules: limitations.map(ruleOf) }))
  const found = new Map<string, readonly Rule[]>()
  return (codec) => {
    const rules =
      found.get(codec) ?? read.filter(({ name }) => namesCodec([name], codec, 0)).flatMap((one) => one.rules)
    found.set(codec, rules)
    return rules
  }
}

function ruleOf({ name, comparison, values, required }: Limitation): Rule {
  const read = name === 'audioProfile' ? profileName : Number
  return { name, comparison, values: new Set(values.map((value) => read(value))), required }
}

/** Why sound can't be played as it is; undefined = nothing required stands in the way. An unknown fact meets no requirement. */
export function unmetBy(sound: Sound, rules: readonly Rule[]): string | undefined {
  const unmet = rules.find((one) => one.required && !isMet(one, factOf(sound, one.name), sound))
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

function isMet(rule: Rule, value: number | string, { codec, lossless }: Sound): boolean {
  // What has no bits of its own is not limited by their number, nor a codec without profiles by which it is not.
  if (rule.name === 'audioBitdepth' && !lossless) return true
  if (rule.name === 'audioProfile' && rule.comparison === 'NotEquals' && codec !== 'aac') return true
  return allows(rule, value)
}

/** Whether a value is allowed. 0 and '' are unknown, and that is not. A rule without values limits nothing. */
function allows({ name, comparison, values }: Rule, value: number | string): boolean {
  const [first] = values
  if (first === undefined) return true
  if (name === 'audioProfile') return allowsProfile(comparison, values, profileName(String(value)))
  const known = Number(value)
  if (known <= 0) return false
  switch (comparison) {
    case 'Equals':
      return values.has(known)
    case 'NotEquals':
      return !values.has(known)
    case 'LessThanEqual':
      return known <= Number(first)
    case 'GreaterThanEqual':
      return known >= Number(first)
  }
}

function allowsProfile(comparison: Comparison, names: Rule['values'], name: string): boolean {
  if (comparison === 'Equals') return names.has(name)
  // Profiles have no order.
  return comparison !== 'NotEquals' || (name !== '' && !names.has(name))
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
export function firstAllowed(values: readonly number[], rules: readonly Rule[], name: Limited): number | undefined {
  const own = rules.filter((one) => one.name === name)
  const required = own.filter((one) => one.required)
  return (
    values.find((value) => own.every((one) => allows(one, value))) ??
    values.find((value) => required.every((one) => allows(one, value)))
  )
}

/** Whether the profile that will be made is allowed, as far as that is required. */
export function allowsMade(profile: string, rules: readonly Rule[]): boolean {
  return rules.every((one) => one.name !== 'audioProfile' || !one.required || allows(one, profile))
}
