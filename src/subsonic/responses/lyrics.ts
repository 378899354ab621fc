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

export function plainLyrics(lyrics: EmbeddedLyrics): string {
  return lyrics.lines.map((line) => line.text).join('\n')
}
