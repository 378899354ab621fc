/** Line ends of any kind would begin a line of their own: an address, to a player. */
const BREAKS = /[\p{Cc}\u2028\u2029]+/gu

/** An extended M3U. A byte order mark is not needed: players that know titles read UTF-8. */
export function playlist(
  title: string,
  tracks: readonly {
    readonly artist: string
    readonly title: string
    readonly durationMs: number
    readonly url: string
  }[],
): string {
  const line = (text: string) => text.replace(BREAKS, ' ')
  const lines = tracks.map(
    (track) =>
      `#EXTINF:${Math.round(track.durationMs / 1000)},${line(track.artist)} - ${line(track.title)}\n${track.url}\n`,
  )
  return `#EXTM3U\n#PLAYLIST:${line(title)}\n${lines.join('')}`
}
