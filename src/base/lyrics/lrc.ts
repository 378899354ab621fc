import { cueLines, type SungPart } from './cue-lines.ts'
import { type LyricsLine, type LyricsText, languageTag, plainLines } from './lyrics-text.ts'

/** A line with a thousand stamps is a thousand lines: both are bounded, the rest of a longer text is left out. */
const MAX_LINES = 10_000
const MAX_TEXT = 1 << 20

/** Where the time of a word stood in a line. */
interface WordStamp {
  readonly ms: number
  readonly at: number
}

interface StampedLine extends LyricsLine {
  readonly words?: readonly WordStamp[]
}

/** `mm:ss`, `mm:ss.f` to `.fff`, `mm:ss:ff`, `h:mm:ss.f`; a comma serves as point. */
const STAMP = String.raw`(\d{1,3}):(\d{1,2})(?::(\d{1,2}))?(?:[.,](\d{1,3}))?`
const LINE_STAMP = new RegExp(String.raw`[ \t]*\[${STAMP}\]`, 'y')
const WORD_STAMP = new RegExp(String.raw`<${STAMP}>|\[${STAMP}\]|\0`, 'g')
const TAG = /^\[([a-z#][a-z0-9_]*):([^\]]*)\]$/i
/** Headers that are no words of a song even where nothing is synced (`[Chorus: all]` may be one). */
const HEADERS = new Set(['ar', 'al', 'ti', 'au', 'by', 'id', 'la', 'lang', 'length', 'offset', 're', 'tool', 've', '#'])

/**
 * Reads LRC (several stamps a line, any order, word stamps) or plain text, in one pass. Never throws; `lines` may be
 * empty.
 */
export function parseLyricsText(text: string): LyricsText {
  const collected: StampedLine[] = []
  const headers = new Map<string, string>()
  const unknownTags: { readonly at: number }[] = []
  let synced = false
  let budget = MAX_TEXT

  for (const raw of splitLines(text)) {
    if (collected.length >= MAX_LINES || budget <= 0) break
    const line = raw.trim()
    const tag = TAG.exec(line)
    if (tag && !isStamp(line)) {
      const name = (tag[1] as string).toLowerCase()
      if (HEADERS.has(name)) {
        if (!headers.has(name)) headers.set(name, (tag[2] as string).trim())
        continue
      }
      unknownTags.push({ at: collected.length })
    }
    const { stamps, rest } = takeStamps(line)
    const { text: sung, words } = takeWordStamps(rest)
    if (stamps.length === 0) {
      collected.push({ text: sung, ...(words ? { words } : {}) })
      budget -= sung.length + 1
      continue
    }
    synced = true
    const own = words && ownStamp(stamps, words)
    stamps.forEach((ms, index) => {
      if (collected.length >= MAX_LINES || budget <= 0) return
      collected.push({ ms, text: sung, ...(words && index === own ? { words } : {}) })
      budget -= sung.length + 1
    })
  }

  const lang = languageTag(headers.get('lang') ?? headers.get('la'))
  const head = { synced, offsetMs: offsetOf(headers.get('offset')), ...(lang ? { lang } : {}) }
  if (!synced) return { ...head, lines: plainLines(collected) }
  const stamped = syncedLines(collected, new Set(unknownTags.map(({ at }) => at)))
  return {
    ...head,
    lines: stamped.map(({ ms, text }) => ({ ms, text })),
    ...cueLines(
      stamped.flatMap((line, index) =>
        line.words ? [{ ...line, index, ...untilNext(stamped, index), parts: partsOf(line, line.words) }] : [],
      ),
    ),
  }
}

/** Milliseconds of a stamp's groups: minutes, seconds, hundredths or seconds, fraction. */
function stampMs(groups: readonly (string | undefined)[]): number {
  const [first, second, third, fraction] = groups
  const fractionMs = fraction === undefined ? 0 : Number(fraction.padEnd(3, '0'))
  if (third === undefined) return (Number(first) * 60 + Number(second)) * 1000 + fractionMs
  if (fraction === undefined) return (Number(first) * 60 + Number(second)) * 1000 + Number(third.padEnd(2, '0')) * 10
  return ((Number(first) * 60 + Number(second)) * 60 + Number(third)) * 1000 + fractionMs
}

function isStamp(line: string): boolean {
  LINE_STAMP.lastIndex = 0
  return LINE_STAMP.test(line)
}

function takeStamps(line: string): { readonly stamps: readonly number[]; readonly rest: string } {
  const stamps: number[] = []
  let end = 0
  LINE_STAMP.lastIndex = 0
  for (let match = LINE_STAMP.exec(line); match; match = LINE_STAMP.exec(line)) {
    stamps.push(stampMs(match.slice(1, 5)))
    end = LINE_STAMP.lastIndex
  }
  return { stamps, rest: line.slice(end).trim() }
}

/** `Hel<00:01.20>lo <00:01.50> you` is `Hello you`. */
function takeWordStamps(line: string): { readonly text: string; readonly words?: readonly WordStamp[] } {
  const words: { ms: number; at: number }[] = []
  let text = ''
  let end = 0
  // What has been put together is not looked at again: that would copy it each time.
  let afterSpace = false
  const append = (part: string) => {
    const added = afterSpace ? part.trimStart() : part
    if (added !== '') afterSpace = /\s/.test(added.slice(-1))
    text += added
  }
  for (const match of line.matchAll(WORD_STAMP)) {
    append(line.slice(end, match.index))
    end = match.index + match[0].length
    const groups = match[1] === undefined ? match.slice(5, 9) : match.slice(1, 5)
    if (groups[0] !== undefined) words.push({ ms: stampMs(groups), at: text.length })
  }
  if (end === 0) return { text: line }
  append(line.slice(end))
  const indent = text.length - text.trimStart().length
  text = text.trim()
  if (words.length === 0) return { text }
  return { text, words: words.map(({ ms, at }) => ({ ms, at: Math.min(Math.max(at - indent, 0), text.length) })) }
}

/** Times of words are those of one of a line's repeats: the last that does not begin behind them. */
function ownStamp(stamps: readonly number[], words: readonly WordStamp[]): number {
  const first = words[0]?.ms ?? 0
  let own = 0
  stamps.forEach((ms, index) => {
    const best = stamps[own] ?? 0
    if (ms <= first && (best > first || ms > best)) own = index
  })
  return own
}

/** From stamp to stamp, with the space behind a word; a stamp before nothing but space is the end of the word before it. */
function partsOf({ ms, text }: StampedLine, words: readonly WordStamp[]): readonly SungPart[] {
  const parts: { ms: number; endMs?: number; from: number; to: number }[] = []
  const first = words[0]?.at ?? 0
  if (ms !== undefined && text.slice(0, first).trim() !== '') parts.push({ ms, from: 0, to: first })
  words.forEach((word, index) => {
    const to = words[index + 1]?.at ?? text.length
    const part = text.slice(word.at, to)
    const from = to - part.trimStart().length
    const last = parts.at(-1)
    if (from < to) parts.push({ ms: word.ms, from, to })
    else if (last) last.endMs ??= word.ms
  })
  return parts
}

function untilNext(lines: readonly LyricsLine[], index: number): { readonly untilMs?: number } {
  const ms = lines[index]?.ms ?? 0
  const next = lines[index + 1]?.ms
  return next !== undefined && next > ms ? { untilMs: next } : {}
}

/** In order of time; a line without a stamp continues the one before it, and what stands before the first is a heading. */
function syncedLines(
  collected: readonly StampedLine[],
  tags: ReadonlySet<number>,
): readonly (StampedLine & { readonly ms: number })[] {
  const lines: { ms: number; text: string; words?: WordStamp[] }[] = []
  collected.forEach(({ ms, text, words }, index) => {
    if (ms !== undefined) lines.push({ ms, text, ...(words ? { words: [...words] } : {}) })
    else if (text && !tags.has(index)) {
      const last = lines.at(-1)
      if (!last) return
      const before = last.text ? `${last.text}\n` : ''
      last.text = before + text
      if (!words) return
      last.words ??= []
      for (const word of words) last.words.push({ ...word, at: word.at + before.length })
    }
  })
  return lines.sort((a, b) => a.ms - b.ms)
}

function* splitLines(text: string): Iterable<string> {
  const breaks = /\r\n|\r|\n|\u2028|\u2029/g
  let start = text.startsWith('\ufeff') ? 1 : 0
  for (let match = breaks.exec(text); match; match = breaks.exec(text)) {
    yield text.slice(start, match.index)
    start = breaks.lastIndex
  }
  yield text.slice(start)
}

function offsetOf(value: string | undefined): number {
  const match = /^([+-]?)\s*(\d{1,9})$/.exec(value ?? '')
  return match ? Number(match[2]) * (match[1] === '-' ? -1 : 1) || 0 : 0
}
