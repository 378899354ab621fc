export const AUDIO_FORMATS = [
  'mp3',
  'flac',
  'ogg',
  'opus',
  'm4a',
  'alac',
  'aac',
  'wav',
  'aiff',
  'wv',
  'mpc',
  'ape',
  'dsf',
  'dff',
  'tta',
  'tak',
  'shn',
  'mp2',
  'spx',
  'wma',
  'mka',
  'webm',
] as const
export type AudioFormat = (typeof AUDIO_FORMATS)[number]

/** Vorbis names (any case); writers translate them to their format. Several values stay several. */
export type AudioTags = Readonly<Record<string, string | number | readonly (string | number)[]>>

export interface AudioLyrics {
  /** Three letters; 'und' unless told. Formats without languages leave it out. */
  readonly lang?: string
  /** Plain text, or timed lines (ID3: SYLT; elsewhere LRC text). */
  readonly text?: string
  readonly lines?: readonly { readonly ms: number; readonly text: string }[]
}

export interface AudioSpec {
  readonly format: AudioFormat
  readonly tags?: AudioTags
  /** Tags by their own names of the format (`TXXX:Foo`, `----:com.apple.iTunes:FOO`), beside or instead of `tags`. */
  readonly native?: readonly (readonly [string, string])[]
  readonly picture?: { readonly mime: string; readonly data: Uint8Array }
  readonly lyrics?: readonly AudioLyrics[]
  /** A whole ID3v2 tag in place of the one that the writer would make; mp3, wav, aiff, dsf, dff, tta. */
  readonly id3?: Uint8Array
  /** Length, rounded up to whole frames: mp3, flac, wav, aiff, aac, ogg, opus. One second unless told. */
  readonly seconds?: number
}

/** The tags as pairs with upper-case names. */
export function tagPairs(tags: AudioTags | undefined): readonly (readonly [string, string])[] {
  return Object.entries(tags ?? {}).flatMap(([name, value]) =>
    (Array.isArray(value) ? value : [value]).map((one) => [name.toUpperCase(), String(one)] as const),
  )
}

export function lrcText(lyrics: AudioLyrics): string {
  if (!lyrics.lines) return lyrics.text ?? ''
  const two = (n: number) => String(n).padStart(2, '0')
  return lyrics.lines
    .map(
      ({ ms, text }) =>
        `[${two(Math.floor(ms / 60000))}:${two(Math.floor(ms / 1000) % 60)}.${two(Math.floor((ms % 1000) / 10))}]${text}`,
    )
    .join('\n')
}
