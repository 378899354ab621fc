import type { ProfileChange } from '../../config/special-settings.ts'

/** What a client may ask for by `format`: a codec, its container and how ffmpeg makes it. All of it is data. */
export interface TranscodeProfile {
  /** What clients send as `format`, lower case. */
  readonly name: string
  readonly suffix: string
  readonly contentType: string
  readonly lossless: boolean
  /** kbit/s when the client names none; of lossless profiles 0. */
  readonly bitRate: number
  /** kbit/s, ascending; a wish is brought down to the next of these. Two values and `anyBitRate` are a range. */
  readonly bitRates: readonly number[]
  readonly anyBitRate: boolean
  /** kbit/s that the encoder takes at most for one channel. */
  readonly monoBitRate?: number
  /** Hz that the encoder takes; others are resampled to the nearest of the same family. Empty = all to 192 kHz. */
  readonly sampleRates: readonly number[]
  /** The encoder's name in ffmpeg: an engine without it doesn't offer the profile. */
  readonly encoder: string
  /** Output options; `{bitRate}` is replaced by kbit/s. */
  readonly arguments: readonly string[]
  /** Suffixes of lossy files that already are what this profile makes. */
  readonly equals: readonly string[]
}

const CD_AND_DVD = [44_100, 48_000]

/** Tags stay, pictures and chapters go: some players (Sonos among them) refuse an mp3 that carries more than sound. */
export const DEFAULT_PROFILES: readonly TranscodeProfile[] = [
  {
    name: 'mp3',
    suffix: 'mp3',
    contentType: 'audio/mpeg',
    lossless: false,
    bitRate: 192,
    bitRates: [32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320],
    anyBitRate: false,
    sampleRates: CD_AND_DVD,
    encoder: 'libmp3lame',
    arguments: ['-c:a', 'libmp3lame', '-b:a', '{bitRate}k', '-id3v2_version', '3', '-write_xing', '0', '-f', 'mp3'],
    equals: ['mp3'],
  },
  {
    name: 'opus',
    suffix: 'opus',
    contentType: 'audio/ogg',
    lossless: false,
    bitRate: 128,
    bitRates: [16, 320],
    anyBitRate: true,
    monoBitRate: 256,
    sampleRates: [48_000],
    encoder: 'libopus',
    arguments: ['-c:a', 'libopus', '-b:a', '{bitRate}k', '-f', 'ogg'],
    equals: ['opus'],
  },
  {
    name: 'aac',
    suffix: 'aac',
    contentType: 'audio/aac',
    lossless: false,
    bitRate: 192,
    bitRates: [32, 320],
    anyBitRate: true,
    monoBitRate: 160,
    sampleRates: CD_AND_DVD,
    encoder: 'aac',
    arguments: ['-c:a', 'aac', '-b:a', '{bitRate}k', '-f', 'adts'],
    equals: ['aac', 'm4a', 'm4b', 'mp4'],
  },
  {
    name: 'ogg',
    suffix: 'ogg',
    contentType: 'audio/ogg',
    lossless: false,
    bitRate: 192,
    bitRates: [48, 320],
    anyBitRate: true,
    monoBitRate: 192,
    sampleRates: CD_AND_DVD,
    encoder: 'libvorbis',
    arguments: ['-c:a', 'libvorbis', '-b:a', '{bitRate}k', '-f', 'ogg'],
    equals: ['ogg', 'oga'],
  },
  {
    name: 'flac',
    suffix: 'flac',
    contentType: 'audio/flac',
    lossless: true,
    bitRate: 0,
    bitRates: [],
    anyBitRate: false,
    sampleRates: [],
    encoder: 'flac',
    arguments: ['-c:a', 'flac', '-compression_level', '5', '-f', 'flac'],
    equals: [],
  },
]

/** The built-in profiles with a person's changes: by name, switched off, or new ones out of `mp3`'s shape. */
export function mergeProfiles(settings: readonly ProfileChange[]): readonly TranscodeProfile[] {
  const profiles = new Map(DEFAULT_PROFILES.map((profile) => [profile.name, profile]))
  for (const { enabled, name: givenName, ...changes } of settings) {
    const name = givenName.toLowerCase()
    if (enabled === false) {
      profiles.delete(name)
      continue
    }
    const base = profiles.get(name) ?? {
      ...(DEFAULT_PROFILES[0] as TranscodeProfile),
      suffix: name,
      anyBitRate: true,
      bitRates: [16, 512],
      equals: [name],
    }
    profiles.set(name, { ...base, ...changes, name })
  }
  return [...profiles.values()]
}

/** The bit rate that a profile really makes for a wish: never more than wished, but for its smallest. */
export function fitBitRate(profile: TranscodeProfile, wish: number, channels: number): number {
  if (profile.lossless) return 0
  const most = channels === 1 ? (profile.monoBitRate ?? Number.POSITIVE_INFINITY) : Number.POSITIVE_INFINITY
  const limit = Math.min(wish, most)
  const lowest = profile.bitRates[0] ?? 32
  const highest = profile.bitRates.at(-1) ?? 320
  if (profile.anyBitRate) return Math.max(lowest, Math.min(highest, Math.floor(limit)))
  return profile.bitRates.findLast((rate) => rate <= limit) ?? lowest
}
