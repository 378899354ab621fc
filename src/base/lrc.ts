/** Lyrics as text: LRC with its many habits, or plain lines. Pure and linear in the length of the text. */

export interface LyricsLine {
  /** From the start of the song; absent when the lyrics are not synced. */
  readonly ms?: number
  readonly text: string
}

export interface LyricsText {
  readonly synced: boolean
  /** Positive = the lines appear earlier, as in LRC's `[offset:]` and in OpenSubsonic. */
  readonly offsetMs: number
  /** Lower-case language tag of `[lang:]`, when the text names one. */
  readonly lang?: string
  readonly lines: readonly LyricsLine[]
}

/** A line with a thousand stamps is a thousand lines: both are bounded, the rest of a longer text is left out. */
const MAX_LINES = 10_000
const MAX_TEXT = 1 << 20

/** `mm:ss`, `mm:ss.f` to `.fff`, `mm:ss:ff`, `h:mm:ss.f`; a comma serves as point. */
const STAMP = String.raw`(\d{1,3}):(\d{1,2})(?::(\d{1,2}))?(?:[.,](\d{1,3}))?`
const LINE_STAMP = new RegExp(String.raw`[ \t]*\[${STAMP}\]`, 'y')
const WORD_STAMP = new RegExp(String.raw`<${STAMP}>|\[${STAMP}\]`, 'g')
const TAG = /^\[([a-z#][a-z0-9_]*):([^\]]*)\]$/i
/** Headers that are no words of a song even where nothing is synced (`[Chorus: all]` may be one). */
const HEADERS = new Set(['ar', 'al', 'ti', 'au', 'by', 'id', 'la', 'lang', 'length', 'offset', 're', 'tool', 've', '#'])

/** Reads LRC (several stamps a line, any order, word stamps) or plain text. Never throws; `lines` may be empty. */
export function parseLyricsText(text: string): LyricsText {
  const collected: { ms?: number; text: string }[] = []
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
    const words = stripWordStamps(rest)
    if (stamps.length === 0) {
      collected.push({ text: words })
      budget -= words.length + 1
      continue
    }
    synced = true
    for (const ms of stamps) {
      if (collected.length >= MAX_LINES || budget <= 0) break
      collected.push({ ms, text: words })
      budget -= words.length + 1
    }
  }

  const lines = synced ? syncedLines(collected, new Set(unknownTags.map(({ at }) => at))) : plainLines(collected)
  const lang = languageTag(headers.get('lang') ?? headers.get('la'))
  return { synced, offsetMs: offsetOf(headers.get('offset')), ...(lang ? { lang } : {}), lines }
}

/** A language as players understand it (`en`, `eng`, `pt-br`), lower case; undefined for anything else. */
export function languageTag(text: string | undefined): string | undefined {
  const tag = text?.trim().toLowerCase().replace(/_/g, '-')
  return tag !== undefined && /^[a-z]{2,3}(-[a-z0-9]{2,8}){0,3}$/.test(tag) ? tag : undefined
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
function stripWordStamps(line: string): string {
  const parts = line.replace(WORD_STAMP, '\0').split('\0')
  if (parts.length === 1) return line
  let words = ''
  for (const part of parts) words += /\s$/.test(words.slice(-1)) ? part.trimStart() : part
  return words.trim()
}

/** In order of time; a line without a stamp continues the one before it, and what stands before the first is a heading. */
function syncedLines(collected: readonly LyricsLine[], tags: ReadonlySet<number>): readonly LyricsLine[] {
  const lines: { ms: number; text: string }[] = []
  collected.forEach((line, index) => {
    if (line.ms !== undefined) lines.push({ ms: line.ms, text: line.text })
    else if (line.text && !tags.has(index)) {
      const last = lines.at(-1)
      if (last) last.text = last.text ? `${last.text}\n${line.text}` : line.text
    }
  })
  return lines.sort((a, b) => a.ms - b.ms)
}

/** Verses stay apart; blank lines at both ends go. */
function plainLines(collected: readonly LyricsLine[]): readonly LyricsLine[] {
  const first = collected.findIndex((line) => line.text !== '')
  if (first < 0) return []
  const last = collected.findLastIndex((line) => line.text !== '')
  return collected.slice(first, last + 1).map(({ text }) => ({ text }))
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
