import { ascii, crc, crcTable, u16be, u24be } from './bytes.ts'
import type { AudioSpec } from './spec.ts'
import { pictureBlock, vorbisComment } from './vorbis.ts'

const CRC8 = crcTable(8, 0x07)
const CRC16 = crcTable(16, 0x8005)
const INFO_END = 4 + 4 + 34

/** Frames of a file with fixed block size: each begins with the sync code, and the sum of what came before is right. */
function frames(audio: Buffer): readonly Buffer[] {
  const found: Buffer[] = []
  let start = 0
  for (let at = 2; at <= audio.length; at++) {
    const boundary = at === audio.length || (audio[at] === 0xff && audio[at + 1] === 0xf8)
    if (!boundary || at - start < 8) continue
    if (crc(CRC16, 16, audio.subarray(start, at - 2)) !== audio.readUInt16BE(at - 2)) continue
    found.push(audio.subarray(start, at))
    start = at
  }
  return found
}

function codedNumber(n: number): Buffer {
  if (n < 0x80) return Buffer.from([n])
  return Buffer.from(String.fromCodePoint(n), 'utf8')
}

/** The frame under another number. Numbers stay below 128 in the base, one byte. */
function renumber(frame: Buffer, number: number): Buffer {
  const head = Buffer.concat([frame.subarray(0, 4), codedNumber(number)])
  const extra = sizeBytes(frame)
  const header = Buffer.concat([head, frame.subarray(5, 5 + extra)])
  const body = Buffer.concat([header, Buffer.from([crc(CRC8, 8, header)]), frame.subarray(5 + extra + 1, -2)])
  return Buffer.concat([body, u16be(crc(CRC16, 16, body))])
}

/** Bytes after the frame number that spell out an odd block size or sample rate. */
function sizeBytes(frame: Buffer): number {
  const code = frame[2] as number
  const block = code >> 4
  const rate = code & 15
  return (block === 6 ? 1 : block === 7 ? 2 : 0) + (rate === 12 ? 1 : rate === 13 || rate === 14 ? 2 : 0)
}

export function flacFile(base: Buffer, spec: AudioSpec): Buffer {
  const info = Buffer.from(base.subarray(8, INFO_END))
  let audio: Buffer = base.subarray(INFO_END)
  const blockSize = info.readUInt16BE(0)
  if (spec.seconds !== undefined) {
    const whole = frames(audio).slice(0, -1)
    const count = Math.ceil((spec.seconds * 44100) / blockSize)
    const parts: Buffer[] = []
    for (let number = 0; number < count; number++) parts.push(renumber(whole[number % whole.length] as Buffer, number))
    audio = Buffer.concat(parts)
    const samples = count * blockSize
    info[13] = ((info[13] as number) & 0xf0) | Math.floor(samples / 2 ** 32)
    info.writeUInt32BE(samples % 2 ** 32, 14)
    info.fill(0, 18, 34)
  }
  const blocks: [number, Buffer][] = [
    [0, info],
    [4, vorbisComment(spec, false)],
  ]
  if (spec.picture) blocks.push([6, pictureBlock(spec.picture)])
  const parts = [ascii('fLaC')]
  for (const [index, [type, body]] of blocks.entries())
    parts.push(Buffer.from([type | (index === blocks.length - 1 ? 0x80 : 0)]), u24be(body.length), body)
  return Buffer.concat([...parts, audio])
}
