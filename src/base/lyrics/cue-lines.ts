import type { LyricsAgent, LyricsCue, LyricsCueLine } from './lyrics-text.ts'

/** A part of a line's text with a time of its own. */
export interface SungPart {
  readonly ms: number
  readonly endMs?: number
  /** Its place in the line's text, in UTF-16 units. */
  readonly from: number
  readonly to: number
}

/** What one voice sings of a line, as a file tells it: times may be missing or cross. */
export interface SungLine {
  /** Of the line that it belongs to. */
  readonly index: number
  readonly ms?: number
  readonly endMs?: number
  /** When the line is over at the latest: its last word lasts until then, if others have ends and it has none. */
  readonly untilMs?: number
  readonly text: string
  /** Name of the voice in the file. */
  readonly voice?: string
  readonly background?: boolean
  /** In order of the text. */
  readonly parts: readonly SungPart[]
}

export interface Voice {
  readonly name?: string
  readonly isGroup?: boolean
}

/** Words of one text that are kept, with all its layers: a song has some hundreds. */
const MAX_CUES = 20_000
const MAX_VOICES = 50
const MAX_VOICE_ID = 100
const MAX_NAME = 200

export interface CueRoom {
  left: number
}

export function cueRoom(): CueRoom {
  return { left: MAX_CUES }
}

/** What XML 1.0 forbids: answers leave it out, and places in the text must not move by it. */
const FORBIDDEN = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff\p{Surrogate}]/gu

/**
 * Times of words as OpenSubsonic wants them: in order and apart, ends on all words of a line or on none, and, as soon as
 * a voice is named or sings in the background, each line with one of the agents, of whom one is `main`. {} when no part
 * has a time. `voices`: what the file says of them, in its order. `room`: of layers of one text, how many words may
 * still be kept of all of them.
 */
export function cueLines(
  sung: readonly SungLine[],
  voices: ReadonlyMap<string, Voice> = new Map(),
  room: CueRoom = cueRoom(),
): { readonly cueLines?: readonly LyricsCueLine[]; readonly agents?: readonly LyricsAgent[] } {
  const found: { readonly line: SungLine; readonly cueLine: LyricsCueLine }[] = []
  for (const line of sung) {
    if (room.left <= 0) break
    const cueLine = layOut({ ...line, parts: line.parts.slice(0, room.left) })
    if (!cueLine) continue
    room.left -= cueLine.cues.length
    found.push({ line, cueLine })
  }
  if (found.length === 0) return {}
  if (!found.some(({ line }) => line.voice !== undefined || line.background))
    return { cueLines: found.map(({ cueLine }) => cueLine).sort((a, b) => a.index - b.index) }

  const cast = castOf(
    found.map(({ line }) => line),
    voices,
  )
  const attributed = found.map(({ line, cueLine }) => ({ ...cueLine, agentId: cast.agentOf(line) }))
  const rank = ({ agentId }: { readonly agentId: string }) => (agentId === cast.main ? 0 : 1)
  return { cueLines: attributed.sort((a, b) => a.index - b.index || rank(a) - rank(b)), agents: cast.agents }
}

function layOut(line: SungLine): LyricsCueLine | undefined {
  const { text, at } = printable(line.text)
  const cues: { ms: number; endMs: number | undefined; from: number; to: number }[] = []
  for (const part of line.parts) {
    const last = cues.at(-1)
    const from = Math.max(at(part.from), last?.to ?? 0)
    const to = at(part.to)
    if (to > from) cues.push({ ms: Math.max(part.ms, last?.ms ?? 0), endMs: part.endMs, from, to })
  }
  const first = cues[0]
  if (!first) return undefined
  const ended = withEnds(cues, line.endMs ?? line.untilMs)
  const lastEnd = ended.at(-1)?.endMs
  const endMs = line.endMs === undefined ? lastEnd : Math.max(line.endMs, lastEnd ?? 0, cues.at(-1)?.ms ?? 0)
  return {
    index: line.index,
    ms: Math.min(line.ms ?? first.ms, first.ms),
    ...(endMs === undefined ? {} : { endMs }),
    text,
    cues: ended,
  }
}

