/** Encodings of ID3v2, by the byte ahead of a text. */
export const LATIN_1 = 0
const UTF_16 = 1
const UTF_16_BE = 2
export const UTF_8 = 3

/** Whether texts of this encoding are read alike by everyone: UTF-16 comes with and without mark, whole and cut. */
export function isPlainEncoding(encoding: number | undefined): boolean {
  return encoding === LATIN_1 || encoding === UTF_8
}

export function isUtf16(encoding: number | undefined): boolean {
  return encoding === UTF_16 || encoding === UTF_16_BE
}

/**
 * The texts behind the byte that names their encoding, which null characters separate; empty ones at the end are
 * padding. Writers without that byte are read as UTF-8 or Latin-1. `limit`: the last one is all the rest.
 */
export function textsOf(encoding: number, bytes: Buffer, limit = Number.POSITIVE_INFINITY): readonly string[] {
  const parts = isUtf16(encoding) ? utf16Parts(encoding, bytes, limit) : undefined
  const texts = parts ?? limited(eightBit(encoding, bytes), limit)
  while (texts.length > 0 && texts.at(-1) === '') texts.pop()
  return texts
}

function eightBit(encoding: number, bytes: Buffer): string {
  if (encoding === LATIN_1) return bytes.toString('latin1')
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return bytes.toString('latin1')
  }
}

function limited(text: string, limit: number): string[] {
  const parts = text.split('\0')
  return parts.length > limit ? [...parts.slice(0, limit - 1), parts.slice(limit - 1).join('\0')] : parts
}

/** Each text may begin with a byte order mark; one without it is in the order of the text before. */
function utf16Parts(encoding: number, bytes: Buffer, limit: number): string[] {
  const even = bytes.subarray(0, bytes.length - (bytes.length % 2))
  let bigEndian = encoding === UTF_16_BE || looksBigEndian(even)
  const parts: string[] = []
  let from = 0
  for (let at = 0; at <= even.length; at += 2) {
    const ends = at === even.length || (parts.length + 1 < limit && even[at] === 0 && even[at + 1] === 0)
    if (!ends) continue
    let part = even.subarray(from, at)
    const mark = part.length >= 2 ? part.readUInt16BE(0) : 0
    if (mark === 0xfeff || mark === 0xfffe) {
      bigEndian = mark === 0xfeff
      part = part.subarray(2)
    }
    parts.push((bigEndian ? Buffer.from(part).swap16() : part).toString('utf16le').replace(/^\ufeff/, ''))
    from = at + 2
  }
  return parts
}

/** Without a mark: plain letters have their zero first. */
function looksBigEndian(bytes: Buffer): boolean {
  const mark = bytes.length >= 2 ? bytes.readUInt16BE(0) : 0
  if (mark === 0xfeff || mark === 0xfffe) return mark === 0xfeff
  let balance = 0
  for (let at = 0; at + 1 < bytes.length; at += 2) balance += Number(bytes[at] === 0) - Number(bytes[at + 1] === 0)
  return balance > 0
}
