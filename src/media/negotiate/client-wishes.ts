/** What a client says that it can play, for a decision. Bit rates are bit/s here, unlike everywhere else; 0 = no limit. */
export interface ClientWishes {
  readonly maxAudioBitrate: number
  /** Of what is converted for it. */
  readonly maxTranscodingAudioBitrate: number
  readonly directPlayProfiles: readonly DirectPlayProfile[]
  /** The most wanted first. */
  readonly transcodingProfiles: readonly TranscodingProfile[]
  readonly codecProfiles: readonly CodecProfile[]
}

/** An empty list means any. */
export interface DirectPlayProfile {
  readonly containers: readonly string[]
  readonly audioCodecs: readonly string[]
  readonly protocols: readonly string[]
  /** 0 = any number. */
  readonly maxAudioChannels: number
}

/** '' = whatever goes with the other. */
export interface TranscodingProfile {
  readonly container: string
  readonly audioCodec: string
  readonly protocol: string
  /** 0 = any number. */
  readonly maxAudioChannels: number
}

/** What holds of one codec, played as it is or converted to. */
export interface CodecProfile {
  readonly name: string
  readonly limitations: readonly Limitation[]
}

export const LIMITED = ['audioChannels', 'audioBitrate', 'audioProfile', 'audioSamplerate', 'audioBitdepth'] as const
export type Limited = (typeof LIMITED)[number]

export const COMPARISONS = ['Equals', 'NotEquals', 'LessThanEqual', 'GreaterThanEqual'] as const
export type Comparison = (typeof COMPARISONS)[number]

export interface Limitation {
  readonly name: Limited
  readonly comparison: Comparison
  /** Whole numbers but for profiles. Any of them (none of them) for Equals (NotEquals); else the first one counts. */
  readonly values: readonly string[]
  /** False: it is met where it can be, and stands in the way of nothing. */
  readonly required: boolean
}
