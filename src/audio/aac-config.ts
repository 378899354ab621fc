export const AAC_RATES = [96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350]
const CHANNELS = [0, 1, 2, 3, 4, 5, 6, 8, 0, 0, 0, 7, 8, 0, 8]
const SBR = 5
const PARAMETRIC_STEREO = 29
const EXPLICIT_RATE = 15
const EXTENSION = 0x2b7

export interface AacFacts {
  /** Hz, of what is played. */
  readonly rate: number
  /** 0 = the stream itself tells. */
  readonly channels: number
}

/**
 * What an AudioSpecificConfig (ISO/IEC 14496-3) says of the sound: with spectral band replication it is played at twice
 * the rate of its core, with parametric stereo on two channels.
 */
export function aacConfig(bytes: Buffer): AacFacts | undefined {
  let at = 0
  const take = (bits: number): number => {
    let value = 0
    for (let n = 0; n < bits; n++, at++) value = value * 2 + (((bytes[at >> 3] ?? 0) >> (7 - (at & 7))) & 1)
    return value
  }
  const objectType = () => {
    const type = take(5)
    return type === 31 ? 32 + take(6) : type
  }
  const sampleRate = () => {
    const index = take(4)
    return index === EXPLICIT_RATE ? take(24) : (AAC_RATES[index] ?? 0)
  }
  const type = objectType()
  let rate = sampleRate()
  let channels = CHANNELS[take(4)] ?? 0
  if (type === SBR || type === PARAMETRIC_STEREO) {
    rate = sampleRate()
    if (type === PARAMETRIC_STEREO) channels = 2
  } else if (bytes.length * 8 - at >= 16 + 3) {
    // Older decoders don't look behind their own part: there the extension may be told as well.
    take(3)
    if (take(11) === EXTENSION && objectType() === SBR && take(1) === 1) {
      rate = sampleRate()
      if (take(11) === 0x548 && take(1) === 1) channels = 2
    }
  }
  return rate > 0 ? { rate, channels } : undefined
}
