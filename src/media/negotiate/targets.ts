import type { TranscodeProfile } from '../transcode/profiles.ts'

/** Something that the engine at hand makes: a codec in a container, by the names of names.ts. */
export interface Target {
  readonly container: string
  readonly codec: string
  readonly lossless: boolean
  readonly profile: TranscodeProfile
  /** What the profile's own options settle; 0 = the decision is free. */
  readonly fixed: { readonly channels: number; readonly sampleRate: number; readonly bitDepth: number }
}

const MUXERS: Readonly<Record<string, string>> = {
  mp3: 'mp3',
  ogg: 'ogg',
  oga: 'ogg',
  opus: 'ogg',
  adts: 'aac',
  flac: 'flac',
  mp4: 'mp4',
  ipod: 'mp4',
  wav: 'wav',
  aiff: 'aiff',
  webm: 'webm',
  matroska: 'matroska',
  wv: 'wv',
}

const ENCODERS: readonly (readonly [RegExp, string])[] = [
  [/^(libmp3lame|libshine|mp3)/, 'mp3'],
  [/^(libfdk_aac|aac)/, 'aac'],
  [/^(libopus|opus)$/, 'opus'],
  [/^(libvorbis|vorbis)$/, 'vorbis'],
  [/^flac$/, 'flac'],
  [/^alac$/, 'alac'],
  [/^pcm_/, 'pcm'],
  [/^wavpack$/, 'wavpack'],
]

const LOSSLESS = new Set(['flac', 'alac', 'pcm', 'wavpack'])

interface Muxing {
  readonly container: string
  readonly suffix: string
  readonly contentType: string
  readonly options: readonly string[]
}

/** Other containers that players want a codec in, as they can be sent while they are made. */
const FURTHER: Readonly<Record<string, Muxing>> = {
  'aac in aac': {
    container: 'mp4',
    suffix: 'm4a',
    contentType: 'audio/mp4',
    // In fragments, each with an index of its own.
    options: ['-movflags', '+frag_keyframe+empty_moov+default_base_moof', '-frag_duration', '1000000', '-f', 'mp4'],
  },
  'opus in ogg': { container: 'webm', suffix: 'webm', contentType: 'audio/webm', options: ['-f', 'webm'] },
}

/** What the profiles make, and the same in other containers. What can't be told of one is not offered. */
export function targetsOf(profiles: readonly TranscodeProfile[]): readonly Target[] {
  return profiles.flatMap((profile) => {
    const target = targetOf(profile)
    const further = target && FURTHER[`${target.codec} in ${target.container}`]
    return target ? [target, ...(further ? [remuxed(target, further)] : [])] : []
  })
}

function targetOf(profile: TranscodeProfile): Target | undefined {
  const container = MUXERS[option(profile, '-f') ?? '']
  const codec = ENCODERS.find(([pattern]) => pattern.test(profile.encoder))?.[1]
  // Filters and profiles could make anything of it.
  const isPlain = !profile.arguments.some((one) => /^-(af|filter|profile|ar:|ac:|sample_fmt:)/.test(one))
  if (container === undefined || codec === undefined || !isPlain) return undefined
  const fixed = {
    channels: Number(option(profile, '-ac') ?? 0) || 0,
    sampleRate: Number(option(profile, '-ar') ?? 0) || 0,
    bitDepth: Number(/^pcm_[suf](\d+)/.exec(profile.encoder)?.[1] ?? 0),
  }
  return { container, codec, lossless: LOSSLESS.has(codec), profile, fixed }
}

function remuxed(target: Target, { container, options, ...named }: Muxing): Target {
  const { profile } = target
  const muxer = profile.arguments.lastIndexOf('-f')
  const changed = [...profile.arguments.slice(0, muxer), ...options, ...profile.arguments.slice(muxer + 2)]
  return { ...target, container, profile: { ...profile, ...named, arguments: changed } }
}

/** The last value of an output option; undefined = it isn't there. */
function option({ arguments: all }: TranscodeProfile, name: string): string | undefined {
  const at = all.lastIndexOf(name)
  return at < 0 ? undefined : all[at + 1]
}
