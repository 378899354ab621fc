import type { Sharp } from 'sharp'
import type { PictureBytes } from './picture-bytes.ts'

/** Bands in which a picture is looked at, from top to bottom. */
const BANDS = 60
const COLUMNS = 16
/** Of these at most so many may be missing: less of a picture is none. */
const MAX_MISSING = BANDS / 3
const PNG_FILL = 64 * 1024
const RIFF_HEAD = 8

/**
 * Whether most of a picture whose bytes end too early was decoded, as browsers show it. `decoded`: a decoder that goes on
 * over errors, and leaves what is missing at the bottom in one colour. Rejects when it can't make anything of it.
 */
export async function isMostlyThere(decoded: Sharp): Promise<boolean> {
  const { data, info } = await decoded
    .flatten({ background: '#000000' })
    .resize({ width: COLUMNS, height: BANDS, fit: 'fill', kernel: 'nearest', fastShrinkOnLoad: false })
    .raw()
    .toBuffer({ resolveWithObject: true })
  const pixel = data.subarray(data.length - info.channels)
  let at = data.length
  while (at > 0 && data.subarray(at - info.channels, at).equals(pixel)) at -= info.channels
  const missing = Math.floor((data.length - at) / (info.channels * COLUMNS))
  return missing <= MAX_MISSING
}

/**
 * The bytes of a picture with zeros in place of what is missing at its end: without them the decoder of WebP refuses the
 * head, and `isTorn` (no more is known of a PNG), that of an interlaced PNG makes nothing of the rest.
 */
export function filledUp({ bytes, type }: PictureBytes, { isTorn }: { readonly isTorn: boolean }): Buffer {
  if (type === 'image/png' && isTorn) return Buffer.concat([bytes, Buffer.alloc(PNG_FILL)])
  const missing = type === 'image/webp' ? bytes.readUInt32LE(4) + RIFF_HEAD - bytes.length : 0
  return missing > 0 && missing < bytes.length ? Buffer.concat([bytes, Buffer.alloc(missing)]) : bytes
}
