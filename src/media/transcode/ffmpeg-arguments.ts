import type { TranscodeProfile } from './profiles.ts'

/** One transcode, completely: the same values give the same bytes. */
export interface TranscodeSpec {
  /** Absolute. */
  readonly inputPath: string
  /** Of the input, without the dot. */
  readonly inputSuffix: string
  readonly profile: TranscodeProfile
  /** kbit/s */
  readonly bitRate: number
  readonly offsetMs: number
  /** Of the input, Hz and number; 0 = unknown. */
  readonly sampleRate: number
  readonly channels: number
  /** What the result must be, to the letter. Absent: what suits the profile. */
  readonly exact?: ExactSound
  /** Just so many of them, at the rate of `exact`; silence where the song has ended. Absent = to the end. */
  readonly samples?: number
}

export interface ExactSound {
  readonly channels: number
  /** Hz */
  readonly sampleRate: number
  /** As ffmpeg calls it; '' = the encoder's own. */
  readonly sampleFormat: string
}

/**
 * Demuxers that music needs. A playlist or a script that carries a music file's name must not make ffmpeg open other
 * files or addresses.
 */
const DEMUXERS = [
  'aac',
  'ac3',
  'adx',
  'aiff',
  'amr',
  'ape',
  'asf',
  'ast',
  'au',
  'caf',
  'dsf',
  'dts',
  'eac3',
  'flac',
  'iff',
  'ircam',
  'matroska',
  'webm',
  'mlp',
  'mov',
  'mp4',
  'm4a',
  '3gp',
  'mp3',
  'mpc',
  'mpc8',
  'nut',
  'ogg',
  'oma',
  'rm',
  'shn',
  'sox',
  'tak',
  'truehd',
  'tta',
  'voc',
  'w64',
  'wav',
  'wv',
].join(',')

const STEREO = 2
const FLAC_HIGHEST_RATE = 192_000
/** A whole fraction of every DSD rate. */
const DSD_RATE = 88_200

/** ffmpeg's arguments for a job: from `input` (how the engine names the file) to standard output. No shell is involved. */
export function ffmpegArguments(spec: TranscodeSpec, input: string): readonly string[] {
  const { profile } = spec
  return [
    '-hide_banner',
    '-loglevel',
    'error',
    '-protocol_whitelist',
    'file,pipe',
    '-format_whitelist',
    DEMUXERS,
    ...(spec.offsetMs > 0 ? ['-ss', secondsText(spec.offsetMs)] : []),
    '-i',
    input,
    '-map',
    '0:a:0',
    '-vn',
    '-sn',
    '-dn',
    '-map_chapters',
    '-1',
    ...(spec.exact ? exactOptions(spec.exact, spec.samples) : suitableOptions(spec)),
    '-threads',
    '1',
    ...profile.arguments.map((argument) => argument.replace('{bitRate}', String(spec.bitRate))),
    'pipe:1',
  ]
}

/** To the microsecond where that matters. */
function secondsText(ms: number): string {
  return (ms / 1000).toFixed(Number.isInteger(ms) ? 3 : 6)
}

function exactOptions({ channels, sampleRate, sampleFormat }: ExactSound, samples?: number): readonly string[] {
  const format = sampleFormat === '' ? [] : ['-sample_fmt', sampleFormat]
  const part = samples === undefined ? [] : ['-af', `aresample=${sampleRate},apad,atrim=end_sample=${samples}`]
  return [...part, '-ar', String(sampleRate), '-ac', String(channels), ...format]
}

function suitableOptions({ profile, sampleRate, channels }: TranscodeSpec): readonly string[] {
  const fewer = !profile.lossless && channels > STEREO ? ['-ac', String(STEREO)] : []
  return [...sampleRateOption(profile, sampleRate), ...fewer]
}

function sampleRateOption(profile: TranscodeProfile, rate: number): readonly string[] {
  if (profile.sampleRates.length === 0) return rate > FLAC_HIGHEST_RATE ? ['-ar', String(DSD_RATE)] : []
  if (profile.sampleRates.length > 1 && (rate === 0 || profile.sampleRates.includes(rate))) return []
  const sameFamily = profile.sampleRates.filter((one) => rate > 0 && (rate % one === 0 || one % rate === 0))
  return ['-ar', String(sameFamily.at(-1) ?? profile.sampleRates.at(-1))]
}
