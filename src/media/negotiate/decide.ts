import { smallest } from '../stream-decision.ts'
import type { ExactSound } from '../transcode/ffmpeg-arguments.ts'
import { bitRateFor } from './bit-rate.ts'
import type { ClientWishes, DirectPlayProfile, TranscodingProfile } from './client-wishes.ts'
import { allowsMade, firstAllowed, type Rule, rulesByCodec, unmetBy } from './limitations.ts'
import { isCodec, namesCodec, namesContainer } from './names.ts'
import { type SongFacts, type Sound, soundOf } from './sound.ts'
import type { Target } from './targets.ts'

export interface NegotiationInput {
  readonly song: SongFacts
  readonly wishes: ClientWishes
  /** kbit/s that the user, the player and the server allow; 0 = no limit of its own. */
  readonly limits: readonly number[]
  /** What the engine at hand can make of this song; empty without an engine. */
  readonly targets: readonly Target[]
}

/** What to convert to, to the letter. */
export interface Conversion {
  readonly target: Target
  /** kbit/s; 0 = none is asked for. */
  readonly bitRate: number
  readonly exact: ExactSound
}

interface Looked {
  readonly source: Sound
  /** Why it is not played as it is: one for each profile of the client's. */
  readonly reasons: readonly string[]
}

export type Negotiated =
  | (Looked & { readonly kind: 'direct' })
  | (Looked & { readonly kind: 'convert'; readonly made: Sound; readonly conversion: Conversion })
  | (Looked & { readonly kind: 'none' })

const TOO_BIG = 'audio bitrate not supported'
const STEREO = 2
const MOST_CHANNELS = 8
const FLAC_HIGHEST_RATE = 192_000
/** A whole fraction of every DSD rate. */
const DSD_RATE = 88_200
const ALL_RATES = [192_000, 176_400, 96_000, 88_200, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000]
/** Encoders that take lower rates than their profile names. */
const TAKES_LOW_RATES = new Set(['mp3', 'aac'])
const SAMPLE_FORMATS: Readonly<Record<string, readonly [string, string]>> = {
  flac: ['s16', 's32'],
  alac: ['s16p', 's32p'],
}

/**
 * Whether a client can play a song as it is, and if not what it is converted to: the first of its wishes that can be made
 * within all limits. Lossy music never becomes lossless. Where nothing converts, the server's own limits bind nobody: what
 * a client plays is better than silence.
 */
export function negotiate(input: NegotiationInput): Negotiated {
  const { song, wishes, targets } = input
  const source = soundOf(song)
  const own = targets.length === 0 ? [] : input.limits.map((rate) => rate * 1000)
  const most = smallest([wishes.maxAudioBitrate, ...own])
  const rulesOf = rulesByCodec(wishes.codecProfiles)
  const reasons = reasonsAgainst(source, wishes, rulesOf(source.codec), most)
  if (reasons === undefined) return { kind: 'direct', source, reasons: [] }
  const bound = smallest([most, wishes.maxTranscodingAudioBitrate])
  // Profiles differ by their channels alone in what can be made of a target: what failed once fails for others too.
  const failed = new Set<string>()
  for (const profile of wishes.transcodingProfiles) {
    for (const target of targets.filter((one) => isMeant(profile, one))) {
      const channels = channelCounts(source, target).filter((count) => fits(count, profile))
      const key = `${target.profile.name} ${target.container} ${channels}`
      if (failed.has(key)) continue
      const found = convert({ source, target, channels, wishes, rules: rulesOf(target.codec), most: bound })
      if (found) return { kind: 'convert', source, reasons, ...found }
      failed.add(key)
    }
  }
  return { kind: 'none', source, reasons }
}

/** Undefined: it plays as it is. */
function reasonsAgainst(
  source: Sound,
  wishes: ClientWishes,
  rules: readonly Rule[],
  most: number,
): readonly string[] | undefined {
  if (source.bitRate > most) return [TOO_BIG]
  const unmet = unmetBy(source, rules)
  const reasons: string[] = []
  for (const profile of wishes.directPlayProfiles) {
    const reason = reasonAgainst(source, profile) ?? unmet
    if (reason === undefined) return undefined
    reasons.push(reason)
  }
  return reasons
}

function reasonAgainst(source: Sound, profile: DirectPlayProfile): string | undefined {
  if (profile.protocols.length > 0 && !profile.protocols.some(isHttp)) return 'protocol not supported'
  if (!namesContainer(profile.containers, source.container)) return 'container not supported'
  if (!namesCodec(profile.audioCodecs, source.codec, source.bitDepth)) return 'audio codec not supported'
  const { maxAudioChannels: most } = profile
  return most > 0 && (source.channels === 0 || source.channels > most) ? 'audio channels not supported' : undefined
}

