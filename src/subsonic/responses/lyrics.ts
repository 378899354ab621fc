import type { LyricsCueLine } from '../../base/lyrics/lyrics-text.ts'
import type { EmbeddedLyrics, Song } from '../../library/entities.ts'
import type { Tree } from '../tree.ts'

/** One `structuredLyrics` of the extension songLyrics, version 1. */
export function structuredLyrics(song: Song, lyrics: EmbeddedLyrics): Tree {
  return {
    lang: lyrics.lang || 'und',
    synced: lyrics.synced,
    displayArtist: song.artist,
    displayTitle: song.title,
    offset: lyrics.offsetMs,
    line: lyrics.lines.map((line) => ({ start: lyrics.synced ? (line.ms ?? 0) : undefined, value: line.text })),
  }
}

/** Version 2 adds what it is, who sings, and when each word is sung. */
export function enhancedLyrics(song: Song, lyrics: EmbeddedLyrics): Tree {
  return {
    ...structuredLyrics(song, lyrics),
    kind: lyrics.kind ?? 'main',
    agents: lyrics.agents?.map(({ id, role, name }) => ({ id, role, name })),
    cueLine: lyrics.cueLines?.map((line) => ({
      index: line.index,
      start: line.ms,
      end: line.endMs,
      value: line.text,
      agentId: line.agentId,
      cue: cuesOf(line),
    })),
  }
}

/** Places are told in bytes of UTF-8, the last one included. */
function cuesOf({ text, cues }: LyricsCueLine): readonly Tree[] {
  let bytes = 0
  let place = 0
  return cues.map(({ ms, endMs, from, to }) => {
    const value = text.slice(from, to)
    const byteStart = bytes + Buffer.byteLength(text.slice(place, from))
    bytes = byteStart + Buffer.byteLength(value)
    place = to
    return { start: ms, end: endMs, byteStart, byteEnd: bytes - 1, value }
  })
}

export function plainLyrics(lyrics: EmbeddedLyrics): string {
  return lyrics.lines.map((line) => line.text).join('\n')
}
