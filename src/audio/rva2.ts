const MASTER = 1

/**
 * What ID3's RVA2 frame (and XRVA, its like in 2.3) says of the volume of all channels, as the names and values of
 * ReplayGain with `RVA2_` in place of `REPLAYGAIN_`. The frame's name tells `album`, or else the track.
 */
export function gainsOfRva2(body: Buffer): readonly (readonly [string, string])[] {
  const end = body.indexOf(0)
  if (end < 0) return []
  const of = /album/i.test(body.toString('latin1', 0, end)) ? 'ALBUM' : 'TRACK'
  for (let at = end + 1; at + 4 <= body.length; ) {
    const bits = body[at + 3] as number
    const bytes = Math.ceil(bits / 8)
    if (body[at] === MASTER) {
      const gain = body.readInt16BE(at + 1) / 512
      const peak = peakOf(body.subarray(at + 4, at + 4 + bytes), bits)
      const found: [string, string][] = [[`RVA2_${of}_GAIN`, `${gain.toFixed(2)} dB`]]
      return peak > 0 ? [...found, [`RVA2_${of}_PEAK`, peak.toFixed(6)]] : found
    }
    at += 4 + bytes
  }
  return []
}

function peakOf(bytes: Buffer, bits: number): number {
  if (bits === 0 || bytes.length === 0) return 0
  return [...bytes].reduce((sum, byte) => sum * 256 + byte, 0) / 2 ** (bits - 1)
}