function isHttp(protocol: string): boolean {
  return ['', '*', 'http'].includes(protocol)
}

function isMeant({ container, audioCodec, protocol }: TranscodingProfile, target: Target): boolean {
  if (!isHttp(protocol) || (container === '' && audioCodec === '')) return false
  // "opus" as a container says by one name what both are.
  const codec = audioCodec === '' && isCodec(container) ? container : audioCodec
  return namesContainer([container], target.container) && namesCodec([codec], target.codec, target.fixed.bitDepth)
}

interface Attempt {
  readonly source: Sound
  readonly target: Target
  /** Numbers of them, the best first. */
  readonly channels: readonly number[]
  readonly wishes: ClientWishes
  readonly rules: readonly Rule[]
  /** bit/s */
  readonly most: number
}

function convert(attempt: Attempt): { readonly made: Sound; readonly conversion: Conversion } | undefined {
  const { source, target, wishes, rules, most } = attempt
  const { lossless } = target
  if (lossless && !source.lossless) return undefined
  const profile = target.codec === 'aac' ? 'LC' : ''
  const channels = firstAllowed(attempt.channels, rules, 'audioChannels')
  const sampleRate = firstAllowed(sampleRates(attempt), rules, 'audioSamplerate')
  const bitDepth = lossless ? firstAllowed(bitDepths(attempt), rules, 'audioBitdepth') : 0
  if (channels === undefined || sampleRate === undefined || bitDepth === undefined) return undefined
  if (profile !== '' && !allowsMade(profile, rules)) return undefined
  const wanted = wishes.maxTranscodingAudioBitrate || wishes.maxAudioBitrate
  const facts = { channels, sampleRate, bitDepth }
  const bitRate = bitRateFor({ target, source, ...facts, wanted, most, rules })
  if (bitRate === undefined) return undefined
  const sampleFormat = SAMPLE_FORMATS[target.codec]?.[bitDepth > 16 ? 1 : 0] ?? ''
  return {
    made: { container: target.container, codec: target.codec, lossless, profile, bitRate, ...facts },
    conversion: { target, bitRate: bitRate / 1000, exact: { channels, sampleRate, sampleFormat } },
  }
}

function fits(channels: number, { maxAudioChannels }: TranscodingProfile): boolean {
  return maxAudioChannels <= 0 || channels <= maxAudioChannels
}

/** As many as there are, then fewer, then one more: one channel can be heard from two speakers. */
function channelCounts(source: Sound, target: Target): readonly number[] {
  if (target.fixed.channels > 0) return [target.fixed.channels]
  const most = target.lossless ? MOST_CHANNELS : STEREO
  const best = Math.min(source.channels || STEREO, most)
  const fewer = Array.from({ length: best }, (_, index) => best - index)
  return best < STEREO ? [...fewer, STEREO] : fewer
}

/** Its own, then others of its family, where each sample of one falls on one of the other, then the nearest lower. */
function sampleRates({ source, target }: Attempt): readonly number[] {
  if (target.fixed.sampleRate > 0) return [target.fixed.sampleRate]
  const takes = target.profile.sampleRates
  const { lossless } = target
  const rate = source.sampleRate
  if (target.codec === 'opus') return [48_000]
  const own = lossless && takes.length === 0 ? ALL_RATES : takes
  const best = lossless && takes.length === 0 ? losslessBest(rate) : nearest(takes, rate)
  const low = TAKES_LOW_RATES.has(target.codec) ? ALL_RATES.filter((one) => one < Math.min(...takes)) : []
  const below = [...own, ...low].filter((one) => one < best).sort((a, b) => b - a)
  const isRelated = (one: number) => best % one === 0
  const above = own.filter((one) => one > best).sort((a, b) => a - b)
  return [best, ...below.filter(isRelated), ...below.filter((one) => !isRelated(one)), ...above]
}

function losslessBest(rate: number): number {
  if (rate > FLAC_HIGHEST_RATE) return DSD_RATE
  return rate > 0 ? rate : 44_100
}

function nearest(takes: readonly number[], rate: number): number {
  if (takes.includes(rate)) return rate
  const related = takes.filter((one) => rate > 0 && (rate % one === 0 || one % rate === 0))
  return related.at(-1) ?? takes.at(-1) ?? 44_100
}

function bitDepths({ source, target }: Attempt): readonly number[] {
  if (target.fixed.bitDepth > 0) return [target.fixed.bitDepth]
  // What has one bit a sample, at a very high rate, fills the 24 that are left of it.
  const isDeep = source.bitDepth > 16 || source.codec === 'dsd'
  return isDeep ? [24, 16] : [16, 24]
}
