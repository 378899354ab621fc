import { parseLyricsText } from './lrc.ts'
import type { LyricsText } from './lyrics-text.ts'
import { parseSrt } from './srt.ts'
import { parseTtml } from './ttml.ts'

/** Enough to tell a kind by. Of a text without the blanks before it: where two of these meet, they'd share a long run. */
const HEAD = 8192
const SRT = /^(?:\d{1,5}[ \t]*(?:\r\n|\r|\n))?[ \t]*(?:\d{1,3}:)?\d{1,2}:\d{1,2}[.,]\d{1,3}[ \t]*-->/
const WEBVTT = /^\ufeff?WEBVTT\b/
const TTML = /^(?:<\?xml[^<>]{0,200}>\s*)?<(?:\w{1,20}:)?tt[\s>]/

/** Lyrics of whatever kind the text is: subtitles (SRT, WebVTT), TTML, LRC, or plain lines. Never throws. */
export function parseTimedText(text: string): LyricsText {
  const head = text.trimStart().slice(0, HEAD)
  const isSrt = SRT.test(head) || WEBVTT.test(text)
  const found = isSrt ? parseSrt(text) : TTML.test(head) ? parseTtml(text) : undefined
  return found && found.lines.length > 0 ? found : parseLyricsText(text)
}
