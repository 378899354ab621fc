import type { Song } from '../../library/entities.ts'
import { isLossless } from '../content-types.ts'
import { codecName, containerOf } from './names.ts'

/** A stream of sound, by the names of names.ts. 0 and '' = unknown, or that there is no such thing. */
export interface Sound {
  readonly container: string
  readonly codec: string
  readonly lossless: boolean
  readonly channels: number
  /** bit/s */
  readonly bitRate: number
  /** `LC` of AAC; no other codec of ours has one. */
  readonly profile: string
  /** Hz */
  readonly sampleRate: number
  /** Lossy sound has none. */
  readonly bitDepth: number
}

export type SongFacts = Pick<
  Song,
  'suffix' | 'codec' | 'bitRate' | 'size' | 'durationMs' | 'channels' | 'sampleRate' | 'bitDepth'
>

/** What a song is, as the scan knows it. The scan learns no profile of AAC: it stays unknown. */
export function soundOf(song: SongFacts): Sound {
  const lossless = isLossless(song)
  const codec = codecName(song.codec || song.suffix)
  return {
    container: containerOf(song.suffix, codec),
    codec,
    lossless,
    channels: song.channels,
    bitRate: song.bitRate > 0 ? song.bitRate * 1000 : averageRate(song),
    profile: '',
    sampleRate: song.sampleRate,
    bitDepth: lossless ? song.bitDepth : 0,
  }
}

function averageRate({ size, durationMs }: SongFacts): number {
  return durationMs > 0 ? Math.round((size * 8000) / durationMs) : 0
}
