import sax from 'sax'
import { withoutDeclarations } from '../xml-declarations.ts'
import { type CueRoom, cueLines, cueRoom, type SungLine, type Voice } from './cue-lines.ts'
import { type LyricsKind, type LyricsLine, type LyricsText, languageTag } from './lyrics-text.ts'
import { createParagraph, type Paragraph, type ReadParagraph } from './ttml-paragraph.ts'

const MAX_LINES = 10_000
/** Of the lines and of all layers together. */
const MAX_TEXT = 1 << 20
const MAX_LAYERS = 20
const MAX_VOICES = 1000
/** Players write eight levels; the parser's work grows with them. */
const MAX_DEPTH = 64

/** Lenient as to form, and with no entities but XML's. */
const PARSING = { lowercase: true, strictEntities: true, position: false, noscript: true }

type LayerKind = Exclude<LyricsKind, 'main'>

interface Layer {
  readonly kind: LayerKind
  readonly lang: string | undefined
  /** By the line that they stand in, else by its key. */
  readonly texts: Map<Line | string, ReadParagraph>
}

interface Line extends ReadParagraph {
  readonly key: string | undefined
}

/** What may still be kept of a document. */
interface Room {
  text: number
  readonly cues: CueRoom
}

const LAYERS = new Map<string, LayerKind>([
  ['translation', 'translation'],
  ['transliteration', 'pronunciation'],
])

/** Ends the reading of a text of which enough is known. */
class Enough extends Error {}

/**
 * Timed text as players of lyrics write it: a paragraph is a line, timed spans inside it are words. Agents, background
 * vocals (`x-bg`), and translations and transliterations, beside the line or in the head, are told apart. Of a broken or
 * hostile text it gives what can be read until there; no entities are known but XML's five. Never throws.
 */
export function parseTtml(text: string): LyricsText {
  const found = readDocument(text)
  const synced = found.lines.some(({ ms }) => ms !== undefined)
  const lines = synced
    ? found.lines.filter(({ ms }) => ms !== undefined).sort((a, b) => (a.ms ?? 0) - (b.ms ?? 0))
    : found.lines
  // The lines come first: what they leave is for the layers.
  const room: Room = { text: MAX_TEXT, cues: cueRoom() }
  const main = layered(
    layerOf(lines, (line) => line, room),
    synced,
    found.voices,
    room,
  )
  const keyed = firstByKey(lines)
  const layers = [...inlineLayers(lines), ...found.layers].slice(0, MAX_LAYERS).flatMap(({ kind, lang, texts }) => {
    const textOf = (line: Line) => texts.get(line) ?? (keyed.has(line) ? texts.get(line.key ?? '') : undefined)
    const layer = layerOf(lines, textOf, room)
    if (layer.lines.length === 0) return []
    return [{ kind, ...named(lang), synced, ...layered(layer, synced, found.voices, room) }]
  })
  return {
    synced,
    offsetMs: 0,
    ...named(found.lang),
    ...main,
    ...(layers.length > 0 ? { layers } : {}),
  }
}

/** A text of a layer belongs to one line, however many have its key. */
function firstByKey(lines: readonly Line[]): ReadonlySet<Line> {
  const seen = new Set<string>()
  return new Set(
    lines.filter(({ key }) => {
      if (key === undefined || seen.has(key)) return false
      seen.add(key)
      return true
    }),
  )
}

const named = (lang: string | undefined) => (lang === undefined ? {} : { lang })

function layered(
  { lines, sung }: { readonly lines: readonly LyricsLine[]; readonly sung: readonly SungLine[] },
  synced: boolean,
  voices: ReadonlyMap<string, Voice>,
  room: Room,
) {
  return { lines, ...(synced ? cueLines(sung, voices, room.cues) : {}) }
}

