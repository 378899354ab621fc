import type { ScannerSettings } from '../../src/scanner/settings.ts'

/** A scanner that nobody configured. */
export const DEFAULT_SCANNER_SETTINGS: ScannerSettings = {
  scanOnStart: true,
  schedule: { kind: 'off' },
  watch: 'auto',
  watchDebounceMs: 5_000,
  pollIntervalMs: 15 * 60_000,
  pollHours: [0, 23],
  readers: 0,
  readTimeoutMs: 10_000,
  artistSeparators: [' / ', ' feat. ', ' feat ', ' ft. ', ' ft ', '; '],
  artistSplitExceptions: [],
  artistJoiner: ' • ',
  genreSeparators: [';', '/', ','],
  ignoredArticles: 'The El La Los Las Le Les Os As O A',
  coverPriority: {
    album: ['cover.*', 'folder.*', 'front.*', 'embedded'],
    disc: ['disc*.*', 'cd*.*', 'cover.*', 'folder.*', 'front.*', 'embedded'],
    artist: ['artist.*', 'album/artist.*'],
  },
  lyricsPriority: ['.lrc', '.elrc', '.ttml', '.srt', '.txt', 'embedded'],
  ownFolders: [],
  playlists: { import: true, public: false },
}
