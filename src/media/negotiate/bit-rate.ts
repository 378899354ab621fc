import { fitBitRate } from '../transcode/profiles.ts'
import { firstAllowed, type Rule } from './limitations.ts'
import type { Sound } from './sound.ts'
import type { Target } from './targets.ts'

export interface BitRateWish {
  readonly target: Target
  readonly source: Sound
  /** Of what is made. */
  readonly channels: number
  readonly sampleRate: number
  readonly bitDepth: number
  /** bit/s that the client wants to have; 0 = it doesn't say. */
  readonly wanted: number
  /** bit/s that nothing may be above. */
  readonly most: number
  readonly rules: readonly Rule[]
}

/** Bits of a sample of AAC: frames hold no more of them, and at low rates encoders find no use for as many. */
const AAC_SAMPLE_BITS = 6
const AAC_LOW_SAMPLE_BITS = 2.5
const LOW_RATE = 32_000
/** MP3 of fewer samples a second comes in smaller frames. */
const HALF_RATE_MOST = 160
const QUARTER_RATE_MOST = 64

/** bit/s that will be made; 0 = it depends on the music. Undefined: nothing that is allowed can be made. */
export function bitRateFor(wish: BitRateWish): number | undefined {
  const { target, most, rules } = wish
  if (target.lossless) {
    const estimate = losslessRate(wish)
    const fits = estimate <= most && firstAllowed([estimate], rules, 'audioBitrate') !== undefined
    return fits ? 0 : undefined
  }
  const isChosen = target.profile.arguments.some((argument) => argument.includes('{bitRate}'))
  const isLimited = Number.isFinite(most) || rules.some(({ name, required }) => name === 'audioBitrate' && required)
  if (!isChosen) return isLimited ? undefined : 0
  return firstAllowed(candidates(wish), rules, 'audioBitrate')
}

/** The one that is wanted, then lower ones, then higher ones; each once, however often a client names it. */
function candidates(wish: BitRateWish): readonly number[] {
  const { target, source, channels, most, rules } = wish
  const { profile } = target
  const highest = Math.min(most / 1000, encoderMost(wish))
  const wanted = wish.wanted > 0 ? wish.wanted / 1000 : profile.bitRate
  const useful = source.lossless ? wanted : Math.min(wanted, Math.max(source.bitRate / 1000, profile.bitRate))
  const named = rules.filter(({ name }) => name === 'audioBitrate').flatMap(({ values }) => [...values].map(Number))
  const steps = profile.anyBitRate
    ? named.flatMap((rate) => [Math.floor(rate / 1000), Math.ceil(rate / 1000)])
    : profile.bitRates
  const best = fitBitRate(profile, Math.min(useful, highest), channels)
  const others = [...new Set(steps)]
    .filter((rate) => rate > 0 && fitBitRate(profile, rate, channels) === rate)
    .sort((a, b) => (a > best || b > best ? a - b : b - a))
  return [best, ...others].filter((rate) => rate <= highest).map((rate) => rate * 1000)
}

/** kbit/s */
function encoderMost({ target, channels, sampleRate }: BitRateWish): number {
  const isLow = sampleRate < LOW_RATE
  if (target.codec === 'aac')
    return Math.floor((sampleRate * channels * (isLow ? AAC_LOW_SAMPLE_BITS : AAC_SAMPLE_BITS)) / 1000)
  if (target.codec !== 'mp3' || !isLow) return Number.POSITIVE_INFINITY
  return sampleRate >= 16_000 ? HALF_RATE_MOST : QUARTER_RATE_MOST
}

/** About what lossless sound will take: as much as it takes now, in proportion; uncompressed sound at most that. */
function losslessRate({ source, channels, sampleRate, bitDepth }: BitRateWish): number {
  const whole = channels * sampleRate * bitDepth
  const now = source.channels * source.sampleRate * source.bitDepth
  return source.codec === 'pcm' || source.codec === 'dsd' || now === 0 || source.bitRate === 0
    ? whole
    : Math.round((source.bitRate * whole) / now)
}