/** A word without an end lasts until the next, the last one until the line is over; nobody knows that: no ends at all. */
function withEnds(
  cues: readonly { ms: number; endMs: number | undefined; from: number; to: number }[],
  overMs: number | undefined,
): readonly LyricsCue[] {
  const bare = cues.map(({ ms, from, to }) => ({ ms, from, to }))
  const last = cues.at(-1)?.endMs ?? overMs
  if (last === undefined || cues.every(({ endMs }) => endMs === undefined)) return bare
  return cues.map(({ ms, endMs, from, to }, index) => {
    const next = cues[index + 1]?.ms
    return { ms, endMs: Math.max(ms, Math.min(endMs ?? next ?? last, next ?? Number.POSITIVE_INFINITY)), from, to }
  })
}

/** The text without what can't be sent, and where its places came to lie; a place inside a character goes before it. */
function printable(text: string): { readonly text: string; readonly at: (place: number) => number } {
  const inside = (place: number) => /^[\udc00-\udfff]/.test(text.slice(place, place + 1)) && isHigh(text[place - 1])
  const whole = (place: number) => (inside(place) ? place - 1 : place)
  if (text.search(FORBIDDEN) < 0) return { text, at: whole }
  const goneBefore = new Uint32Array(text.length + 1)
  for (const { index } of text.matchAll(FORBIDDEN)) goneBefore[index + 1] = 1
  for (let place = 1; place <= text.length; place++)
    goneBefore[place] = (goneBefore[place] ?? 0) + (goneBefore[place - 1] ?? 0)
  return { text: text.replace(FORBIDDEN, ''), at: (place) => whole(place) - (goneBefore[whole(place)] ?? 0) }
}

function isHigh(unit: string | undefined): boolean {
  return unit !== undefined && unit >= '\ud800' && unit <= '\udbff'
}

/** The voices that sing as agents; a file that names none has one. */
function castOf(lines: readonly SungLine[], voices: ReadonlyMap<string, Voice>) {
  const known = (voice: string | undefined) => voice !== undefined && voice !== '' && voice.length <= MAX_VOICE_ID
  const named = lines.flatMap(({ voice }) => (known(voice) ? [voice as string] : []))
  const singing = new Set(named)
  const used = [...new Set([...[...voices.keys()].filter((id) => singing.has(id)), ...named])].slice(0, MAX_VOICES)
  const inFront = new Set(lines.flatMap(({ voice, background }) => (background ? [] : [voice])))
  const leads = used.filter((id) => inFront.has(id))
  const main = leads.find((id) => !voices.get(id)?.isGroup) ?? leads[0] ?? used[0] ?? 'main'
  const cast = new Set(used)
  const leadOf = ({ voice }: SungLine) => (voice !== undefined && cast.has(voice) ? voice : main)
  const leading = new Set(lines.filter(({ background }) => !background).map(leadOf))
  const backed = new Set(lines.filter(({ background }) => background).map(leadOf))

  const taken = new Set([main, ...used])
  const agents: LyricsAgent[] = []
  const backgrounds = new Map<string, string>()
  for (const id of new Set([main, ...used])) {
    const { name, isGroup } = voices.get(id) ?? {}
    const called = name ? { name: name.slice(0, MAX_NAME) } : {}
    if (id === main || leading.has(id))
      agents.push({ id, role: id === main ? 'main' : isGroup ? 'group' : 'voice', ...called })
    if (!backed.has(id)) continue
    let behind = `${id}-bg`
    while (taken.has(behind)) behind += '-bg'
    taken.add(behind)
    backgrounds.set(id, behind)
    agents.push({ id: behind, role: 'bg', ...called })
  }
  return {
    main,
    agents,
    agentOf: (line: SungLine) => (line.background && backgrounds.get(leadOf(line))) || leadOf(line),
  }
}
