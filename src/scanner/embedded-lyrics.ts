import { languageTag } from '../base/lrc.ts'
import { parseTimedText } from '../base/timed-text.ts'
import type { EmbeddedLyrics } from '../library/entities.ts'

/** What is kept of one file. */
const MAX_VERSIONS = 8
const MAX_TEXT = 1 << 20

/** A lyrics tag as the parser hands it out: text, or ID3's frames. */
export type LyricsTag =
  | string
  | { readonly language?: string; readonly text?: string }
  | { readonly language?: string; readonly timeStampFormat?: number; readonly syncText?: readonly SyncedText[] }

interface SyncedText {
  readonly text: string
  readonly timestamp?: number
}

/** Milliseconds, in ID3's SYLT; the other format counts MPEG frames and can't be told in time. */
const IN_MILLISECONDS = 2

/** All versions of a file's lyrics; synced ones first within a language, equal ones once. */
export function toEmbeddedLyrics(tags: readonly LyricsTag[]): readonly EmbeddedLyrics[] {
  const found: EmbeddedLyrics[] = []
  const seen = new Set<string>()
  for (const tag of tags) {
    const lyrics = typeof tag === 'string' ? fromText(tag, undefined) : fromFrame(tag)
    if (!lyrics || lyrics.lines.length === 0 || found.length >= MAX_VERSIONS) continue
    const key = `${lyrics.lang} ${lyrics.synced} ${lyrics.lines.map(({ text }) => text).join('\n')}`
    if (!seen.has(key)) found.push(lyrics)
    seen.add(key)
  }
  return found.sort((a, b) => Number(b.synced) - Number(a.synced))
}

function fromFrame(tag: Exclude<LyricsTag, string>): EmbeddedLyrics | undefined {
  if (!('syncText' in tag) || !tag.syncText)
    return 'text' in tag && tag.text ? fromText(tag.text, tag.language) : undefined
  const lines = joinSyllables(tag.syncText)
  if (lines.length === 0) return undefined
  const synced = tag.timeStampFormat === IN_MILLISECONDS
  return {
    lang: language(tag.language),
    synced,
    offsetMs: 0,
    lines: synced ? lines : lines.map(({ text }) => ({ text })),
  }
}

function fromText(text: string, lang: string | undefined): EmbeddedLyrics | undefined {
  const parsed = parseTimedText(text.slice(0, MAX_TEXT))
  if (parsed.lines.length === 0) return undefined
  const named = language(lang)
  return {
    lang: named === 'und' ? (parsed.lang ?? named) : named,
    synced: parsed.synced,
    offsetMs: parsed.offsetMs,
    lines: parsed.lines,
  }
}

/** Karaoke files stamp syllables; a line begins where the text begins with a line break. */
function joinSyllables(parts: readonly SyncedText[]): readonly { ms: number; text: string }[] {
  const bySyllable = parts.some(({ text }, index) => index > 0 && /^[\r\n]/.test(text))
  const lines: { ms: number; text: string }[] = []
  for (const { text, timestamp } of parts) {
    const last = lines.at(-1)
    if (bySyllable && last && !/^[\r\n]/.test(text)) last.text += text
    else lines.push({ ms: timestamp ?? 0, text: text.replace(/^[\r\n]+/, '') })
  }
  return lines.map(({ ms, text }) => ({ ms, text: text.trim() })).sort((a, b) => a.ms - b.ms)
}

function language(text: string | undefined): string {
  const tag = languageTag(text?.replaceAll('\0', ''))
  return tag === undefined || tag === 'xxx' ? 'und' : tag
}
