import type { LyricsText } from './lyrics-text.ts'

const TIMES = /^\s*(?:(\d{1,3}):)?(\d{1,2}):(\d{1,2})[.,](\d{1,3})\s*-->/
const MAX_BLOCKS = 10_000

/** Subtitles (SRT, and WebVTT as far as lyrics use it) as synced lines: a block is a line, its rows stay rows. */
export function parseSrt(text: string): LyricsText {
  const lines: { ms: number; text: string }[] = []
  for (const block of text.replace(/\r\n?/g, '\n').split(/\n[ \t]*\n/)) {
    if (lines.length >= MAX_BLOCKS) break
    const rows = block.split('\n')
    const at = rows.findIndex((row) => row.includes('-->'))
    const match = at < 0 ? null : TIMES.exec(rows[at] as string)
    if (!match) continue
    const [, hours = '0', minutes = '0', seconds = '0', fraction = '0'] = match
    const ms = ((Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds)) * 1000 + Number(fraction.padEnd(3, '0'))
    const words = rows.slice(at + 1).map((row) => row.replace(/<[^<>]*>|\{\\[^{}]*\}/g, '').trim())
    lines.push({ ms, text: words.filter((row) => row !== '').join('\n') })
  }
  return { synced: true, offsetMs: 0, lines: lines.sort((a, b) => a.ms - b.ms) }
}
