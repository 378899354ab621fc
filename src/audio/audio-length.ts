import { AAC_RATES } from './aac-config.ts'
import type { ReadBytes } from './iff-chunks.ts'
import { endWithoutZeros } from './mend-tail.ts'

/**
 * Lengths that the tag parser leaves open unless it reads whole files: MP3 without a header of its encoder, and ADTS, by
 * samples of the file. Every function reads a bounded part; undefined = could not be told.
 */

/** Files up to this size are looked at from end to end. */
const WHOLE = 1024 * 1024
const SAMPLES = 8
/** Encoders and taggers count a little apart. */
const WHOLE_SHARE = 0.98
const SAMPLE_BYTES = 32 * 1024

export interface FrameFacts {
  readonly seconds: number
  /** kbit/s, on average. */
  readonly bitRate: number
}

interface Frame {
  readonly bytes: number
  readonly seconds: number
  /** Version, layer and rate: frames of one stream agree on these. */
  readonly kind: number
}

type ReadFrame = (bytes: Buffer, at: number) => Frame | undefined

/**
 * Seconds of an MP3 stream, unless an encoder's header counts its frames: then the parser read them, and the share of the
 * sound that is there is told. A few places of the file are looked at; when all frames there are alike the answer is exact.
 */
export async function mp3Seconds(read: ReadBytes, size: number): Promise<FrameFacts | CountedFrames | undefined> {
  const start = await skipId3(read)
  const head = await read(start, 4096)
  const first = findFrame(head, mp3Frame)
  if (first === undefined) return undefined
  const end = await audioEnd(read, size)
  const counted = frameCount(head, first)
  if (!counted) return framesSeconds(read, start + first, end, mp3Frame)
  const bytes = end - start - first
  const share = counted.bytes > 0 && bytes < counted.bytes * WHOLE_SHARE ? bytes / counted.bytes : 1
  return { share, bytes, isVariable: counted.isVariable }
}

/** Of a stream whose encoder counted its frames. */
export interface CountedFrames {
  /** Of the sound that there should be. */
  readonly share: number
  readonly bytes: number
  readonly isVariable: boolean
}

/** Seconds of raw AAC with ADTS headers. */
export async function adtsSeconds(read: ReadBytes, size: number): Promise<FrameFacts | undefined> {
  const start = await skipId3(read)
  const first = findFrame(await read(start, 16 * 1024), adtsFrame)
  return first === undefined ? undefined : framesSeconds(read, start + first, await audioEnd(read, size), adtsFrame)
}

async function framesSeconds(
  read: ReadBytes,
  start: number,
  end: number,
  frame: ReadFrame,
): Promise<FrameFacts | undefined> {
  const length = end - start
  if (length <= 0) return undefined
  const whole = length <= WHOLE
  let bytes = 0
  let seconds = 0
  for (let index = 0; index < (whole ? 1 : SAMPLES); index++) {
    const at = start + Math.floor((index * (length - SAMPLE_BYTES)) / (SAMPLES - 1))
    const part = whole ? await read(start, length) : await read(at, SAMPLE_BYTES)
    const sum = sumFrames(part, frame)
    bytes += sum.bytes
    seconds += sum.seconds
  }
  if (bytes === 0 || seconds === 0) return undefined
  const total = whole ? seconds : (seconds * length) / bytes
  return { seconds: total, bitRate: Math.round((bytes * 8) / seconds / 1000) }
}

function sumFrames(part: Buffer, frame: ReadFrame): { bytes: number; seconds: number } {
  let bytes = 0
  let seconds = 0
  let at = findFrame(part, frame)
  while (at !== undefined && at < part.length) {
    const found = frame(part, at)
    if (found) {
      bytes += found.bytes
      seconds += found.seconds
      at += found.bytes
      continue
    }
    const next = findFrame(part.subarray(at + 1), frame)
    at = next === undefined ? undefined : at + 1 + next
  }
  return { bytes, seconds }
}

/** The first place where two frames of one kind follow each other. */
function findFrame(bytes: Buffer, frame: ReadFrame): number | undefined {
  for (let at = bytes.indexOf(0xff); at >= 0 && at + 4 <= bytes.length; at = bytes.indexOf(0xff, at + 1)) {
    const first = frame(bytes, at)
    if (!first) continue
    const next = at + first.bytes
    if (next + 8 > bytes.length) return at
    if (frame(bytes, next)?.kind === first.kind) return at
  }
  return undefined
}

