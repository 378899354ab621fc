/** What a file is, by its ending alone: the walker decides without opening anything. */
const AUDIO = new Set(
  [
    'mp3 mp2 mp1 mpga flac ogg oga opus spx m4a m4b m4r mp4 alac aac 3gp 3g2 3ga wav bwf rf64 w64 aif aiff aifc',
    'wma asf ape wv mpc mpp mp+ dsf dff mka webm weba tta tak shn caf au snd amr awb ac3 eac3 ec3 dts mlp thd',
    'truehd voc adx ast oma aa3 ra sox sf ircam nut',
  ].flatMap((line) => line.split(' ')),
)
const PLAYLIST = new Set(['m3u', 'm3u8'])
const LYRICS = new Set(['lrc', 'elrc', 'ttml', 'lyricsfile', 'yaml', 'yml', 'srt', 'txt'])

/** The ending in lower case without its dot; '' for none and for dot-names. */
export function suffixOf(name: string): string {
  const dot = name.lastIndexOf('.')
  return dot > 0 ? name.slice(dot + 1).toLowerCase() : ''
}

/** The name without its ending. */
export function baseNameOf(name: string): string {
  const dot = name.lastIndexOf('.')
  return dot > 0 ? name.slice(0, dot) : name
}

export const isAudio = (suffix: string): boolean => AUDIO.has(suffix)
export const isPlaylist = (suffix: string): boolean => PLAYLIST.has(suffix)
export const isLyrics = (suffix: string): boolean => LYRICS.has(suffix)
