import type { Song } from '../library/entities.ts'

/** Most file systems take 255 bytes, and Windows 260 characters for all of a path. */
const MAX_FILE = 180
const MAX_FOLDER = 80
/** Control characters, what file systems refuse, and signs that turn the reading direction: `gpj.exe` shown as `exe.jpg`. */
const UNFIT = /[\p{Cc}\p{Surrogate}\ufffe\uffff\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\\/:*?"<>|]/gu
/** Names of devices, whatever ending they have. */
const RESERVED = /^(?:con|prn|aux|nul|conin\$|conout\$|(?:com|lpt)[0-9\u00b9\u00b2\u00b3])(?:\.|$)/i

/** Names inside one archive: each only once, also where case or composed letters make no difference. */
export interface ArchiveNames {
  /** The file's name, or one with a number: `01 - A - B (2).mp3`. `folder`: '' or a path that ends with `/`. */
  file(folder: string, name: string): string
  /** The path of a new folder in a folder, with `/` at its end. */
  folder(parent: string, name: string): string
}

export function createArchiveNames(): ArchiveNames {
  const taken = new Map<string, number>()
  const unused = (make: (number: number) => string): string => {
    const first = make(1)
    const key = keyOf(first)
    for (let number = taken.get(key) ?? 1; ; number++) {
      const name = number === 1 ? first : make(number)
      taken.set(key, number + 1)
      if (number === 1) return name
      if (taken.has(keyOf(name))) continue
      taken.set(keyOf(name), 2)
      return name
    }
  }
  return {
    file: (folder, name) => {
      const dot = name.lastIndexOf('.')
      const [stem, ending] = dot > 0 ? [name.slice(0, dot), name.slice(dot)] : [name, '']
      return unused((number) => `${folder}${number === 1 ? name : `${stem} (${number})${ending}`}`)
    },
    folder: (parent, name) =>
      unused((number) => `${parent}${safe(name, MAX_FOLDER)}${number === 1 ? '' : ` (${number})`}/`),
  }
}

/** `NN - Artist - Title.ext`, without a number when there is none; nothing in it that is more than a name. */
export function songFileName(
  { artist, title }: Pick<Song, 'artist' | 'title'>,
  suffix: string,
  number: string,
): string {
  const start = number === '' ? '' : `${number} - `
  const end = `.${suffix.replace(/[^0-9A-Za-z]/g, '') || 'bin'}`
  const room = MAX_FILE - Buffer.byteLength(start) - end.length - 3
  const by = safe(artist, Math.floor(room / 2))
  return `${start}${by} - ${safe(title, room - Buffer.byteLength(by))}${end}`
}

/** Of the archive, or of a file in it, without an ending. */
export function titleName(title: string): string {
  return safe(title, MAX_FILE)
}

function safe(text: string, bytes: number): string {
  const name = cut(text.replace(UNFIT, '_'), bytes).replace(/^[. ]+|[. ]+$/g, '') || 'untitled'
  return RESERVED.test(name) ? `_${name}` : name
}

/** By bytes of UTF-8, between signs as people see them. */
function cut(text: string, bytes: number): string {
  if (Buffer.byteLength(text) <= bytes) return text
  let kept = ''
  let size = 0
  // A name of a megabyte is not looked at to its end; letters need at most four bytes, signs may need many.
  for (const { segment } of new Intl.Segmenter().segment(text.slice(0, bytes))) {
    size += Buffer.byteLength(segment)
    if (size > bytes - 3) break
    kept += segment
  }
  return `${kept.trimEnd()}…`
}

function keyOf(path: string): string {
  return path.replace(/\/$/, '').normalize('NFC').toLowerCase()
}
