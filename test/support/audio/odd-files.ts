import { audioBytes } from '../audio.ts'
import { apeTag } from './ape.ts'
import { ascii, u16le, u32be, u32le } from './bytes.ts'
import { type Encoding, encode, HAS_FFMPEG, SAYS } from './encode.ts'
import { id3 } from './id3.ts'
import type { AudioFormat } from './spec.ts'

/** A good file, from which odd ones are made. */
export interface Base {
  readonly name: string
  readonly ending: string
  readonly seconds: number
  /** Its container has no place for tags. */
  readonly untagged?: boolean
  readonly bytes: () => Buffer
}

const own = (ending: string, format: AudioFormat, seconds = 1): Base => ({
  name: `${ending} of our own`,
  ending,
  seconds,
  bytes: () => audioBytes({ format, tags: SAYS }),
})
const encoded = (name: string, encoding: Encoding, untagged = false): Base => ({
  name,
  ending: encoding.ending,
  seconds: encoding.seconds ?? 3,
  untagged,
  bytes: () => encode(encoding),
})

const OWN: readonly Base[] = [
  own('mp3', 'mp3'),
  own('flac', 'flac'),
  own('ogg', 'ogg'),
  own('opus', 'opus'),
  own('m4a', 'm4a'),
  own('wav', 'wav'),
  own('aiff', 'aiff'),
  own('wv', 'wv'),
  own('mpc', 'mpc'),
  own('ape', 'ape'),
  own('dff', 'dff'),
  own('tta', 'tta'),
  own('tak', 'tak'),
  own('spx', 'spx'),
]
const ENCODED: readonly Base[] = [
  encoded('MP3', { ending: 'mp3' }),
  encoded('FLAC', { ending: 'flac' }),
  encoded('Vorbis', { ending: 'ogg' }),
  encoded('Opus', { ending: 'opus', rate: 48_000 }),
  encoded('FLAC in Ogg', { ending: 'oga', output: ['-c:a', 'flac'] }),
  encoded('M4A', { ending: 'm4a' }),
  encoded('faststart M4A', { ending: 'm4a', output: ['-movflags', '+faststart'] }),
  encoded('fragmented M4A', { ending: 'm4a', output: ['-movflags', '+frag_keyframe+empty_moov'] }),
  encoded('ALAC', { ending: 'm4a', output: ['-c:a', 'alac'] }),
  encoded('ADTS', { ending: 'aac' }, true),
  encoded('WAV', { ending: 'wav' }),
  encoded('RF64', { ending: 'wav', output: ['-rf64', 'always'] }),
  encoded('AIFF', { ending: 'aiff', output: ['-write_id3v2', '1'] }),
  encoded('AIFC', { ending: 'aifc', output: ['-f', 'aiff', '-c:a', 'pcm_s16le', '-write_id3v2', '1'] }),
  encoded('WavPack', { ending: 'wv' }),
  encoded('WMA', { ending: 'wma' }),
  encoded('MKA', { ending: 'mka' }),
  encoded('WebM', { ending: 'webm', rate: 48_000 }),
]
export const BASES: readonly Base[] = HAS_FFMPEG ? [...OWN, ...ENCODED] : OWN

const ID3V1 = Buffer.concat([ascii('TAGBehind the file'), Buffer.alloc(110)])
const LYRICS3 = (() => {
  const text = ascii('LYRICSBEGININD0000200LYR00005hello')
  return Buffer.concat([text, ascii(`${String(text.length).padStart(6, '0')}LYRICS200`), ID3V1])
})()
export const APE = apeTag({ format: 'mp3', tags: { title: 'Behind the file' } })
export const STRAY = Buffer.from(Array.from({ length: 200 }, (_, index) => (index * 73 + 41) % 251))

/** What gets behind files. */
export const TAILS: Readonly<Record<string, Buffer>> = {
  'an ID3v1 tag': ID3V1,
  'an APEv2 tag': APE,
  'an APEv2 and an ID3v1 tag': Buffer.concat([APE, ID3V1]),
  'a Lyrics3 tag': LYRICS3,
  '200 stray bytes': STRAY,
  'some zeros': Buffer.alloc(4096),
  'a megabyte of zeros': Buffer.alloc(1 << 20),
}
export const ID3_AHEAD = id3({ tags: { title: 'Ahead' } })

/** The APEv2 tag of these items with what makes it broken. */
export function brokenApe(how: 'item too long' | 'count too high' | 'size too big'): Buffer {
  const tag = apeTag({ format: 'mp3', tags: { ...SAYS, comment: 'last' } })
  const broken = Buffer.from(tag)
  const footer = broken.length - 32
  if (how === 'item too long') broken.writeUInt32LE(0x7fffffff, broken.indexOf('COMMENT') - 8)
  if (how === 'count too high') broken.writeUInt32LE(900, footer + 16)
  if (how === 'size too big') broken.writeUInt32LE(0x7ffffff0, footer + 12)
  return broken
}

/** A FLAC file with other blocks behind the first. */
export function flacWith(flac: Buffer, blocks: readonly { type: number; body: Buffer; told?: number }[]): Buffer {
  let at = 4
  for (let last = false; !last; at += 4 + flac.readUIntBE(at + 1, 3)) last = (flac[at] as number) >= 0x80
  const parts = blocks.map(({ type, body, told = body.length }, index) => {
    const head = u32be(told & 0xffffff)
    head[0] = type | (index === blocks.length - 1 ? 0x80 : 0)
    return Buffer.concat([head, body])
  })
  return Buffer.concat([ascii('fLaC'), u32be(34), flac.subarray(8, 42), ...parts, flac.subarray(at)])
}

/** One page of an Ogg stream with one packet; players don't check the sum, nor do we. */
export function oggPage(flags: number, serial: number, number: number, packet: Buffer): Buffer {
  const lacing = [...Array.from({ length: Math.floor(packet.length / 255) }, () => 255), packet.length % 255]
  const head = [ascii('OggS'), Buffer.from([0, flags]), Buffer.alloc(8), u32le(serial), u32le(number), u32le(0)]
  return Buffer.concat([...head, Buffer.from([lacing.length, ...lacing]), packet])
}

/** Musepack of stream version 7: its head and empty frames. */
export function musepack7(frames: number, rateCode: 0 | 1 | 2 | 3): Buffer {
  const head = Buffer.concat([
    ascii('MP+'),
    Buffer.from([7]),
    u32le(frames),
    u16le(1000),
    // Profile `standard` in the high half, the rate in the lowest bits.
    Buffer.from([0xa0 | rateCode, 20]),
    Buffer.alloc(8),
    u32le(0),
    Buffer.alloc(4),
  ])
  return Buffer.concat([head, Buffer.alloc(Math.ceil((frames * 20 + 16) / 8) + 64)])
}
