import { cueLines, type SungPart } from '../base/lyrics/cue-lines.ts'
import { languageTag, versionsOf } from '../base/lyrics/lyrics-text.ts'
import { parseTimedText } from '../base/lyrics/timed-text.ts'
import type { EmbeddedLyrics } from '../library/entities.ts'

/** What is read and kept of one file. */
const MAX_VERSIONS = 8
const MAX_TAGS = 64
const MAX_TEXT = 1 << 20
const MAX_SYLLABLES = 20_000
/** Characters as they are stored, with the times of words. */
const MAX_STORED = 2 << 20

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

/**
 * All versions of a file's lyrics; synced ones first within a language, equal ones once. What is too much goes: times of
 * words first, then whole versions.
 */
export function toEmbeddedLyrics(tags: readonly LyricsTag[]): readonly EmbeddedLyrics[] {
  const found: EmbeddedLyrics[] = []
  const seen = new Set<string>()
  let room = MAX_STORED
  for (const tag of tags.slice(0, MAX_TAGS)) {
    if (found.length >= MAX_VERSIONS) break
    for (const lyrics of typeof tag === 'string' ? fromText(tag, undefined) : fromFrame(tag)) {
      if (found.length >= MAX_VERSIONS) break
      const key = `${lyrics.kind ?? ''} ${lyrics.lang} ${lyrics.synced} ${lyrics.lines.map(({ text }) => text).join('\n')}`
      if (seen.has(key)) continue
      seen.add(key)
      const kept = [lyrics, onlyLines(lyrics)].find((one) => JSON.stringify(one).length <= room)
      if (!kept) continue
      room -= JSON.stringify(kept).length
      found.push(kept)
    }
  }
  return found.sort((a, b) => Number(b.synced) - Number(a.synced))
}

function onlyLines({ cueLines: _, agents: __, ...lines }: EmbeddedLyrics): EmbeddedLyrics {
  return lines
}

function fromFrame(tag: Exclude<LyricsTag, string>): readonly EmbeddedLyrics[] {
  if (!('syncText' in tag) || !tag.syncText) return 'text' in tag && tag.text ? fromText(tag.text, tag.language) : []
  const lines = joinSyllables(bounded(tag.syncText))
  if (lines.length === 0) return []
  const synced = tag.timeStampFormat === IN_MILLISECONDS
  return [
    {
      lang: language(tag.language),
      synced,
      offsetMs: 0,
      lines: lines.map(({ ms, text }) => (synced ? { ms, text } : { text })),
      ...(synced && lines.some(({ parts }) => parts.length > 1)
        ? cueLines(lines.map((line, index) => ({ ...line, index })))
        : {}),
    },
  ]
}

function fromText(text: string, lang: string | undefined): readonly EmbeddedLyrics[] {
  const parsed = parseTimedText(text.slice(0, MAX_TEXT))
  const named = language(lang)
  return versionsOf(parsed, named === 'und' ? (parsed.lang ?? named) : named)
}

function bounded(parts: readonly SyncedText[]): readonly SyncedText[] {
  let left = MAX_TEXT
  return parts.slice(0, MAX_SYLLABLES).filter(({ text }) => {
    left -= text.length
    return left >= 0
  })
}

/** Karaoke files stamp syllables; a line begins where the text begins with a line break. */
function joinSyllables(parts: readonly SyncedText[]) {
  const bySyllable = parts.some(({ text }, index) => index > 0 && /^[\r\n]/.test(text))
  const lines: { ms: number; text: string; parts: SungPart[] }[] = []
  for (const { text, timestamp } of parts) {
    const ms = timestamp ?? 0
    const last = lines.at(-1)
    if (bySyllable && last && !/^[\r\n]/.test(text)) {
      last.parts.push({ ms, from: last.text.length, to: last.text.length + text.length })
      last.text += text
      continue
    }
    const begun = text.replace(/^[\r\n]+/, '')
    lines.push({ ms, text: begun, parts: [{ ms, from: 0, to: begun.length }] })
  }
  return lines.map(trimmed).sort((a, b) => a.ms - b.ms)
}

function trimmed(line: { readonly ms: number; readonly text: string; readonly parts: readonly SungPart[] }) {
  const text = line.text.trim()
  const indent = line.text.length - line.text.trimStart().length
  const moved = (place: number) => Math.min(Math.max(place - indent, 0), text.length)
  return { ...line, text, parts: line.parts.map(({ ms, from, to }) => ({ ms, from: moved(from), to: moved(to) })) }
}

function language(text: string | undefined): string {
  const tag = languageTag(text?.replaceAll('\0', ''))
  return tag === undefined || tag === 'xxx' ? 'und' : tag
}
