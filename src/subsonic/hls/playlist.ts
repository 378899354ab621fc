import type { Segments } from '../../media/hls/segments.ts'

export const PLAYLIST_TYPE = 'application/vnd.apple.mpegurl'

/** One variant whole. `base`: what stands ahead of the segments' names, relative to the playlist. `ticket`: what opens them. */
export function mediaPlaylist(segments: Segments, base: string, ticket: string): string {
  const lines = Array.from({ length: segments.count }, (_, index) => {
    return `#EXTINF:${segments.durationOf(index).toFixed(5)},\n${base}${index}.aac?t=${ticket}`
  })
  return [
    '#EXTM3U',
    '#EXT-X-VERSION:3',
    `#EXT-X-TARGETDURATION:${Math.ceil(segments.durationOf(0))}`,
    '#EXT-X-MEDIA-SEQUENCE:0',
    '#EXT-X-PLAYLIST-TYPE:VOD',
    ...lines,
    '#EXT-X-ENDLIST\n',
  ].join('\n')
}

export interface Variant {
  /** bit/s */
  readonly bitRate: number
  readonly address: string
}

/** ADTS and the tags of segments come on top of the sound: under a tenth. */
const OVERHEAD = 1.1

/** Several variants, in the order given: players begin with the first. */
export function masterPlaylist(variants: readonly Variant[]): string {
  const lines = variants.map(({ bitRate, address }) => {
    const bandwidth = Math.ceil(bitRate * OVERHEAD)
    return `#EXT-X-STREAM-INF:BANDWIDTH=${bandwidth},AVERAGE-BANDWIDTH=${bitRate},CODECS="mp4a.40.2"\n${address}`
  })
  return ['#EXTM3U', '#EXT-X-VERSION:3', ...lines, ''].join('\n')
}
