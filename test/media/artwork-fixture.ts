import { existsSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { type AccessScope, FULL_SCOPE } from '../../src/base/access-scope.ts'
import type { ByteSource } from '../../src/base/byte-source.ts'
import { systemClock } from '../../src/base/clock.ts'
import type { PlaylistId, PublicId, UserId } from '../../src/base/ids.ts'
import type { Database } from '../../src/db/database.ts'
import type { HookBus } from '../../src/hooks/hook-bus.ts'
import type { CoverPriority } from '../../src/library/cover-choice.ts'
import type { Playlist, Viewer } from '../../src/library/entities.ts'
import type { Logger } from '../../src/log/logger.ts'
import type { ImageEntry } from '../../src/media/artwork/image-pool.ts'
import type { Artwork } from '../../src/media/artwork.ts'
import { type ArtworkSettings, createArtwork } from '../../src/media/create-artwork.ts'
import { quietHooks } from '../support/hooks.ts'
import { createRandom } from '../support/random.ts'
import { tempDatabase, tempFolder } from '../support/temp-database.ts'

export const IMAGE_CHILD: ImageEntry = {
  path: fileURLToPath(new URL('../../src/media/artwork/image-child.ts', import.meta.url)),
  execArgv: ['--import', 'tsx'],
}

/** The resizer is an optional dependency: without it these cases are left out. */
export const sharp = await import('sharp').then(
  (module) => module.default,
  () => undefined,
)
export const NEEDS_SHARP = sharp ? {} : { skip: 'sharp is not installed' }

export const PRIORITY: CoverPriority = {
  album: ['cover.*', 'folder.*', 'front.*', 'embedded'],
  disc: ['disc*.*', 'cd*.*', 'cover.*', 'folder.*', 'front.*', 'embedded'],
  artist: ['artist.*', 'album/artist.*'],
}

export const SETTINGS: Omit<ArtworkSettings, 'cacheDir'> = {
  priority: PRIORITY,
  placeholder: false,
  quality: 80,
  cacheBytes: 100 << 20,
  maxFileBytes: 20 << 20,
  idleMs: 10_000,
}

/** A plain picture of one colour, or of noise, which does not compress away. */
/** Grey with grain, like a photograph of a dull day. */
function noise(length: number): Uint8Array {
  const random = createRandom(3)
  return Uint8Array.from({ length }, () => 128 + Math.round(98 * (random.next() + random.next() - 1)))
}

export async function picture(
  width: number,
  height: number,
  options: {
    readonly colour?: string
    readonly noise?: boolean
    readonly format?: 'jpeg' | 'png' | 'gif' | 'webp'
    readonly interlaced?: boolean
  } = {},
): Promise<Buffer> {
  if (!sharp) throw new Error('needs sharp')
  const base = options.noise
    ? // The same each time: how far a torn picture can be read depends on what is in it.
      sharp(noise(width * height * 3), { raw: { width, height, channels: 3 } })
    : sharp({ create: { width, height, channels: 3, background: options.colour ?? '#804020' } })
  return base.toFormat(options.format ?? 'jpeg', { progressive: options.interlaced ?? false }).toBuffer()
}

export const viewer = (scope: AccessScope = FULL_SCOPE): Viewer => ({ userId: 1 as UserId, scope })
export const id = (kind: PublicId['kind'], key: number): PublicId => ({ kind, key }) as PublicId

export interface Line {
  readonly level: string
  readonly message: string
  readonly fields: Readonly<Record<string, unknown>> | undefined
}

export interface ArtworkFixture {
  readonly db: Database
  readonly music: string
  readonly cache: string
  readonly artwork: Artwork
  readonly lines: readonly Line[]
  write(path: string, bytes: Uint8Array | string): Promise<void>
  /** Rows as the scanner would leave them. All keys are given by the test. */
  addFolder(row: {
    id: number
    path: string
    parent?: number
    images?: readonly string[]
    version?: string
    library?: number
  }): void
  addArtist(row: { id: number; version?: string }): void
  addAlbum(row: { id: number; folder: number; artist?: number; version?: string; library?: number }): void
  addSong(row: {
    id: number
    album: number
    folder: number
    path: string
    version?: string
    embedded?: boolean
    disc?: number
    library?: number
    artist?: number
  }): void
  addPlaylist(row: { id: number; songs: readonly number[] }): void
  /** Another server on the same data. */
  restart(settings?: Partial<ArtworkSettings>, child?: ImageEntry): Promise<Artwork>
}

export async function artworkFixture(
  t: TestContext,
  options: { readonly settings?: Partial<ArtworkSettings>; readonly hooks?: HookBus; readonly child?: ImageEntry } = {},
): Promise<ArtworkFixture> {
  const db = tempDatabase(t)
  const folder = tempFolder(t, 'tonearm-artwork-')
  const music = join(folder, 'music')
  const cache = join(folder, 'cache', 'artwork')
  const lines: Line[] = []
  const log = collecting(lines)
  const made: Artwork[] = []
  t.after(() => Promise.all(made.map((one) => one.stop())))

  const start = (settings: Partial<ArtworkSettings> = {}, child = options.child ?? IMAGE_CHILD): Artwork => {
    const artwork = createArtwork({
      db,
      repositories: {
        playlists: {
          find: (_viewer, key) => (db.get('SELECT 1 FROM playlist WHERE id = ?', [key]) ? playlist(key) : undefined),
        },
        radios: { isKnown: () => false },
      },
      hooks: options.hooks ?? quietHooks,
      clock: systemClock,
      log,
      entry: child,
      settings: { ...SETTINGS, cacheDir: cache, ...options.settings, ...settings },
    })
    made.push(artwork)
    return artwork
  }
  const insert = (table: string, row: Readonly<Record<string, string | number | null>>) => {
    const names = Object.keys(row)
    db.run(`INSERT INTO ${table} (${names.join(', ')}) VALUES (${names.map(() => '?').join(', ')})`, Object.values(row))
  }
  const times = { created_at: 1, updated_at: 1 }
  const named = (name: string) => ({ name, order_name: name })
  for (const library of [1, 2])
    insert('library', { id: library, name: `library ${library}`, path: join(music, String(library)), ...times })
  insert('user', { id: 1, name: 'u', key: 'u', password_hash: '', ...times })
  insert('artist', { id: 1000, key: 'various', ...named('various'), ...times })

  let current = start()
  return {
    db,
    music,
    cache,
    lines,
    get artwork() {
      return current
    },
    async write(path, bytes) {
      await mkdir(dirname(join(music, path)), { recursive: true })
      await writeFile(join(music, path), bytes)
    },
    addFolder: ({ id: key, path, parent, images = [], version = '', library = 1 }) =>
      insert('folder', {
        id: key,
        library_id: library,
        parent_id: parent ?? null,
        path,
        ...named(path || '/'),
        images: JSON.stringify(images),
        cover_version: version,
        total_songs: 1,
        ...times,
      }),
    addArtist: ({ id: key, version = '' }) =>
      insert('artist', { id: key, key: `artist ${key}`, ...named(`artist ${key}`), cover_version: version, ...times }),
    addAlbum({ id: key, folder: folderId, artist = 1000, version = '', library = 1 }) {
      insert('album', {
        id: key,
        library_id: library,
        folder_id: folderId,
        key: `album ${key}`,
        ...named(`album ${key}`),
        artist: 'x',
        artist_id: artist,
        order_artist: 'x',
        cover_version: version,
        ...times,
      })
      insert('album_artist', { album_id: key, artist_id: artist, role: 'albumartist', position: 0 })
      db.run(
        `INSERT INTO artist_stats (artist_id, library_id, role, song_count, album_count, duration_ms, size)
         VALUES (?, ?, '', 1, 1, 1, 1) ON CONFLICT DO NOTHING`,
        [artist, library],
      )
    },
    addSong({
      id: key,
      album,
      folder: folderId,
      path,
      version = '',
      embedded = false,
      disc = 1,
      library = 1,
      artist = 1000,
    }) {
      insert('song', {
        id: key,
        library_id: library,
        folder_id: folderId,
        album_id: album,
        path,
        size: 1,
        mtime_ms: 1,
        suffix: 'mp3',
        pid: String(key),
        title: `song ${key}`,
        order_title: `song ${key}`,
        album: `album ${album}`,
        artist: 'x',
        artist_id: artist,
        album_artist: 'x',
        album_artist_id: artist,
        track_number: key,
        disc_number: disc,
        has_embedded_cover: embedded ? 1 : 0,
        cover_version: version,
        ...times,
      })
      insert('song_artist', { song_id: key, artist_id: artist, role: 'artist', position: 0 })
    },
    addPlaylist({ id: key, songs }) {
      insert('playlist', { id: key, owner_id: 1, name: `playlist ${key}`, ...times })
      songs.forEach((song, position) => {
        insert('playlist_song', { playlist_id: key, position, song_id: song })
      })
    },
    async restart(settings, child) {
      await current.stop()
      current = start(settings, child)
      return current
    },
  }
}

export async function bytesOf(source: ByteSource, range?: { start: number; end: number }): Promise<Buffer> {
  const stream = await source.open(range)
  const parts: Buffer[] = []
  try {
    for (let part = await stream.read(); part; part = await stream.read()) parts.push(Buffer.from(part))
  } finally {
    stream.close()
  }
  return Buffer.concat(parts)
}

/** Width, height and type of what was sent, as a decoder sees it. */
export async function shapeOf(source: ByteSource): Promise<string> {
  if (!sharp) throw new Error('needs sharp')
  const { width, height, format } = await sharp(await bytesOf(source)).metadata()
  return `${width}x${height} ${format}`
}

export function fileExists(path: string): boolean {
  return existsSync(path)
}

function playlist(key: PlaylistId): Playlist {
  return {
    id: key,
    ownerId: 1 as UserId,
    ownerName: 'u',
    name: 'p',
    comment: '',
    public: false,
    path: undefined,
    sync: false,
    songCount: 0,
    durationMs: 0,
    size: 0,
    coverVersion: 'abc',
    createdAt: 0,
    updatedAt: 0,
  }
}

function collecting(lines: Line[]): Logger {
  const add = (level: string) => (message: string, fields?: Readonly<Record<string, unknown>>) => {
    lines.push({ level, message, fields })
  }
  const log: Logger = {
    debug: add('debug'),
    info: add('info'),
    warn: add('warn'),
    error: add('error'),
    child: () => log,
  }
  return log
}
