/** What a file is, by its ending alone: the walker decides without opening anything. */
const AUDIO = new Set([
  'mp3',
  'mp2',
  'flac',
  'ogg',
  'oga',
  'opus',
  'm4a',
  'm4b',
  'mp4',
  'alac',
  'aac',
  'wav',
  'aif',
  'aiff',
  'wma',
  'ape',
  'wv',
  'mpc',
  'mp+',
  'dsf',
  'dff',
  'mka',
  'webm',
  'weba',
  'spx',
  'tta',
  'tak',
  'shn',
])
const PLAYLIST = new Set(['m3u', 'm3u8'])
const LYRICS = new Set(['lrc', 'elrc', 'ttml', 'srt', 'txt'])

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
