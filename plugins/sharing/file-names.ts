import type { Track } from 'tonearm/plugin'

/** Most file systems take 255 bytes. */
const MAX_BYTES = 230
/** Control characters, what file systems refuse, and signs that turn the reading direction: `gpj.exe` shown as `exe.jpg`. */
const UNFIT = /[\p{Cc}\p{Surrogate}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\\/:*?"<>|]/gu

/** `NN - Artist - Title.ext`, with nothing that a file system or an unpacker takes for more than a name. */
export function fileName(
  { artist, title, suffix }: Pick<Track, 'artist' | 'title' | 'suffix'>,
  number: number,
): string {
  const start = `${String(number).padStart(2, '0')} - `
  const end = `.${suffix.replace(/[^0-9A-Za-z]/g, '') || 'bin'}`
  const room = MAX_BYTES - start.length - end.length - 3
  const by = cut(safe(artist), Math.floor(room / 2))
  return `${start}${by} - ${cut(safe(title), room - Buffer.byteLength(by))}${end}`
}

export const archiveName = (title: string) => `${cut(safe(title), MAX_BYTES - 4)}.zip`

function safe(text: string): string {
  return text.replace(UNFIT, '_').replace(/^[. ]+|[. ]+$/g, '') || 'untitled'
}

/** By bytes of UTF-8, between signs as people see them. */
function cut(text: string, bytes: number): string {
  if (Buffer.byteLength(text) <= bytes) return text
  let kept = ''
  for (const { segment } of new Intl.Segmenter().segment(text)) {
    if (Buffer.byteLength(kept) + Buffer.byteLength(segment) > bytes - 3) break
    kept += segment
  }
  return `${kept.trimEnd()}…`
}
