/** Lyrics as they are kept and handed on, whatever file or tag they came from. */

export interface LyricsLine {
  /** From the start of the song; absent when the lyrics are not synced. */
  readonly ms?: number
  readonly text: string
}

/** A word or syllable. */
export interface LyricsCue {
  readonly ms: number
  /** On all cues of a line or on none. */
  readonly endMs?: number
  /** Its place in the text of the cue line, in UTF-16 units as `text.slice(from, to)` takes them. */
  readonly from: number
  readonly to: number
}

/** When the words of a line are sung, by one voice. Cues are in order and never overlap. */
export interface LyricsCueLine {
  /** Of the line in `lines`. Several voices of one line are several cue lines, the main one first. */
  readonly index: number
  readonly ms: number
  readonly endMs?: number
  /** What this voice sings. */
  readonly text: string
  /** Of one of the agents; present when there are agents. */
  readonly agentId?: string
  readonly cues: readonly LyricsCue[]
}

/** Who sings. One of them is `main`. */
export interface LyricsAgent {
  readonly id: string
  readonly role: 'main' | 'voice' | 'bg' | 'group'
  readonly name?: string
}

export type LyricsKind = 'main' | 'translation' | 'pronunciation'

/** Lines and, where they are known, the times of their words. */
export interface LyricsLayer {
  readonly synced: boolean
  /** Lower-case language tag, when the text names one. */
  readonly lang?: string
  readonly lines: readonly LyricsLine[]
  /** Only of synced lyrics. */
  readonly cueLines?: readonly LyricsCueLine[]
  /** Only with cue lines. */
  readonly agents?: readonly LyricsAgent[]
}

export interface LyricsText extends LyricsLayer {
  /** Positive = the lines appear earlier, as in LRC's `[offset:]` and in OpenSubsonic. */
  readonly offsetMs: number
  /** The same words in another language or in another script. */
  readonly layers?: readonly (LyricsLayer & { readonly kind: Exclude<LyricsKind, 'main'> })[]
}

/** A version of a song's lyrics in one language. */
export interface LyricsVersion extends LyricsLayer {
  /** ISO 639 or 'und'. */
  readonly lang: string
  readonly offsetMs: number
  /** `main` when it is absent. */
  readonly kind?: LyricsKind
}

export const UNKNOWN_LANGUAGE = 'und'

/** A text as versions: what is sung first, then its layers. [] for a text without lines. */
export function versionsOf(text: LyricsText, lang: string): readonly LyricsVersion[] {
  const { layers = [], offsetMs, ...main } = text
  if (main.lines.length === 0) return []
  return [
    { ...main, lang, offsetMs },
    ...layers.map((layer) => ({ ...layer, lang: layer.lang ?? UNKNOWN_LANGUAGE, offsetMs })),
  ]
}

/** Whether there is more in it than lines. */
export function isEnhanced(versions: readonly LyricsVersion[]): boolean {
  return versions.some(({ kind = 'main', cueLines }) => kind !== 'main' || cueLines !== undefined)
}

/** A language as players understand it (`en`, `eng`, `pt-br`), lower case; undefined for anything else. */
export function languageTag(text: string | undefined): string | undefined {
  const tag = text?.trim().toLowerCase().replace(/_/g, '-')
  return tag !== undefined && /^[a-z]{2,3}(-[a-z0-9]{2,8}){0,3}$/.test(tag) ? tag : undefined
}

/** Verses stay apart; blank lines at both ends go. */
export function plainLines(collected: readonly LyricsLine[]): readonly LyricsLine[] {
  const first = collected.findIndex((line) => line.text !== '')
  if (first < 0) return []
  const last = collected.findLastIndex((line) => line.text !== '')
  return collected.slice(first, last + 1).map(({ text }) => ({ text }))
}
