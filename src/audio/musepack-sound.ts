import type { IFormat } from 'music-metadata'
import type { ReadBytes } from './iff-chunks.ts'

const RATES = [44_100, 48_000, 37_800, 32_000]
const FRAME = 1152
/** What the decoder's filters hold back, where the last frame's length is not told. */
const DELAY = 481
const HEADER = 28
const SIGNATURE = 4
const MAX_PACKETS = 50
const PACKET_BYTES = 64

/** Musepack of stream version 7, which has always two channels; its rate is in the lowest bits of a byte. */
export async function readMusepack7(read: ReadBytes, start: number): Promise<Partial<IFormat>> {
  const head = await read(start, HEADER)
  const known = { container: 'Musepack, SV7', codec: 'Musepack', lossless: false }
  if (head.length < HEADER || ((head[3] as number) & 15) < 7) return known
  const frames = head.readUInt32LE(4)
  const rate = RATES[(head[10] as number) & 3] as number
  const gapless = head.readUInt32LE(20)
  const lastFrame = gapless >>> 31 ? (gapless >>> 20) & 0x7ff : FRAME - DELAY
  return {
    ...known,
    numberOfChannels: 2,
    sampleRate: rate,
    duration: Math.max(0, (frames - 1) * FRAME + lastFrame) / rate,
  }
}

/** Stream version 8: packets of two letters and a length of seven bits a byte. */
export async function readMusepack8(read: ReadBytes, start: number): Promise<Partial<IFormat>> {
  const known = { container: 'Musepack, SV8', codec: 'Musepack', lossless: false }
  for (let at = start + SIGNATURE, count = 0; count < MAX_PACKETS; count++) {
    const bytes = await read(at, PACKET_BYTES)
    if (bytes.length < 4) break
    const size = numberAt(bytes, 2)
    if (bytes.toString('latin1', 0, 2) === 'SH') {
      const samples = numberAt(bytes, size.next + 5)
      const silence = numberAt(bytes, samples.next)
      const packed = bytes.length >= silence.next + 2 ? bytes.readUInt16BE(silence.next) : 0
      const rate = RATES[packed >> 13] ?? 0
      return {
        ...known,
        numberOfChannels: ((packed >> 4) & 15) + 1,
        ...(rate > 0 ? { sampleRate: rate, duration: Math.max(0, samples.value - silence.value) / rate } : {}),
      }
    }
    if (size.value < 3) break
    at += size.value
  }
  return known
}

function numberAt(bytes: Buffer, from: number): { readonly value: number; readonly next: number } {
  let value = 0
  let next = from
  for (let more = true; more && next < bytes.length; next++) {
    value = value * 128 + ((bytes[next] as number) & 127)
    more = (bytes[next] as number) >= 128
  }
  return { value, next }
}
