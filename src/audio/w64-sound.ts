import type { IAudioMetadata } from 'music-metadata'
import { bareMetadata } from './bare-metadata.ts'
import type { ReadBytes } from './iff-chunks.ts'
import { waveFacts, waveSeconds } from './mend-iff.ts'
import { readWaveFormat } from './wave-format.ts'

const HEAD = 40
const CHUNK = 24
const MAX_CHUNKS = 200
const MAX_FORMAT = 256

/** Sony's Wave64: the chunks of WAVE, with names of 16 bytes that begin alike, and lengths of 64 bits in steps of 8. */
export async function readWave64(read: ReadBytes, size: number, start: number): Promise<IAudioMetadata | undefined> {
  let format: Buffer | undefined
  let samples = 0
  for (let at = start + HEAD, count = 0; at + CHUNK <= size && count < MAX_CHUNKS; count++) {
    const head = await read(at, CHUNK)
    const name = head.toString('latin1', 0, 4)
    const length = Number(head.readBigUInt64LE(16)) - CHUNK
    if (length < 0) break
    const body = at + CHUNK
    if (name === 'fmt ') format = await read(body, Math.min(length, MAX_FORMAT))
    if (name === 'fact') samples = Number((await read(body, 8)).readBigUInt64LE(0))
    const wave = name === 'data' && format ? readWaveFormat(format) : undefined
    if (wave) {
      const bytes = Math.min(length, size - body)
      const seconds = waveSeconds(wave, bytes, length > bytes ? bytes / length : 1, samples)
      return bareMetadata({ container: 'Wave64', ...waveFacts(wave, seconds, bytes) })
    }
    at = body + Math.ceil(length / 8) * 8
  }
  return undefined
}
