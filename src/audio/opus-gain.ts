/** Of the identification header (RFC 7845, 5.1), counted from its mark. */
const GAIN_AT = 16
const DB = 256

/** The gain that decoders of an Opus stream apply, as a tag; undefined when there is none. `head`: the first page. */
export function opusGain(head: Buffer): { readonly id: string; readonly value: string } | undefined {
  const at = head.indexOf('OpusHead')
  if (at < 0 || at + GAIN_AT + 2 > head.length) return undefined
  const gain = head.readInt16LE(at + GAIN_AT) / DB
  return gain === 0 ? undefined : { id: 'OPUS_OUTPUT_GAIN', value: `${gain.toFixed(2)} dB` }
}
