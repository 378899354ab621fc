/** Samples of a frame of AAC. */
const FRAME = 1024
const SEGMENT_SECONDS = 10
/** Made ahead of a segment and cut off: an encoder, a resampler and a decoder of MP3 need some to come into their stride. */
const LEAD_FRAMES = 4
/** Made after it: the last frame of an encoder is incomplete. */
const TAIL_FRAMES = 2
/** Ticks of a second of the clock of MPEG. */
const CLOCK = 90_000

/** A song as segments of whole frames, all of one length but the last. */
export interface Segments {
  readonly count: number
  /** Seconds, exact. */
  durationOf(index: number): number
  pieceOf(index: number): Piece
}

/** How to make one segment by itself, so that it joins with its neighbours. */
export interface Piece {
  /** ms of the song, with fractions. */
  readonly offsetMs: number
  /** That many from there, at the rate of what is made; silence where the song has ended. */
  readonly samples: number
  /** Frames to cut off at its beginning, and those that are then wanted. */
  readonly skip: number
  readonly frames: number
  /** When it begins, by the clock of MPEG. */
  readonly ticks: number
}

/** `sampleRate`: of what is made. Encoders put one frame ahead of the first sample, which belongs to the first segment. */
export function segmentsOf(durationMs: number, sampleRate: number): Segments {
  const total = Math.ceil((durationMs * sampleRate) / 1000 / FRAME) + 1
  const each = Math.floor((SEGMENT_SECONDS * sampleRate) / FRAME)
  const framesOf = (index: number) => Math.min(each, total - index * each)
  return {
    count: Math.ceil(total / each),
    durationOf: (index) => (framesOf(index) * FRAME) / sampleRate,
    pieceOf(index) {
      const first = index * each
      const skip = Math.min(first, LEAD_FRAMES)
      const frames = framesOf(index)
      return {
        offsetMs: ((first - skip) * FRAME * 1000) / sampleRate,
        samples: (skip + frames + TAIL_FRAMES) * FRAME,
        skip,
        frames,
        ticks: Math.round((first * FRAME * CLOCK) / sampleRate),
      }
    },
  }
}
