import type { IFormat } from 'music-metadata'
import type { ReadBytes } from './iff-chunks.ts'
import { readWaveFormat } from './wave-format.ts'

const MAX_OBJECTS = 200
const STREAM_PROPERTIES = '9107dcb7b7a9cf118ee600c00c205365'
const FILE_PROPERTIES = 'a1dcab8c47a9cf118ee400c00c205365'
const AUDIO = '409e69f84d5bcf11a8fd00805f5c442b'
const VIDEO = 'c0ef19bc4d5bcf11a8fd00805f5c442b'
const NANOSECONDS_100 = 1e7

/**
 * What the sound of an ASF (WMA) file is: the tag parser leaves it out. The length of what was recorded from a stream is
 * told by its rate. Reads the objects of its head by a small read each.
 */
export async function asfSound(read: ReadBytes, size: number, start: number): Promise<Partial<IFormat>> {
  const head = await read(start, 30)
  if (head.length < 30) return {}
  const end = start + Number(head.readBigUInt64LE(16))
  let format: Partial<IFormat> = {}
  let seconds = 0
  let bytesPerSecond = 0
  let hasVideo = false
  for (let at = start + 30, count = 0; at + 24 <= Math.min(end, size) && count < MAX_OBJECTS; count++) {
    const object = await read(at, 24)
    if (object.length < 24) break
    const id = object.toString('hex', 0, 16)
    const length = Number(object.readBigUInt64LE(16))
    if (length < 24) break
    if (id === STREAM_PROPERTIES) {
      const bytes = await read(at + 24, Math.min(length - 24, 512))
      const type = bytes.toString('hex', 0, 16)
      const wave = type === AUDIO ? readWaveFormat(bytes.subarray(54)) : undefined
      hasVideo ||= type === VIDEO
      if (wave && format.sampleRate === undefined) {
        const { isPcm: _, blockAlign: __, bytesPerSecond: speed, ...rest } = wave
        format = rest
        bytesPerSecond = speed
      }
    }
    if (id === FILE_PROPERTIES) {
      const bytes = await read(at + 24, 80)
      if (bytes.length < 64) break
      const told = Number(bytes.readBigUInt64LE(16))
      seconds = Number(bytes.readBigUInt64LE(40)) / NANOSECONDS_100 - Number(bytes.readBigUInt64LE(56)) / 1000
      if (told > size && told > end) seconds *= (size - end) / (told - end)
    }
    at += length
  }
  const estimate = bytesPerSecond > 0 ? (size - end) / bytesPerSecond : 0
  const duration = seconds > 0 ? seconds : estimate
  return {
    ...format,
    hasVideo,
    ...(bytesPerSecond > 0 ? { bitrate: bytesPerSecond * 8 } : {}),
    ...(duration > 0 ? { duration } : {}),
  }
}
