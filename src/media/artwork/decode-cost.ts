import type { Metadata } from 'sharp'

/** AVIF: the planes, the decoder's own frames, and the picture made of them; measured. */
const AVIF_PIXEL = 18
/** GIF and WebP: a canvas of four bytes, and the frame that is drawn on it. */
const CANVAS_PIXEL = 5

/**
 * What lies in memory while a picture is decoded, in bytes, by its header alone. Lines that can be decoded one after the
 * other cost next to nothing; those that come in passes, or turned, lie there whole. The picture's file is not the
 * measure: 64 million pixels of one colour are 40 kB.
 */
export function decodeCost(header: Metadata): number {
  const { format, width = 0, height = 0, channels = 4, depth = 'uchar', isProgressive, orientation = 1 } = header
  const pixels = width * height
  const pixel = channels * (depth === 'uchar' ? 1 : depth === 'ushort' ? 2 : 4)
  switch (format) {
    case 'jpeg':
      // Two bytes a coefficient; with 4:2:0 two of the three planes have a quarter of them.
      if (isProgressive) return pixels * (header.chromaSubsampling === '4:2:0' ? 3 : channels * 2)
      return orientation > 1 ? pixels : 0
    case 'png':
      return isProgressive || orientation > 1 ? pixels * pixel : 0
    case 'heif':
      return pixels * AVIF_PIXEL
    default:
      return pixels * CANVAS_PIXEL
  }
}
