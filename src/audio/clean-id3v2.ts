import { type Id3Frame, readId3Frames } from './id3v2-frames.ts'
import { id3Genres } from './id3v2-genres.ts'
import { isPlainEncoding, textsOf, UTF_8 } from './id3v2-text.ts'
import { gainsOfRva2 } from './rva2.ts'

/** Nobody reads them here, and frames inside frames would have to be written anew. */
const LEFT_OUT = /^(CHAP|CTOC|GEOB|PRIV|MCDI|AENC|ENCR|GRID|LINK|SEEK|ASPI|SIGN)$/
const LANGUAGE = 3

export interface CleanId3 {
  /** A whole ID3v2.4 tag, or what was there when that is one already. */
  readonly tag: Buffer
  /** Where the frames of what was there end. */
  readonly end: number
}

/**
 * An ID3v2 tag of any version and habit as a plain ID3v2.4 one in UTF-8, for a parser that reads only those right. In
 * 2.3 it cuts names at slashes, too. Undefined when there is no frame that can be read.
 */
export function cleanId3v2(tag: Buffer): CleanId3 | undefined {
  const { frames, plain, end } = readId3Frames(tag)
  if (frames.length === 0) return undefined
  const written = frames.filter(({ id }) => !LEFT_OUT.test(id)).map(plainFrames)
  if (plain && written.every((list) => list.length === 1 && list[0]?.isOriginal)) return { tag, end }
  const parts = written.flat().flatMap(({ id, body }) => [header(id, body.length), body])
  const size = parts.reduce((sum, { length }) => sum + length, 0)
  return { tag: Buffer.concat([Buffer.from([0x49, 0x44, 0x33, 4, 0, 0]), syncsafe(size), ...parts]), end }
}

interface PlainFrame extends Id3Frame {
  /** Nothing about it was changed. */
  readonly isOriginal?: boolean
}

function plainFrames(frame: Id3Frame): readonly PlainFrame[] {
  const { id, body } = frame
  const encoding = body[0] as number
  if (id === 'TCON') return genreFrame(frame)
  if (id === 'RVA2' || id === 'XRVA')
    return gainsOfRva2(body).map(([name, value]) => ({ id: 'TXXX', body: inUtf8([name, value]) }))
  if (id === 'TXXX' || id === 'WXXX' || !/^(T|COMM|USLT|IPLS|MVNM|MVIN|GRP1)/.test(id) || isPlainEncoding(encoding))
    return id === 'TXXX' && !isPlainEncoding(encoding)
      ? [{ id, body: inUtf8(textsOf(encoding, body.subarray(1))) }]
      : [{ id, body, isOriginal: true }]
  if (id === 'COMM' || id === 'USLT') {
    const texts = textsOf(encoding, body.subarray(1 + LANGUAGE), 2)
    return [{ id, body: inUtf8([texts[0] ?? '', texts[1] ?? ''], body.subarray(1, 1 + LANGUAGE)) }]
  }
  return [{ id, body: inUtf8(textsOf(encoding, encoding > UTF_8 ? body : body.subarray(1))) }]
}

/** Genres are written so that the parser's own look for numbers in parentheses finds each once. */
function genreFrame(frame: Id3Frame): readonly PlainFrame[] {
  const encoding = frame.body[0] as number
  const texts = textsOf(encoding, encoding > UTF_8 ? frame.body : frame.body.subarray(1))
  if (isPlainEncoding(encoding) && !texts.some((text) => text.includes('('))) return [{ ...frame, isOriginal: true }]
  const genres = texts
    .flatMap(id3Genres)
    .map((genre) => (/^\((RX|CR)\)$/.test(genre) ? genre : genre.replaceAll('(', '((')))
  return [{ id: frame.id, body: inUtf8(genres) }]
}

function inUtf8(texts: readonly string[], behindEncoding: Uint8Array = Buffer.alloc(0)): Buffer {
  return Buffer.concat([Buffer.from([UTF_8]), behindEncoding, Buffer.from(texts.join('\0'), 'utf8')])
}

function header(id: string, length: number): Buffer {
  return Buffer.concat([Buffer.from(id, 'latin1'), syncsafe(length), Buffer.alloc(2)])
}

function syncsafe(n: number): Buffer {
  return Buffer.from([(n >> 21) & 127, (n >> 14) & 127, (n >> 7) & 127, n & 127])
}
