import { analyse } from 'chardet'
import { shortTextHint } from './short-text-hint.ts'

/** Bytes that a guess looks at, around the first above ASCII: it takes a millisecond for every four thousand. */
const BEFORE = 1024
const BEHIND = 8192
/** Of a text with less the frequencies of its letters tell little. */
const SHORT = 100
/** Confidence of the library in an encoding of which it knows nothing but that the bytes are valid. */
const NO_HINT = 10
/** Nobody wrote files in these: the letters of short Russian texts are taken for them. */
const UNUSED = new Set(['ISO-8859-5', 'ISO-8859-6'])
const LATIN = /^(?:ISO-8859-[129]|windows-125[02478])$/

/** What players wrote before Unicode, for those who can tell a right text from a wrong one. */
const LEGACY = [
  ...['windows-1251', 'gb18030', 'shift_jis', 'big5', 'euc-kr', 'euc-jp', 'windows-1252', 'windows-1250', 'koi8-r'],
  ...['windows-1253', 'windows-1254', 'windows-1255', 'windows-1256', 'windows-1257', 'windows-1258', 'windows-874'],
  ...['ibm866', 'iso-8859-2', 'macintosh'],
]

/**
 * Text of unknown encoding, as files of lyrics and playlists have it: by byte order mark, else UTF-16 by its zeros, else
 * UTF-8 when it is valid, else what its bytes look like, else Western European. Never throws.
 */
export function decodeText(bytes: Uint8Array): string {
  for (const text of readings(bytes)) return text
  return ''
}

/**
 * All that a text of unknown encoding may say, the likeliest first, each once; one alone where there is no doubt.
 * `declared`: the encoding that the text names itself, believed where the bytes are valid in it.
 */
export function* readings(bytes: Uint8Array, declared?: string): Iterable<string> {
  const unicode = markedEncoding(bytes) ?? unmarkedUtf16(bytes)
  const certain = unicode ? new TextDecoder(unicode).decode(bytes) : strictly('utf-8', bytes)
  if (certain !== undefined) return yield certain
  const seen = new Set<string>()
  for (const encoding of candidates(bytes, declared)) {
    const text = strictly(encoding, bytes)
    if (text === undefined || seen.has(text)) continue
    seen.add(text)
    yield text
  }
  if (seen.size === 0) yield Buffer.from(bytes).toString('latin1')
}

function* candidates(bytes: Uint8Array, declared: string | undefined): Iterable<string> {
  if (declared) yield declared
  yield* guesses(bytes)
  yield* LEGACY
}

function markedEncoding(bytes: Uint8Array): string | undefined {
  if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) return 'utf-8'
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return 'utf-16le'
  return bytes[0] === 0xfe && bytes[1] === 0xff ? 'utf-16be' : undefined
}

/** Every other byte of plain letters, digits, spaces and ends of lines is zero; a few zeros may be anybody's. */
function unmarkedUtf16(bytes: Uint8Array): string | undefined {
  const head = bytes.subarray(0, 2048)
  const least = Math.max(4, head.length / 40)
  const zeros = [0, 0]
  head.forEach((byte, index) => {
    if (byte === 0) zeros[index % 2] = (zeros[index % 2] ?? 0) + 1
  })
  const [even = 0, odd = 0] = zeros
  if (odd >= least && even * 10 < odd) return 'utf-16le'
  return even >= least && odd * 10 < even ? 'utf-16be' : undefined
}

function* guesses(bytes: Uint8Array): Iterable<string> {
  const start = bytes.findIndex((byte) => byte >= 0x80)
  const sample = bytes.subarray(Math.max(0, start - BEFORE), start + BEHIND)
  const inPairs = comesInPairs(sample)
  // Of a short text in one of the Chinese, Japanese and Korean encodings nothing tells which: Chinese is the likeliest.
  const weight = ({ name, confidence }: { readonly name: string; readonly confidence: number }) =>
    Math.max(confidence, NO_HINT) + (inPairs && name === 'GB18030' ? 0.5 : 0)
  const found = analyse(sample).filter(({ name }) => !UNUSED.has(name) && !(inPairs && LATIN.test(name)))
  const hint =
    inPairs && bytes.length - start < SHORT
      ? shortTextHint(sample, (encoding) => strictly(encoding, sample))
      : undefined
  if (hint) yield hint
  for (const guess of found.sort((a, b) => weight(b) - weight(a)))
    if (inPairs || guess.confidence > NO_HINT) yield guess.name
  yield 'windows-1252'
}

/** In European texts a letter with an accent stands among plain ones; one word with two of them tells nothing. */
function comesInPairs(bytes: Uint8Array): boolean {
  let high = 0
  let beside = 0
  bytes.forEach((byte, index) => {
    if (byte < 0x80) return
    high++
    if ((bytes[index - 1] ?? 0) >= 0x80 || (bytes[index + 1] ?? 0) >= 0x80) beside++
  })
  return high >= 4 && beside > high * 0.7
}

/** Undefined when the bytes are not valid in it, or Node does not know it. */
function strictly(encoding: string, bytes: Uint8Array): string | undefined {
  try {
    const decoder = new TextDecoder(encoding, { fatal: true })
    // At one go Node 20 reads windows-1252 as Latin-1, which has no quotation marks.
    return decoder.decode(bytes, { stream: true }) + decoder.decode()
  } catch {
    return undefined
  }
}
