import { basename, extname } from 'node:path'
import { LRUCache } from 'lru-cache'
import { decodeText } from '../../base/decode-text.ts'
import { type LyricsLayer, type LyricsText, languageTag } from '../../base/lyrics/lyrics-text.ts'
import { parseSrt } from '../../base/lyrics/srt.ts'
import { parseTimedText } from '../../base/lyrics/timed-text.ts'
import { parseTtml } from '../../base/lyrics/ttml.ts'
import { openConfined, readBounded } from '../confined-file.ts'

const MAX_BYTES = 1 << 20
const LYRICSFILE = new Set(['.lyricsfile', '.yaml', '.yml'])
/** Characters of parsed lyrics that are kept: those of the songs that play. */
const CACHED = 1 << 20

export interface SidecarReader {
  /**
   * The lyrics in a file beside a song; undefined when there are none, it is too long, or leads out of the music.
   * Rejects with the system's error when the file can't be read.
   */
  read(path: string, within: string): Promise<LyricsText | undefined>
}

/** Files are read when someone asks for the lyrics, and again only when they changed. */
export function createSidecarReader(): SidecarReader {
  const cache = new LRUCache<string, { readonly stamp: string; readonly lyrics: LyricsText }>({
    max: 64,
    maxSize: CACHED,
    sizeCalculation: ({ lyrics }) =>
      [lyrics, ...(lyrics.layers ?? [])].reduce((total, one) => total + sizeOf(one), 100),
  })
  return {
    async read(path, within) {
      const file = await openConfined(path, within)
      if (!file) return undefined
      try {
        const { size, mtimeMs } = await file.stat()
        const stamp = `${size} ${mtimeMs}`
        const known = cache.get(path)
        if (known?.stamp === stamp) return known.lyrics
        const bytes = await readBounded(file, MAX_BYTES)
        if (!bytes) return undefined
        const lyrics = await parse(extname(path).toLowerCase(), decodeText(bytes))
        cache.set(path, { stamp, lyrics })
        return lyrics
      } finally {
        await file.close()
      }
    },
  }
}

function sizeOf({ lines, cueLines = [] }: LyricsLayer): number {
  const plain = lines.reduce((total, { text }) => total + text.length + 40, 0)
  return cueLines.reduce((total, { text, cues }) => total + text.length + cues.length * 40, plain)
}

async function parse(ending: string, text: string): Promise<LyricsText> {
  if (ending === '.srt' || ending === '.vtt') return parseSrt(text)
  if (ending === '.ttml') return parseTtml(text)
  if (!LYRICSFILE.has(ending)) return parseTimedText(text)
  // A parser that few need, of a tenth of a megabyte.
  const { parseLyricsfile } = await import('../../base/lyrics/lyricsfile.ts')
  return parseLyricsfile(text) ?? { synced: false, offsetMs: 0, lines: [] }
}

/** `Song.pt-BR.lrc` beside `Song.mp3` is in `pt-br`. */
export function languageOfName(name: string, songPath: string): string | undefined {
  const song = basename(songPath, extname(songPath))
  const stem = basename(name, extname(name)).replace(/\.lyricsfile$/i, '')
  if (stem.length <= song.length + 1 || stem.slice(0, song.length).toLowerCase() !== song.toLowerCase())
    return undefined
  return stem[song.length] === '.' ? languageTag(stem.slice(song.length + 1)) : undefined
}
