import { ascii, u16be, u16le, u32be, u32le } from './bytes.ts'
import { id3 } from './id3.ts'
import type { AudioSpec } from './spec.ts'

// Formats that no free program writes: the least that their decoders take, of silence.

const u64be = (n: number) => Buffer.concat([u32be(0), u32be(n)])

/** DSDIFF 1.5, DSD64 mono, one second of silence; tags as an `ID3 ` chunk. */
export function dffFile(spec: AudioSpec): Buffer {
  const chunk = (name: string, body: Uint8Array) => Buffer.concat([ascii(name), u64be(body.length), body])
  const tags = id3(spec)
  const properties = Buffer.concat([
    ascii('SND '),
    chunk('FS  ', u32be(2_822_400)),
    chunk('CHNL', Buffer.concat([u16be(1), ascii('C000')])),
    chunk('CMPR', Buffer.concat([ascii('DSD '), Buffer.from([14]), ascii('not compressed'), Buffer.alloc(1)])),
  ])
  const body = Buffer.concat([
    ascii('DSD '),
    chunk('FVER', u32be(0x01050000)),
    chunk('PROP', properties),
    chunk('DSD ', Buffer.alloc(2_822_400 / 8, 0x69)),
    ...(tags.length > 0 ? [chunk('ID3 ', tags)] : []),
  ])
  return Buffer.concat([ascii('FRM8'), u64be(body.length), body])
}

/** Monkey's Audio 3.99, 44.1 kHz stereo, one frame of one second whose flags say that all of it is silence. */
export function apeFile(): Buffer {
  const crc = 0x80000000
  const silence = 3
  // Frames are read in words of four bytes, each the other way round; a byte and the coder's start follow the flags.
  const words = [crc, silence, 0, 0, 0, 0]
  const frame = Buffer.concat(words.map((word) => u32le(word)))
  const wav = wavHead({ rate: 44_100, channels: 2, bytes: 44_100 * 4 })
  const descriptor = Buffer.concat([
    ascii('MAC '),
    u16le(3990),
    u16le(0),
    ...[52, 24, 4, wav.length, frame.length, 0, 0].map(u32le),
    Buffer.alloc(16),
  ])
  const header = Buffer.concat([
    u16le(2000),
    u16le(0),
    ...[73_728, 44_100, 1].map(u32le),
    u16le(16),
    u16le(2),
    u32le(44_100),
  ])
  const seek = u32le(descriptor.length + header.length + 4 + wav.length)
  return Buffer.concat([descriptor, header, seek, wav, frame])
}

/** TAK: the head of a file of one second at 44.1 kHz stereo, 16 bit; nothing that could be played. */
export function takHead(): Buffer {
  const fields: readonly (readonly [value: number, bits: number])[] = [
    [2, 6],
    [0, 4],
    [2, 4],
    [44_100, 35],
    [0, 3],
    [44_100 - 6000, 18],
    [16 - 8, 5],
    [2 - 1, 4],
  ]
  let packed = 0n
  let at = 0n
  for (const [value, bits] of fields) {
    packed |= BigInt(value) << at
    at += BigInt(bits)
  }
  const info = Buffer.alloc(10)
  info.writeBigUInt64LE(packed & 0xffffffffffffffffn, 0)
  info.writeUInt16LE(Number(packed >> 64n), 8)
  const block = (type: number, body: Buffer) =>
    Buffer.concat([Buffer.from([type, body.length & 255, body.length >> 8, 0]), body])
  return Buffer.concat([ascii('tBaK'), block(1, Buffer.concat([info, Buffer.alloc(3)])), block(0, Buffer.alloc(0))])
}

/** Shorten 2, 44.1 kHz mono, 172 blocks of 256 zeros. */
export function shnFile(): Buffer {
  const bits = new BitWriter()
  const [zero, quit, verbatim] = [8, 4, 9] as const
  const blocks = 172
  bits.unsigned(5) // 16 bit, low byte first
  bits.unsigned(1)
  bits.unsigned(256)
  for (const value of [0, 0, 0]) bits.unsigned(value)
  bits.golomb(verbatim, 2)
  const head = wavHead({ rate: 44_100, channels: 1, bytes: blocks * 512 })
  bits.golomb(head.length, 5)
  for (const byte of head) bits.golomb(byte, 8)
  for (let block = 0; block < blocks; block++) bits.golomb(zero, 2)
  bits.golomb(quit, 2)
  return Buffer.concat([ascii('ajkg'), Buffer.from([2]), bits.bytes()])
}

class BitWriter {
  #text = ''

  /** Zeros for the high part, a one, then `low` bits. */
  golomb(value: number, low: number): void {
    this.#text += `${'0'.repeat(value >> low)}1${low > 0 ? (value & ((1 << low) - 1)).toString(2).padStart(low, '0') : ''}`
  }

  /** A number that tells first how many low bits it has. */
  unsigned(value: number): void {
    const low = value.toString(2).length
    this.golomb(low, 2)
    this.golomb(value, low)
  }

  bytes(): Buffer {
    const text = this.#text.padEnd(Math.ceil(this.#text.length / 32) * 32, '0')
    return Buffer.from(text.match(/.{8}/g)?.map((byte) => Number.parseInt(byte, 2)) ?? [])
  }
}

function wavHead({ rate, channels, bytes }: { rate: number; channels: number; bytes: number }): Buffer {
  const format = [u16le(1), u16le(channels), u32le(rate), u32le(rate * channels * 2), u16le(channels * 2), u16le(16)]
  return Buffer.concat([
    ascii('RIFF'),
    u32le(36 + bytes),
    ascii('WAVEfmt '),
    u32le(16),
    ...format,
    ascii('data'),
    u32le(bytes),
  ])
}