function layerOf(lines: readonly Line[], textOf: (line: Line) => ReadParagraph | undefined, room: Room) {
  const kept: LyricsLine[] = []
  const sung: SungLine[] = []
  lines.forEach((line, place) => {
    const read = textOf(line)
    if (!read || read.text.length > room.text) return
    room.text -= read.text.length
    const next = lines[place + 1]?.ms
    const untilMs = line.endMs ?? (next !== undefined && next > (line.ms ?? 0) ? next : undefined)
    for (const part of read.sung)
      sung.push({ ...part, index: kept.length, ...(untilMs === undefined ? {} : { untilMs }) })
    kept.push(line.ms === undefined ? { text: read.text } : { ms: line.ms, text: read.text })
  })
  return { lines: kept, sung }
}

/** What stands inside the lines themselves. */
function inlineLayers(lines: readonly Line[]): readonly Layer[] {
  const layers = new Map<string, Layer>()
  for (const line of lines)
    for (const { kind, lang, text, sung } of line.layers) {
      const name = `${kind} ${lang ?? ''}`
      const layer = layers.get(name) ?? { kind, lang, texts: new Map() }
      layers.set(name, layer)
      layer.texts.set(line, { text, sung, layers: [] })
    }
  return [...layers.values()]
}

function readDocument(text: string) {
  const lines: Line[] = []
  const layers: Layer[] = []
  const voices = new Map<string, { name?: string; isGroup?: boolean }>()
  let lang: string | undefined
  let voice: { name?: string; isGroup?: boolean } | undefined
  let named = false
  let layer: Layer | undefined
  let paragraph: { readonly key: string | undefined; readonly read: Paragraph } | undefined
  let words = ''

  const parser = sax.parser(false, PARSING)
  let depth = 0
  const flush = () => {
    if (words !== '' && paragraph) paragraph.read.text(words)
    else if (words !== '' && named && voice) voice.name = `${voice.name ?? ''}${words}`.trim().slice(0, 200)
    words = ''
  }
  parser.onerror = () => {
    parser.error = null as unknown as Error
  }
  parser.ontext = (part) => {
    words += part
  }
  parser.oncdata = (part) => {
    words += part
  }
  parser.onopentag = (tag) => {
    flush()
    if (++depth > MAX_DEPTH) throw new Enough()
    const name = local(tag.name)
    const attributes = byLocalName(tag.attributes)
    const kind = LAYERS.get(name)
    if (kind && !paragraph) {
      layer = { kind, lang: languageTag(attributes.lang), texts: new Map() }
      layers.push(layer)
      return
    }
    const isSung = !layer && (name !== 'span' || (paragraph?.read.open(attributes) ?? true))
    if (isSung) lang ??= languageTag(attributes.lang)
    if (name === 'agent' && attributes.id !== undefined && voices.size < MAX_VOICES) {
      voice = { isGroup: attributes.type === 'group' }
      voices.set(attributes.id, voice)
    } else if (name === 'name' && voice) named = true
    else if (name === 'p' && !layer) paragraph = { key: attributes.key, read: createParagraph(attributes) }
    else if (name === 'text' && layer) paragraph = { key: attributes.for, read: createParagraph(attributes) }
    else if (name === 'span' && layer) paragraph?.read.open(attributes)
    else if (name === 'br') paragraph?.read.lineBreak()
  }
  parser.onclosetag = (tag) => {
    flush()
    depth--
    const name = local(tag)
    if (name === 'span') paragraph?.read.close()
    else if (name === 'name') named = false
    else if (name === 'agent') voice = undefined
    else if (LAYERS.has(name) && !paragraph) layer = undefined
    else if (paragraph && (name === 'p' || name === 'text')) {
      const read = paragraph.read.end()
      if (!layer) lines.push({ ...read, key: paragraph.key })
      else if (paragraph.key !== undefined) layer.texts.set(paragraph.key, read)
      paragraph = undefined
      if (lines.length >= MAX_LINES) throw new Enough()
    }
  }
  try {
    parser.write(withoutDeclarations(text)).close()
  } catch {
    // What was read until there is what there is.
  }
  return { lines, layers, voices, lang }
}

function local(name: string): string {
  return name.slice(name.indexOf(':') + 1)
}

function byLocalName(attributes: Readonly<Record<string, unknown>>): Readonly<Record<string, string | undefined>> {
  const found: Record<string, string> = Object.create(null)
  for (const name in attributes) found[local(name)] ??= String(attributes[name])
  return found
}
