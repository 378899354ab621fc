import { statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { type AccessScope, FULL_SCOPE } from '../../src/base/access-scope.ts'
import type { ByteRange, ByteSource } from '../../src/base/byte-source.ts'
import type { ApiKeyId, SongId, UserId } from '../../src/base/ids.ts'
import type { Database } from '../../src/db/database.ts'
import type { HookBus } from '../../src/hooks/hook-bus.ts'
import type { Song, User, Viewer } from '../../src/library/entities.ts'
import { createLibraryContext } from '../../src/library/library-context.ts'
import { createSongRepository, type SongRepository } from '../../src/library/song-repository.ts'
import { silentLogger } from '../../src/log/logger.ts'
import { createStreamer, type RunningStreamer, type StreamerOptions } from '../../src/media/create-streamer.ts'
import { createMediaSettings, type GivenMediaSettings } from '../../src/media/media-settings.ts'
import type { RightsSource } from '../../src/media/stream-rights.ts'
import { quietHooks } from '../support/hooks.ts'
import { tempDatabase, tempFolder } from '../support/temp-database.ts'

export interface SongFacts {
  readonly suffix: string
  readonly durationMs: number
  readonly bitRate: number
  readonly codec?: string
  readonly sampleRate?: number
  readonly channels?: number
  readonly bitDepth?: number
}

/** Rights as a test turns them: what a user is and sees at the moment. */
export interface TestRights extends RightsSource {
  scope: AccessScope
  user: User | undefined
  keys: readonly ApiKeyId[]
  changed(): void
}

export interface MediaHome {
  readonly folder: string
  readonly music: string
  readonly songs: SongRepository
  readonly user: User
  readonly viewer: Viewer
  readonly rights: TestRights
  /** A file of the library with its row. */
  addSong(bytes: Uint8Array, facts: SongFacts): Song
  pathOf(song: Song): string
  /** Started, and stopped after the test. */
  streamer(
    settings?: Partial<GivenMediaSettings>,
    hooks?: Pick<HookBus, 'guard'>,
    more?: Partial<StreamerOptions>,
  ): Promise<RunningStreamer>
}

export const USER: User = {
  id: 1 as UserId,
  name: 'ann',
  fullName: '',
  email: '',
  isAdmin: false,
  roles: ['stream', 'download'],
  maxBitRate: 0,
  tokenLogin: true,
  credentialsVersion: 1,
  lastLoginAt: undefined,
  lastAccessAt: undefined,
  createdAt: 0,
  updatedAt: 0,
}

/** A real library of one folder and one album in a temporary place, and streamers over it. */
export function mediaHome(t: TestContext): MediaHome {
  const music = tempFolder(t, 'tonearm-media-music-')
  const folder = tempFolder(t, 'tonearm-media-')
  const db = tempDatabase(t)
  prepare(db, music)
  const songs = createSongRepository(createLibraryContext(db))
  const viewer: Viewer = { userId: USER.id, scope: FULL_SCOPE }
  const rights = testRights()
  let count = 0
  return {
    folder,
    music,
    songs,
    user: USER,
    viewer,
    rights,
    addSong: (bytes, facts) => {
      count++
      const path = `song ${count}.${facts.suffix}`
      writeFileSync(join(music, path), bytes)
      return songs.find(viewer, insertSong(db, { ...facts, path, file: join(music, path) })) as Song
    },
    pathOf: (song) => join(music, song.path),
    streamer: async (settings = {}, hooks = quietHooks, more = {}) => {
      const streamer = createStreamer({
        settings: createMediaSettings({ cacheDir: join(folder, 'transcodes'), lingerMs: 0, niceness: 0, ...settings }),
        songs,
        hooks,
        rights,
        log: silentLogger,
        secondLookMs: 20,
        ...more,
      })
      t.after(() => streamer.stop())
      await streamer.start()
      return streamer
    },
  }
}

/** All bytes of a source. */
export async function readAll(source: ByteSource, range?: ByteRange): Promise<Buffer> {
  const stream = await source.open(range)
  const parts: Uint8Array[] = []
  try {
    for (let bytes = await stream.read(); bytes; bytes = await stream.read()) parts.push(bytes.slice())
  } finally {
    stream.close()
  }
  return Buffer.concat(parts)
}

/** Waits, at most 10 s, until it is so. */
export async function eventually(condition: () => boolean, what: string): Promise<void> {
  const end = performance.now() + 30_000
  while (!condition()) {
    if (performance.now() > end) throw new Error(`never: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

export function isAlive(pid: number | undefined): boolean {
  try {
    process.kill(pid ?? -1, 0)
    return true
  } catch {
    return false
  }
}

function testRights(): TestRights {
  const listeners = new Set<(userId: UserId | undefined) => void>()
  const rights: TestRights = {
    scope: FULL_SCOPE,
    user: USER,
    keys: [],
    current: async (userId) =>
      rights.user && { user: rights.user, viewer: { userId, scope: rights.scope } satisfies Viewer },
    hasKey: (_userId, keyId) => rights.keys.includes(keyId),
    onChange: (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    changed: () => {
      for (const listener of listeners) listener(USER.id)
    },
  }
  return rights
}

function prepare(db: Database, music: string): void {
  db.run("INSERT INTO library (id, name, path, created_at, updated_at) VALUES (1, 'Music', ?, 0, 0)", [music])
  db.run(
    `INSERT INTO folder (id, library_id, path, name, order_name, created_at, updated_at) VALUES (1, 1, '', 'Music', 'music', 0, 0)`,
  )
  db.run(
    "INSERT INTO artist (id, key, name, order_name, created_at, updated_at) VALUES (1, 'someone', 'Someone', 'someone', 0, 0)",
  )
  db.run(
    `INSERT INTO album (id, library_id, folder_id, key, name, order_name, artist, artist_id, order_artist, created_at, updated_at)
     VALUES (1, 1, 1, 'tones', 'Tones', 'tones', 'Someone', 1, 'someone', 0, 0)`,
  )
}

function insertSong(db: Database, song: SongFacts & { readonly path: string; readonly file: string }): SongId {
  const stats = statSync(song.file)
  const { lastId } = db.run(
    `INSERT INTO song (library_id, folder_id, album_id, path, size, mtime_ms, suffix, pid, title, order_title, album, artist,
       artist_id, album_artist, album_artist_id, duration_ms, bit_rate, sample_rate, channels, bit_depth, codec, created_at, updated_at)
     VALUES (1, 1, 1, ?, ?, ?, ?, ?, 'Tone', 'tone', 'Tones', 'Someone', 1, 'Someone', 1, ?, ?, ?, ?, ?, ?, 0, 0)`,
    [
      song.path,
      stats.size,
      Math.trunc(stats.mtimeMs),
      song.suffix,
      song.path,
      song.durationMs,
      song.bitRate,
      song.sampleRate ?? 44_100,
      song.channels ?? 2,
      song.bitDepth ?? 0,
      song.codec ?? '',
    ],
  )
  return lastId as SongId
}
