import type { IFormat } from 'music-metadata'
import type { AudioFile } from './audio-file.ts'
import { adtsSeconds, mp3Seconds } from './audio-length.ts'
import { suffixOf } from './formats.ts'
import type { ReadBytes } from './iff-chunks.ts'

/** What the sound itself tells. 0 and '' = unknown. */
export interface AudioFacts {
  readonly durationMs: number
  /** kbit/s */
  readonly bitRate: number
  /** Hz */
  readonly sampleRate: number
  readonly bitDepth: number
  readonly channels: number
  /** `mp3`, `flac`, `aac`, `alac`, `vorbis`, `opus`, `pcm`, ... */
  readonly codec: string
}

/** What the parser tells, and what it would only tell after reading the whole file; reads bounded parts. */
export async function audioFacts(file: AudioFile, format: IFormat): Promise<AudioFacts> {
  const codec = codecName(format, suffixOf(file.path))
  const { seconds, bitRate } = await lengthOf(file, format, codec)
  const average = seconds > 0 ? (file.windows.size * 8) / seconds / 1000 : 0
  const kbits = bitRate || (format.bitrate ?? 0) / 1000 || average
  return {
    durationMs: Math.round(seconds * 1000),
    bitRate: kbits > 0 ? Math.max(1, Math.round(kbits)) : 0,
    sampleRate: format.sampleRate ?? 0,
    bitDepth: format.lossless === false ? 0 : (format.bitsPerSample ?? 0),
    channels: format.numberOfChannels ?? 0,
    codec,
  }
}

async function lengthOf(
  { windows }: AudioFile,
  format: IFormat,
  codec: string,
): Promise<{ seconds: number; bitRate: number }> {
  const { size } = windows
  const read: ReadBytes = (position, length) => windows.bytesAt(position, length)
  const told = { seconds: sane(format.duration), bitRate: 0 }
  if (codec === 'mp3' || codec === 'mp2') {
    const frames = await mp3Seconds(read, size)
    if (!frames) return told
    if (!('share' in frames)) return frames
    const seconds = told.seconds * frames.share
    return { seconds, bitRate: frames.isVariable && seconds > 0 ? (frames.bytes * 8) / seconds / 1000 : 0 }
  }
  if (codec === 'aac' && /ADTS/.test(format.container ?? '')) return (await adtsSeconds(read, size)) ?? told
  return told
}

/** A hundred days is no song: such lengths come from damaged files. */
function sane(seconds: number | undefined): number {
  return seconds !== undefined && seconds > 0 && seconds < 8_640_000 ? seconds : 0
}

function codecName(format: IFormat, suffix: string): string {
  const text = `${format.codec ?? ''} ${format.container ?? ''}`.toLowerCase()
  const known: readonly (readonly [RegExp, string])[] = [
    [/alac/, 'alac'],
    [/flac/, 'flac'],
    [/opus/, 'opus'],
    [/vorbis/, 'vorbis'],
    [/speex/, 'speex'],
    [/layer 3/, 'mp3'],
    [/layer 2/, 'mp2'],
    [/aac|mp4a|adts/, 'aac'],
    [/windows media|wma|asf/, 'wma'],
    [/monkey/, 'ape'],
    [/wavpack/, 'wavpack'],
    [/musepack/, 'musepack'],
    [/true audio/, 'tta'],
    [/^tak/, 'tak'],
    [/shorten/, 'shorten'],
    [/dsd|dsf/, 'dsd'],
    [/pcm|wave|aiff/, 'pcm'],
  ]
  return known.find(([pattern]) => pattern.test(text))?.[1] ?? suffix
}
