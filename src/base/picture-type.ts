/**
 * The kinds of picture that are read from music folders and sent to clients. Nothing else is, whatever a file is called:
 * SVG and HTML can carry scripts, BMP and TIFF are not shown by players.
 */
export const PICTURE_TYPES = ['image/jpeg', 'image/png', 'image/gif', 'image/webp', 'image/avif'] as const
export type PictureType = (typeof PICTURE_TYPES)[number]

/** Bytes that `pictureType` wants to see. */
export const SNIFF_BYTES = 32

/** What the first bytes say; undefined when they are no picture that we take. */
export function pictureType(head: Uint8Array): PictureType | undefined {
  if (head.length < 12) return undefined
  if (head[0] === 0xff && head[1] === 0xd8 && head[2] === 0xff) return 'image/jpeg'
  if (head[0] === 0x89 && text(head, 1, 7) === 'PNG\r\n\x1a\n') return 'image/png'
  if (text(head, 0, 6) === 'GIF87a' || text(head, 0, 6) === 'GIF89a') return 'image/gif'
  if (text(head, 0, 4) === 'RIFF' && text(head, 8, 4) === 'WEBP') return 'image/webp'
  if (text(head, 4, 4) === 'ftyp' && isAvif(head)) return 'image/avif'
  return undefined
}

function isAvif(head: Uint8Array): boolean {
  for (let at = 8; at + 4 <= Math.min(head.length, SNIFF_BYTES); at += 4)
    if (at !== 12 && /^avi[fs]$/.test(text(head, at, 4))) return true
  return false
}

function text(bytes: Uint8Array, start: number, length: number): string {
  return String.fromCharCode(...bytes.subarray(start, start + length))
}
