import { join } from 'node:path'
import type { AuthSettings } from './auth/create-auth.ts'
import type { Config } from './config/load.ts'
import { programVersion } from './config/version.ts'
import type { CoverPriority } from './library/cover-choice.ts'
import type { LibrarySettings } from './library/library-repository.ts'
import type { ArtworkSettings } from './media/create-artwork.ts'
import { createMediaSettings, type MediaSettings } from './media/media-settings.ts'
import type { ScannerSettings } from './scanner/settings.ts'
import type { SubsonicSettings } from './subsonic/services.ts'

// What each room takes of the configuration: rooms know their own settings alone.

export function librarySettings({ libraries, scanner }: Config): readonly LibrarySettings[] {
  const defaults = { recursive: true, followSymlinks: scanner.followSymlinks, excludePatterns: [] }
  return libraries.map((library) => ({ ...defaults, ...library }))
}

export function authSettings({ auth }: Config): AuthSettings {
  return {
    attempts: auth.attempts,
    attemptWindowMs: auth.attemptWindow,
    minPasswordLength: auth.minPasswordLength,
  }
}

export function coverPriority({ artwork }: Config): CoverPriority {
  return { album: artwork.priority, artist: artwork.artistPriority, disc: artwork.discPriority }
}

export function mediaSettings({ transcoding, paths }: Config): MediaSettings {
  return createMediaSettings({
    engine: transcoding.engine,
    ffmpegPath: transcoding.ffmpegPath,
    defaultFormat: transcoding.defaultFormat,
    maxBitRate: transcoding.maxBitRate,
    maxJobs: transcoding.maxConcurrent,
    maxJobsPerUser: transcoding.maxConcurrentPerUser,
    profiles: transcoding.profiles,
    cacheDir: join(paths.cache, 'transcodes'),
    cacheBytes: transcoding.cacheSize,
  })
}

export function scannerSettings(config: Config): ScannerSettings {
  const { scanner } = config
  const [first, last] = scanner.pollHours.split('-').map(Number)
  return {
    scanOnStart: scanner.onStart,
    schedule: scanner.schedule,
    watch: scanner.watchWait === 0 ? 'off' : scanner.watch,
    watchDebounceMs: scanner.watchWait,
    pollIntervalMs: scanner.pollInterval,
    pollHours: [first ?? 0, last ?? 23],
    readers: scanner.readers,
    readTimeoutMs: scanner.readTimeout,
    artistSeparators: scanner.artistSeparators,
    artistSplitExceptions: scanner.artistsNotSplit,
    artistJoiner: scanner.artistJoiner,
    genreSeparators: scanner.genreSeparators,
    ignoredArticles: config.subsonic.ignoredArticles,
    coverPriority: coverPriority(config),
    lyricsPriority: config.lyrics.priority,
    ownFolders: [config.paths.data, config.paths.cache, config.backup.path, config.plugins.folder],
    playlists: { import: config.playlists.import, public: config.playlists.public },
  }
}

export function artworkSettings(config: Config): ArtworkSettings {
  const { artwork, paths } = config
  return {
    priority: coverPriority(config),
    placeholder: artwork.placeholder,
    quality: artwork.quality,
    cacheDir: join(paths.cache, 'artwork'),
    cacheBytes: artwork.cacheSize,
    maxFileBytes: artwork.maxFileSize,
  }
}

export function subsonicSettings({ subsonic, artwork }: Config): SubsonicSettings {
  return {
    serverVersion: programVersion(),
    ignoredArticles: subsonic.ignoredArticles,
    legacyClients: subsonic.legacyClients,
    minimalClients: subsonic.minimalClients,
    realPaths: subsonic.realPaths,
    placeholderCovers: artwork.placeholder,
  }
}
