import { FAILSAFE_SCHEMA, load } from 'js-yaml'
import { cueLines, type SungLine, type SungPart, type Voice } from './cue-lines.ts'
import { type LyricsLine, type LyricsText, languageTag, plainLines } from './lyrics-text.ts'

const VERSION = '1.0'
/** `version`, `lines`, `words`, a word; what needs more is none of these files. */
const MAX_DEPTH = 12
const MAX_LINES = 10_000
const MAX_WORDS = 50_000
const MAX_VOICES = 1000
const MAX_TIME = 24 * 3600 * 1000

type Fields = Readonly<Record<string, unknown>>

interface TimedLine {
  readonly ms: number
  readonly endMs: number | undefined
  readonly text: string
  readonly fields: Fields
}

/**
 * A Lyricsfile (YAML, version 1.0): timed lines and their words, else plain text; who sings (`vocalist`, `role`) and
 * `translation` and `transliteration` of a line where a file has them. All values are taken as the text that stands
 * there, so that a line may be `1999` or `no`; aliases are refused. Undefined for anything else. Never throws.
 */
export function parseLyricsfile(text: string): LyricsText | undefined {
  const document = read(text)
  if (!document || document.version !== VERSION) return undefined
  const about = fieldsOf(document.metadata)
  const lang = languageTag(textOf(about.language))
  const head = { offsetMs: 0, ...(lang === undefined ? {} : { lang }) }
  if (about.instrumental === 'true') return { ...head, synced: false, lines: [] }

  const lines = timedLines(document.lines)
  if (!lines.some((line) => line.text !== ''))
    return { ...head, synced: false, lines: plainLines(linesIn(document.plain)) }
  const layers = [
    layerOf('translation', lines, (fields) => textOf(fields.translation)),
    layerOf('pronunciation', lines, (fields) => textOf(fields.transliteration)),
  ]
  const told = layers.filter((layer) => layer.lines.length > 0)
  return {
    ...head,
    synced: true,
    lines: lines.map(({ ms, text }) => ({ ms, text })),
    ...cueLines(sungLines(lines), voicesOf(about.vocalists)),
    ...(told.length > 0 ? { layers: told } : {}),
  }
}

function read(text: string): Fields | undefined {
  try {
    const document: unknown = load(text, { schema: FAILSAFE_SCHEMA, maxDepth: MAX_DEPTH, maxAliases: 0 })
    return isFields(document) ? document : undefined
  } catch {
    return undefined
  }
}

function timedLines(value: unknown): readonly TimedLine[] {
  const lines: TimedLine[] = []
  for (const item of listOf(value).slice(0, MAX_LINES)) {
    const fields = fieldsOf(item)
    const ms = timeOf(fields.start_ms)
    if (ms === undefined) continue
    const written = textOf(fields.text)?.trim()
    const text = written ?? joined(listOf(fields.words)).text.trim()
    lines.push({ ms, endMs: timeOf(fields.end_ms), text, fields })
  }
  return lines.sort((a, b) => a.ms - b.ms)
}

function sungLines(lines: readonly TimedLine[]): readonly SungLine[] {
  let left = MAX_WORDS
  return lines.flatMap(({ ms, endMs, text, fields }, index) => {
    const words = listOf(fields.words).slice(0, left)
    left -= words.length
    if (words.length === 0) return []
    const next = lines[index + 1]?.ms
    const voice = textOf(Array.isArray(fields.vocalist) ? fields.vocalist[0] : fields.vocalist)
    return [
      {
        index,
        ms,
        ...(endMs === undefined ? {} : { endMs }),
        ...(next !== undefined && next > ms ? { untilMs: next } : {}),
        ...(voice === undefined ? {} : { voice }),
        background: fields.role === 'background',
        ...(laidOver(text, words) ?? joined(words)),
      },
    ]
  })
}

/** Words in their places in the line, with the space behind them where it is theirs; undefined when it has other words. */
function laidOver(text: string, words: readonly unknown[]) {
  const parts: { ms: number; endMs?: number; from: number; to: number }[] = []
  let end = 0
  for (const item of words) {
    const word = wordOf(item)
    const bare = word.text.trim()
    if (bare === '') continue
    const from = text.indexOf(bare, end)
    if (from < 0) return undefined
    end = from + bare.length
    if (/^\s/.test(text.slice(end)) && /\s$/.test(word.text)) end++
    if (word.times) parts.push({ ...word.times, from, to: end })
  }
  return { text, parts }
}

/** The line that its words make. */
function joined(words: readonly unknown[]): { readonly text: string; readonly parts: readonly SungPart[] } {
  let text = ''
  const parts: SungPart[] = []
  for (const item of words.slice(0, MAX_WORDS)) {
    const word = wordOf(item)
    const from = text.length
    text += word.text
    if (word.times && word.text !== '') parts.push({ ...word.times, from, to: text.length })
  }
  return { text, parts }
}

function wordOf(item: unknown) {
  const fields = fieldsOf(item)
  const ms = timeOf(fields.start_ms)
  const endMs = timeOf(fields.end_ms)
  return {
    text: `${textOf(fields.text) ?? ''}${textOf(fields.trailing_separator) ?? ''}`,
    times: ms === undefined ? undefined : { ms, ...(endMs === undefined ? {} : { endMs }) },
  }
}

function layerOf<K extends string>(
  kind: K,
  lines: readonly TimedLine[],
  textOfLine: (fields: Fields) => string | undefined,
) {
  const told: LyricsLine[] = lines.flatMap(({ ms, fields }) => {
    const text = textOfLine(fields)?.trim()
    return text ? [{ ms, text }] : []
  })
  return { kind, synced: true, lines: told }
}

function voicesOf(value: unknown): ReadonlyMap<string, Voice> {
  const voices = new Map<string, Voice>()
  for (const item of listOf(value).slice(0, MAX_VOICES)) {
    const { id, name, type } = fieldsOf(item)
    const called = textOf(name)
    if (typeof id === 'string') voices.set(id, { isGroup: type === 'group', ...(called ? { name: called } : {}) })
  }
  return voices
}

function timeOf(value: unknown): number | undefined {
  const ms = typeof value === 'string' && /^\d{1,9}$/.test(value) ? Number(value) : undefined
  return ms !== undefined && ms <= MAX_TIME ? ms : undefined
}

const linesIn = (value: unknown): readonly LyricsLine[] =>
  (textOf(value) ?? '').split(/\r\n|\r|\n/, MAX_LINES).map((line) => ({ text: line.trim() }))
const textOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined)
const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])
const fieldsOf = (value: unknown): Fields => (isFields(value) ? value : {})

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