const KBITS_1 = [
  [],
  [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320],
  [0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384],
  [0, 32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448],
]
const KBITS_2 = [
  [],
  [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
  [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
  [0, 32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256],
]
const MP3_RATES = [44100, 48000, 32000]

/** Layer codes as in the header: 1 = III, 2 = II, 3 = I. */
function mp3Frame(bytes: Buffer, at: number): Frame | undefined {
  if (at + 4 > bytes.length) return undefined
  const b1 = bytes[at + 1] as number
  const b2 = bytes[at + 2] as number
  if (bytes[at] !== 0xff || (b1 & 0xe0) !== 0xe0) return undefined
  const version = (b1 >> 3) & 3
  const layer = (b1 >> 1) & 3
  const rateIndex = (b2 >> 2) & 3
  if (version === 1 || layer === 0 || rateIndex === 3) return undefined
  const kbits = (version === 3 ? KBITS_1 : KBITS_2)[layer]?.[b2 >> 4]
  if (!kbits) return undefined
  const rate = (MP3_RATES[rateIndex] as number) / (version === 3 ? 1 : version === 2 ? 2 : 4)
  const samples = layer === 3 ? 384 : layer === 2 || version === 3 ? 1152 : 576
  const padding = (b2 >> 1) & 1
  const size =
    layer === 3
      ? (Math.floor((12000 * kbits) / rate) + padding) * 4
      : Math.floor((samples * 125 * kbits) / rate) + padding
  return { bytes: size, seconds: samples / rate, kind: (version << 4) | (layer << 2) | rateIndex }
}

/** What a Xing or Info table in the first frame counts; undefined = there is none, or it counts no frames. */
function frameCount(head: Buffer, at: number): { readonly bytes: number; readonly isVariable: boolean } | undefined {
  const version = ((head[at + 1] as number) >> 3) & 3
  const mono = (head[at + 3] as number) >> 6 === 3
  const side = version === 3 ? (mono ? 17 : 32) : mono ? 9 : 17
  const xing = at + 4 + side
  const name = head.toString('latin1', xing, xing + 4)
  if ((name !== 'Xing' && name !== 'Info') || xing + 16 > head.length) return undefined
  const flags = head[xing + 7] as number
  if ((flags & 1) === 0) return undefined
  return { bytes: flags & 2 ? head.readUInt32BE(xing + 12) : 0, isVariable: name === 'Xing' }
}

function adtsFrame(bytes: Buffer, at: number): Frame | undefined {
  if (at + 7 > bytes.length || bytes[at] !== 0xff) return undefined
  const b1 = bytes[at + 1] as number
  const b2 = bytes[at + 2] as number
  if ((b1 & 0xf6) !== 0xf0) return undefined
  const rate = AAC_RATES[(b2 >> 2) & 15]
  const size =
    (((bytes[at + 3] as number) & 3) << 11) | ((bytes[at + 4] as number) << 3) | ((bytes[at + 5] as number) >> 5)
  if (!rate || size < 7) return undefined
  const blocks = ((bytes[at + 6] as number) & 3) + 1
  return { bytes: size, seconds: (1024 * blocks) / rate, kind: (b1 << 4) | ((b2 >> 2) & 15) }
}

/** Where the sound begins: behind all ID3v2 tags. */
export async function skipId3(read: ReadBytes): Promise<number> {
  let at = 0
  for (let round = 0; round < 4; round++) {
    const head = await read(at, 10)
    if (head.length < 10 || head.toString('latin1', 0, 3) !== 'ID3') break
    const size = [6, 7, 8, 9].reduce((sum, index) => (sum << 7) | ((head[index] as number) & 127), 0)
    at += 10 + size + (((head[5] as number) & 0x10) !== 0 ? 10 : 0)
  }
  return at
}

/** Where it ends: before ID3v1, an APE tag and zeros. */
export async function audioEnd(read: ReadBytes, size: number): Promise<number> {
  const tail = await read(Math.max(0, size - 160), 160)
  let end = size
  if (tail.length >= 128 && tail.toString('latin1', tail.length - 128, tail.length - 125) === 'TAG') end -= 128
  const footer = tail.length - (size - end) - 32
  if (footer >= 0 && tail.toString('latin1', footer, footer + 8) === 'APETAGEX') end -= tail.readUInt32LE(footer + 12)
  const isEmpty = tail.length > 0 && tail.every((byte) => byte === 0)
  return isEmpty ? endWithoutZeros(read, size, 0) : Math.max(0, end)
}
