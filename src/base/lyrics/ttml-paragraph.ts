import type { SungLine, SungPart } from './cue-lines.ts'
import { type LyricsKind, languageTag } from './lyrics-text.ts'

/** Attributes by their local names. */
export type Attributes = Readonly<Record<string, string | undefined>>

/** A paragraph of timed text as it is read. */
export interface Paragraph {
  /** @returns whether its words are sung, and no translation of them. */
  open(span: Attributes): boolean
  close(): void
  text(words: string): void
  lineBreak(): void
  end(): ReadParagraph
}

export interface ReadParagraph {
  readonly ms?: number
  readonly endMs?: number
  /** All that is sung. */
  readonly text: string
  /** The same by voice, without their place among the lines. */
  readonly sung: readonly Omit<SungLine, 'index'>[]
  readonly layers: readonly {
    readonly kind: Exclude<LyricsKind, 'main'>
    readonly lang: string | undefined
    readonly text: string
    readonly sung: readonly Omit<SungLine, 'index'>[]
  }[]
}

/** Where words stand: inside which timed span, sung by whom, in which layer. */
interface Place {
  readonly timed?: { readonly ms: number; readonly endMs?: number; holdsTimed: boolean }
  readonly voice?: string
  readonly background: boolean
  readonly layer?: string
}

interface Piece {
  readonly text: string
  readonly place: Place
}

const LAYER_ROLES = new Map<string | undefined, Exclude<LyricsKind, 'main'>>([
  ['x-translation', 'translation'],
  ['x-roman', 'pronunciation'],
  ['x-transliteration', 'pronunciation'],
])

export function createParagraph(attributes: Attributes): Paragraph {
  let ms = timeOf(attributes.begin)
  const endMs = endOf(attributes, ms)
  const top: Place = { background: false, ...(attributes.agent === undefined ? {} : { voice: attributes.agent }) }
  const pieces: Piece[] = []
  const layers = new Map<string, { kind: Exclude<LyricsKind, 'main'>; lang: string | undefined; pieces: Piece[] }>()
  const open: Place[] = []
  const here = () => open.at(-1) ?? top
  const add = (text: string) => {
    const place = here()
    const layer = place.layer === undefined ? undefined : layers.get(place.layer)
    ;(layer?.pieces ?? pieces).push({ text, place })
  }

  return {
    open(span) {
      const outer = here()
      const begin = timeOf(span.begin)
      const kind = LAYER_ROLES.get(span.role)
      const until = begin === undefined ? undefined : endOf(span, begin)
      if (begin !== undefined && outer.timed) outer.timed.holdsTimed = true
      const timed =
        begin === undefined
          ? outer.timed
          : { ms: begin, ...(until === undefined ? {} : { endMs: until }), holdsTimed: false }
      let layer = outer.layer
      if (kind && layer === undefined) {
        const lang = languageTag(span.lang)
        layer = `${kind} ${lang ?? ''}`
        const known = layers.get(layer)
        known?.pieces.push({ text: ' ', place: top })
        if (!known) layers.set(layer, { kind, lang, pieces: [] })
      } else if (layer === undefined) ms ??= begin
      const voice = span.agent ?? outer.voice
      open.push({
        ...(timed ? { timed } : {}),
        ...(voice === undefined ? {} : { voice }),
        ...(layer === undefined ? {} : { layer }),
        background: outer.background || span.role === 'x-bg',
      })
      return layer === undefined
    },
    close() {
      open.pop()
    },
    text: (words) => add(words.replace(/\s+/g, ' ')),
    lineBreak: () => add('\n'),
    end: () => ({
      ...(ms === undefined ? {} : { ms }),
      ...(endMs === undefined ? {} : { endMs }),
      text: tidy(pieces).text,
      sung: byVoice(pieces, ms, endMs),
      layers: [...layers.values()]
        .map(({ kind, lang, pieces: own }) => ({ kind, lang, text: tidy(own).text, sung: byVoice(own, ms, endMs) }))
        .filter(({ text }) => text !== ''),
    }),
  }
}

