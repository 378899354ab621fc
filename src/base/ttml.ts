import { type LyricsText, languageTag } from './lrc.ts'

const TOKEN = /<(\/?)([A-Za-z][\w:.-]*)([^<>]*)>|<[^<>]*>|([^<]+)/g
const MAX_LINES = 10_000
const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }
/** Translations and pronunciations are layers of their own; a line shows the words that are sung. */
const LAYERS = /\bttm:role\s*=\s*["']x-(translation|roman|transliteration)["']/

/** Timed text as players of lyrics write it: a paragraph is a line, spans inside it are words. Never throws. */
export function parseTtml(text: string): LyricsText {
  const lines: { ms?: number; text: string }[] = []
  let lang: string | undefined
  let line: { ms: number | undefined; text: string } | undefined
  let hidden = 0
  for (const [, closing, tagName, attributes = '', words] of withoutComments(text).matchAll(TOKEN)) {
    if (words !== undefined) {
      if (line && hidden === 0) line.text += entities(words).replace(/\s+/g, ' ')
      continue
    }
    const name = tagName?.replace(/^.*:/, '').toLowerCase()
    if (name === undefined) continue
    const opens = closing === '' && !attributes.endsWith('/')
    if (hidden > 0 || (name === 'span' && opens && LAYERS.test(attributes))) {
      if (name === 'span') hidden += opens ? 1 : closing ? -1 : 0
      continue
    }
    lang ??= languageTag(attribute(attributes, 'xml:lang'))
    if (name === 'p' && opens) line = { ms: time(attribute(attributes, 'begin')), text: '' }
    else if (name === 'span' && opens && line) line.ms ??= time(attribute(attributes, 'begin'))
    else if (name === 'br' && line) line.text += '\n'
    else if (name === 'p' && closing && line) {
      if (lines.length >= MAX_LINES) break
      const trimmed = line.text.replace(/ *\n */g, '\n').trim()
      lines.push(line.ms === undefined ? { text: trimmed } : { ms: line.ms, text: trimmed })
      line = undefined
    }
  }
  const timed = lines.filter((one): one is { ms: number; text: string } => one.ms !== undefined)
  const synced = timed.length > 0
  const kept = synced ? timed.sort((a, b) => a.ms - b.ms) : lines
  return { synced, offsetMs: 0, ...(lang === undefined ? {} : { lang }), lines: kept }
}

function withoutComments(text: string): string {
  let kept = ''
  let from = 0
  for (let start = text.indexOf('<!--'); start >= 0; start = text.indexOf('<!--', from)) {
    kept += text.slice(from, start)
    const end = text.indexOf('-->', start + 4)
    if (end < 0) return kept
    from = end + 3
  }
  return kept + text.slice(from)
}

function attribute(attributes: string, name: string): string | undefined {
  const match = new RegExp(`(?:^|\\s)${name}\\s*=\\s*(?:"([^"]*)"|'([^']*)')`).exec(attributes)
  return match?.[1] ?? match?.[2]
}

/** `1:02.5`, `00:01:02.500`, `62.5s`, `62500ms`, `1.5m`. */
function time(value: string | undefined): number | undefined {
  const clock = /^(?:(\d{1,3}):)?(?:(\d{1,3}):)?(\d{1,5}(?:\.\d{1,9})?)(s?)$/.exec(value?.trim() ?? '')
  if (clock) {
    const [, first, second, seconds] = clock
    const minutes = second === undefined ? Number(first ?? 0) : Number(first) * 60 + Number(second)
    return Math.round((minutes * 60 + Number(seconds)) * 1000)
  }
  const unit = /^(\d{1,9}(?:\.\d{1,9})?)(ms|m|h)$/.exec(value?.trim() ?? '')
  if (!unit) return undefined
  return Math.round(Number(unit[1]) * ({ ms: 1, m: 60_000, h: 3_600_000 }[unit[2] as 'ms' | 'm' | 'h'] as number))
}

function entities(text: string): string {
  return text.replace(/&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|(\w{2,4}));/gi, (whole, decimal, hex, name) => {
    if (name !== undefined) return ENTITIES[String(name).toLowerCase()] ?? whole
    const code = decimal === undefined ? Number.parseInt(hex, 16) : Number(decimal)
    return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : ''
  })
}
