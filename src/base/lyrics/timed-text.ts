import { parseLyricsText } from './lrc.ts'
import type { LyricsText } from './lyrics-text.ts'
import { parseSrt } from './srt.ts'
import { parseTtml } from './ttml.ts'

const SRT =
  /^(?:\ufeff?\s*(?:\d{1,5}[ \t]*(?:\r\n|\r|\n))?[ \t]*(?:\d{1,3}:)?\d{1,2}:\d{1,2}[.,]\d{1,3}[ \t]*-->|\ufeff?WEBVTT\b)/
const TTML = /^\ufeff?\s*(?:<\?xml[^<>]{0,200}>\s*)?<(?:\w{1,20}:)?tt[\s>]/

/** Lyrics of whatever kind the text is: subtitles (SRT, WebVTT), TTML, LRC, or plain lines. Never throws. */
export function parseTimedText(text: string): LyricsText {
  const found = SRT.test(text) ? parseSrt(text) : TTML.test(text) ? parseTtml(text) : undefined
  return found && found.lines.length > 0 ? found : parseLyricsText(text)
}
