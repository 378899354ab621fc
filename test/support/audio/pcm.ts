import { ascii, u16be, u16le, u32be, u32le, u64le } from './bytes.ts'
import { id3 } from './id3.ts'
import type { AudioSpec } from './spec.ts'

const RATE = 8000

function tone(seconds: number, endian: 'le' | 'be'): Buffer {
  const count = Math.ceil(seconds * RATE)
  const out = Buffer.alloc(count * 2)
  for (let index = 0; index < count; index++) {
    const value = Math.round(4000 * Math.sin((2 * Math.PI * 440 * index) / RATE))
    if (endian === 'le') out.writeInt16LE(value, index * 2)
    else out.writeInt16BE(value, index * 2)
  }
  return out
}

const even = (body: Uint8Array) => (body.length % 2 ? Buffer.concat([body, Buffer.alloc(1)]) : body)

/** RIFF, 8 kHz mono 16 bit; tags as an `id3 ` chunk. */
export function wavFile(spec: AudioSpec): Buffer {
  const chunk = (name: string, body: Uint8Array) => Buffer.concat([ascii(name), u32le(body.length), even(body)])
  const format = Buffer.concat([u16le(1), u16le(1), u32le(RATE), u32le(RATE * 2), u16le(2), u16le(16)])
  const tags = id3(spec)
  const body = Buffer.concat([
    ascii('WAVE'),
    chunk('fmt ', format),
    ...(tags.length > 0 ? [chunk('id3 ', tags)] : []),
    chunk('data', tone(spec.seconds ?? 1, 'le')),
  ])
  return Buffer.concat([ascii('RIFF'), u32le(body.length), body])
}

/** AIFF, 8 kHz mono 16 bit; tags as an `ID3 ` chunk. */
export function aiffFile(spec: AudioSpec): Buffer {
  const chunk = (name: string, body: Uint8Array) => Buffer.concat([ascii(name), u32be(body.length), even(body)])
  const sound = tone(spec.seconds ?? 1, 'be')
  // 8000 Hz as an 80-bit float: 1.953125 * 2^12.
  const rate = Buffer.from([0x40, 0x0b, 0xfa, 0, 0, 0, 0, 0, 0, 0])
  const tags = id3(spec)
  const body = Buffer.concat([
    ascii('AIFF'),
    chunk('COMM', Buffer.concat([u16be(1), u32be(sound.length / 2), u16be(16), rate])),
    chunk('SSND', Buffer.concat([Buffer.alloc(8), sound])),
    ...(tags.length > 0 ? [chunk('ID3 ', tags)] : []),
  ])
  return Buffer.concat([ascii('FORM'), u32be(body.length), body])
}

/** DSF, DSD64 mono silence of two blocks; tags as ID3 at the end. */
export function dsfFile(spec: AudioSpec): Buffer {
  const blocks = 2
  const sound = Buffer.alloc(4096 * blocks, 0x69)
  const format = Buffer.concat([
    ascii('fmt '),
    u64le(52),
    u32le(1),
    u32le(0),
    u32le(1),
    u32le(1),
    u32le(2822400),
    u32le(1),
    u64le(sound.length * 8),
    u32le(4096),
    u32le(0),
  ])
  const data = Buffer.concat([ascii('data'), u64le(sound.length + 12), sound])
  const tags = id3(spec)
  const end = 28 + format.length + data.length
  const head = Buffer.concat([ascii('DSD '), u64le(28), u64le(end + tags.length), u64le(tags.length > 0 ? end : 0)])
  return Buffer.concat([head, format, data, tags])
}
