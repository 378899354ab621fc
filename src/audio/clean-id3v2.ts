import { pictureType } from '../base/picture-type.ts'
import { type Id3Frame, readId3Frames } from './id3v2-frames.ts'
import { id3Genres } from './id3v2-genres.ts'
import { isPlainEncoding, isUtf16, textsOf, UTF_8 } from './id3v2-text.ts'
import { gainsOfRva2 } from './rva2.ts'

/** Nobody reads them here, and frames inside frames would have to be written anew. */
const LEFT_OUT = /^(CHAP|CTOC|GEOB|PRIV|MCDI|AENC|ENCR|GRID|LINK|SEEK|ASPI|SIGN|WXXX|WFED|COMR|OWNE|USER)$/
const LANGUAGE = 3
/** Encoding, language, format of times, kind. */
const SYNCED_HEAD = 6
const TIME = 4
/** A picture begins within so many bytes of its frame. */
const PICTURE_HEAD = 1024

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
  if (plain && written.length === frames.length && written.every((list) => list.length === 1 && list[0]?.isOriginal))
    return { tag, end }
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
  if (id === 'SYLT') return syncedFrame(frame)
  if (id === 'APIC') return [pictureFrame(frame)]
  if (id === 'RVA2' || id === 'XRVA')
    return gainsOfRva2(body).map(([name, value]) => ({ id: 'TXXX', body: inUtf8([name, value]) }))
  if (id === 'TXXX' || !/^(T|COMM|USLT|IPLS|MVNM|MVIN|GRP1)/.test(id) || isPlainEncoding(encoding))
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

/** Writers end the description with one zero in UTF-16, with two in Latin-1, or not at all: the picture's own mark tells. */
function pictureFrame(frame: Id3Frame): PlainFrame {
  const { id, body } = frame
  const mime = textEnd(body, 1, 1) ?? body.length
  const start = textEnd(body, mime + 1, isUtf16(body[0]) ? 2 : 1) ?? body.length
  if (pictureType(body.subarray(start))) return { ...frame, isOriginal: true }
  for (let at = 1; at < Math.min(body.length, PICTURE_HEAD); at++)
    if (pictureType(body.subarray(at))) {
      const type = mime < at ? (body[mime] as number) : 0
      return { id, body: Buffer.concat([Buffer.of(0), Buffer.from('image/\0'), Buffer.of(type, 0), body.subarray(at)]) }
    }
  return { ...frame, isOriginal: true }
}

/** Synchronised lyrics that end in the middle are cut behind the last whole line: the parser would give up the file. */
function syncedFrame(frame: Id3Frame): readonly PlainFrame[] {
  const { id, body } = frame
  const width = isUtf16(body[0]) ? 2 : 1
  let end = textEnd(body, SYNCED_HEAD, width)
  const first = end
  for (let next = end; next !== undefined && next <= body.length; next = timeEnd(body, next, width)) end = next
  if (first === undefined || end === first) return []
  return end === body.length ? [{ id, body, isOriginal: true }] : [{ id, body: body.subarray(0, end) }]
}

function timeEnd(body: Buffer, start: number, width: number): number | undefined {
  const end = textEnd(body, start, width)
  return end === undefined ? undefined : end + TIME
}

/** Behind the null character of a text; undefined when there is none. */
function textEnd(body: Buffer, start: number, width: number): number | undefined {
  for (let at = start; at + width <= body.length; at += width)
    if (body[at] === 0 && (width === 1 || body[at + 1] === 0)) return at + width
  return undefined
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
