/**
 * Text of unknown encoding, as lyrics files have it: by byte order mark, else UTF-16 by its zeros, else UTF-8 when it is
 * valid, else the Chinese code page when bytes above ASCII come in pairs, else Western European. Never throws.
 */
export function decodeText(bytes: Uint8Array): string {
  if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) return decode('utf-8', bytes.subarray(3))
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return decode('utf-16le', bytes.subarray(2))
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return decode('utf-16be', bytes.subarray(2))
  const zeros = zerosOf(bytes)
  if (zeros.odd > 0.3 && zeros.even < 0.1) return decode('utf-16le', bytes)
  if (zeros.even > 0.3 && zeros.odd < 0.1) return decode('utf-16be', bytes)
  return (
    strictly('utf-8', bytes) ??
    (comesInPairs(bytes) ? strictly('gb18030', bytes) : undefined) ??
    decode('latin1', bytes)
  )
}

function decode(encoding: string, bytes: Uint8Array): string {
  return new TextDecoder(encoding).decode(bytes)
}

function strictly(encoding: string, bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes)
  } catch {
    return undefined
  }
}

/** Shares of zero bytes at even and odd places of the beginning. */
function zerosOf(bytes: Uint8Array): { readonly even: number; readonly odd: number } {
  const head = bytes.subarray(0, 2048)
  const counts = [0, 0]
  head.forEach((byte, index) => {
    if (byte === 0) counts[index % 2] = (counts[index % 2] ?? 0) + 1
  })
  const half = Math.max(1, head.length / 2)
  return { even: (counts[0] ?? 0) / half, odd: (counts[1] ?? 0) / half }
}

/** In European texts a letter with an accent stands among plain ones. */
function comesInPairs(bytes: Uint8Array): boolean {
  let high = 0
  let beside = 0
  for (let index = 0; index < bytes.length; index++) {
    if ((bytes[index] as number) < 0x80) continue
    high++
    if ((bytes[index - 1] ?? 0) >= 0x80 || (bytes[index + 1] ?? 0) >= 0x80) beside++
  }
  return beside > high * 0.7
}
