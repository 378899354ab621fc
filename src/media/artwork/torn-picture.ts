import type { Sharp } from 'sharp'

/** Bands in which a picture is looked at, from top to bottom. */
const BANDS = 60
const COLUMNS = 16
/** Of these at most so many may be missing: less of a picture is none. */
const MAX_MISSING = BANDS / 3

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