/** One line of words for each voice that has timed ones; one that sings alone has the text of the whole line. */
function byVoice(
  pieces: readonly Piece[],
  ms: number | undefined,
  endMs: number | undefined,
): readonly Omit<SungLine, 'index'>[] {
  const voices = new Map<string, Piece[]>()
  for (const piece of pieces) {
    const name = `${piece.place.background} ${piece.place.voice ?? ''}`
    const own = voices.get(name)
    if (own) own.push(piece)
    else voices.set(name, [piece])
  }
  const singing = [...voices.values()].filter((own) => own.some(({ text }) => text.trim() !== ''))
  return singing.flatMap((own) => {
    const { voice, background } = (own[0] as Piece).place
    const { text, places } = tidy(singing.length === 1 ? pieces : own, singing.length > 1)
    const parts = partsOf(singing.length === 1 ? pieces : own, places, text)
    if (parts.length === 0) return []
    const times = background ? {} : { ...(ms === undefined ? {} : { ms }), ...(endMs === undefined ? {} : { endMs }) }
    return [{ ...times, text, background, ...(voice === undefined ? {} : { voice }), parts }]
  })
}

function partsOf(
  pieces: readonly Piece[],
  places: readonly { readonly from: number; readonly to: number }[],
  text: string,
): readonly SungPart[] {
  const parts: { ms: number; endMs?: number; from: number; to: number }[] = []
  let before: Place['timed']
  pieces.forEach(({ place: { timed } }, index) => {
    const { from, to } = places[index] as { from: number; to: number }
    if (!timed || timed.holdsTimed || text.slice(from, to).trim() === '') return
    const last = parts.at(-1)
    if (last && before === timed) last.to = to
    else parts.push({ ms: timed.ms, ...(timed.endMs === undefined ? {} : { endMs: timed.endMs }), from, to })
    before = timed
  })
  return parts
}

/** The pieces as one text without space at its ends and around breaks, and where each came to lie. One pass. */
function tidy(pieces: readonly Piece[], singleSpaces = false) {
  const raw = pieces.map(({ text }) => text).join('')
  const gone = spaceToDrop(raw, singleSpaces)
  const goneBefore = new Uint32Array(raw.length + 1)
  let text = ''
  for (let place = 0; place < raw.length; place++) {
    if (!gone[place]) text += raw[place]
    goneBefore[place + 1] = (goneBefore[place] ?? 0) + (gone[place] ?? 0)
  }
  let end = 0
  const places = pieces.map((piece) => {
    const from = end
    end += piece.text.length
    return { from: from - (goneBefore[from] ?? 0), to: end - (goneBefore[end] ?? 0) }
  })
  return { text, places }
}

/** 1 for each character that goes. */
function spaceToDrop(raw: string, singleSpaces: boolean): Uint8Array {
  const gone = new Uint8Array(raw.length)
  let kept = '\n'
  for (let place = 0; place < raw.length; place++) {
    const character = raw[place] as string
    if (character === ' ' && (kept === '\n' || (singleSpaces && kept === ' '))) gone[place] = 1
    else kept = character
    if (character === '\n') for (let before = place - 1; raw[before] === ' '; before--) gone[before] = 1
  }
  const end = raw.trimEnd().length
  gone.fill(1, 0, raw.length - raw.trimStart().length)
  gone.fill(1, end)
  return gone
}

function endOf({ end, dur }: Attributes, ms: number | undefined): number | undefined {
  const lasts = timeOf(dur)
  return timeOf(end) ?? (ms === undefined || lasts === undefined ? undefined : ms + lasts)
}

/** `1:02.5`, `00:01:02.500`, `62.5s`, `62500ms`, `1.5m`. */
function timeOf(value: string | undefined): number | undefined {
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
