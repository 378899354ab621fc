import type { Song } from '../library/entities.ts'
import { isLossless } from './content-types.ts'
import { fitBitRate, type TranscodeProfile } from './transcode/profiles.ts'

export interface DecisionInput {
  readonly song: Pick<Song, 'suffix' | 'codec' | 'bitRate' | 'size' | 'durationMs' | 'channels'>
  readonly format: string | undefined
  /** kbit/s; 0 or less = none. What the client asks, what the user may have, what the server gives. */
  readonly requestedBitRate: number
  readonly userBitRate: number
  readonly serverBitRate: number
  /** Those that the engine at hand can make; empty without an engine. */
  readonly profiles: readonly TranscodeProfile[]
  readonly defaultFormat: string
}

export type Decision =
  | { readonly raw: true }
  | { readonly raw: false; readonly profile: TranscodeProfile; readonly bitRate: number }

const RAW: Decision = { raw: true }
/** What nearly every player plays, best first: for a default that the engine doesn't have. */
const FALLBACKS = ['mp3', 'aac', 'ogg', 'opus']

/**
 * Raw or transcoded, and into what. `raw` is always the file itself. A file within all limits stays as it is unless another
 * format is asked for. Unknown formats become the default, lossy music never becomes lossless, and where nothing
 * fits the file is sent: a client must get music, not an error.
 */
export function decideStream(input: DecisionInput): Decision {
  const { song, profiles } = input
  const format = input.format?.trim().toLowerCase() ?? ''
  if (format === 'raw' || profiles.length === 0) return RAW
  const limit = smallest([input.requestedBitRate, input.userBitRate, input.serverBitRate])
  const sourceRate = song.bitRate || (song.durationMs > 0 ? Math.round((song.size * 8) / song.durationMs) : 0)
  const tooBig = sourceRate > limit
  const target = askedProfile(input, format, tooBig) ?? (tooBig ? defaultProfile(input) : undefined)
  if (!target || (!tooBig && isAlready(target, song))) return RAW
  return { raw: false, profile: target, bitRate: bitRateFor(target, input, limit, sourceRate) }
}

function askedProfile(input: DecisionInput, format: string, tooBig: boolean): TranscodeProfile | undefined {
  const { song } = input
  if (format === '') return undefined
  const known = input.profiles.find((profile) => profile.name === format)
  if (!known) return format === song.suffix ? undefined : defaultProfile(input)
  return known.lossless && (tooBig || !isLossless(song)) ? undefined : known
}

/** What unknown formats become. */
export function defaultProfile({
  profiles,
  defaultFormat,
}: Pick<DecisionInput, 'profiles' | 'defaultFormat'>): TranscodeProfile | undefined {
  const lossy = profiles.filter((profile) => !profile.lossless)
  for (const name of [defaultFormat.toLowerCase(), ...FALLBACKS]) {
    const found = lossy.find((profile) => profile.name === name)
    if (found) return found
  }
  return lossy[0]
}

function isAlready(profile: TranscodeProfile, song: DecisionInput['song']): boolean {
  if (profile.name === song.suffix) return true
  if (profile.name === 'opus' && /^og[ga]$/.test(song.suffix)) return /opus/i.test(song.codec)
  return profile.equals.includes(song.suffix) && !isLossless(song)
}

/** The client's wish, else the profile's rate; of lossy music no more than it had or the profile's own rate. */
function bitRateFor(profile: TranscodeProfile, input: DecisionInput, limit: number, sourceRate: number): number {
  const wish = input.requestedBitRate > 0 ? input.requestedBitRate : profile.bitRate
  const useful = isLossless(input.song) ? wish : Math.min(wish, Math.max(sourceRate, profile.bitRate))
  return fitBitRate(profile, Math.min(useful, limit), input.song.channels)
}

/** 0 is no limit; infinity where there is none. */
export function smallest(limits: readonly number[]): number {
  return Math.min(...limits.map((limit) => (limit > 0 ? limit : Number.POSITIVE_INFINITY)))
}
