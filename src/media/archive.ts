import type { ByteSource, ByteStream } from '../base/byte-source.ts'
import { pause } from '../base/deadline.ts'
import { isAppError } from '../base/errors.ts'
import type { SongId, UserId } from '../base/ids.ts'
import { aroundStreams } from '../base/interruptible.ts'
import { createPlaces } from './archive-places.ts'
import type { LoginProof } from './stream-rights.ts'
import { type ZipEntry, zipSource } from './zip-source.ts'

export interface ArchiveEntry {
  readonly songId: SongId
  /** With `/` between folders; each once. */
  readonly name: string
  /** What the name promises; a song that would be sent as something else is left out. */
  readonly suffix: string
}

export interface ArchiveRequest {
  /** Of the archive, with its ending. */
  readonly downloadName: string
  /** Says what is inside, in order; called when an archive is opened and the user has a place for it. */
  readonly list: () => Promise<readonly ArchiveEntry[]>
  /** A playlist file at the end that names what is inside. */
  readonly playlistName?: string
  /** As of a stream; `raw` or absent = the files as they are. */
  readonly format?: string
  /** kbit/s; with a format. */
  readonly maxBitRate?: number
  readonly client: string
  readonly login?: LoginProof
}

export interface ArchiveOptions {
  /** Before the first byte, when all is listed. Rejects where the user may have no archive any more. */
  readonly check: (userId: UserId, request: ArchiveRequest) => Promise<void>
  /**
   * One song for whoever the user is by now, with the rights of now. Rejects like `Streamer.download`; with BUSY at once
   * when `isLate`: the archive has waited as long as it may.
   */
  readonly song: (asked: {
    readonly userId: UserId
    readonly entry: ArchiveEntry
    readonly request: ArchiveRequest
    readonly isLate: boolean
  }) => Promise<ByteSource>
  readonly now: () => number
  /** Between two tries for a place among conversions. */
  readonly retryMs: number
  /** All that one archive waits for places. */
  readonly patienceMs: number
}

/** A minute by the default: as long as other listeners may keep all places. */
const MAX_TRIES = 30

/**
 * Makes archives of songs: each is authorised when its turn has come. One that the user may not have any more is left out
 * without a word, others that can't be had are named. BUSY when the user has several already; a place is held from the
 * listing to the end.
 */
export function createArchives(options: ArchiveOptions) {
  const places = createPlaces()

  async function begin(userId: UserId, request: ArchiveRequest, signal?: AbortSignal): Promise<ByteStream> {
    const listed = await request.list()
    await options.check(userId, request)
    let patience = options.patienceMs
    const patiently = async (entry: ArchiveEntry, leaving: AbortSignal | undefined): Promise<ByteStream> => {
      for (let tries = 1; ; tries++) {
        const start = performance.now()
        try {
          const source = await options.song({ userId, entry, request, isLate: patience <= 0 })
          return await source.open(undefined, leaving)
        } catch (error) {
          const isBusy = isAppError(error) && error.code === 'BUSY'
          if (!isBusy || tries >= MAX_TRIES || patience <= 0 || leaving?.aborted) throw error
          await pause(Math.min(options.retryMs, patience), leaving)
          patience -= performance.now() - start
          if (leaving?.aborted) throw error
        }
      }
    }
    const source = zipSource({
      downloadName: request.downloadName,
      at: options.now(),
      isUnnamed: (error) => isAppError(error) && (error.code === 'NOT_FOUND' || error.code === 'FORBIDDEN'),
      entries: zipEntries(listed, request.playlistName, patiently),
    })
    return source.open(undefined, signal)
  }

  return function archive(userId: UserId, request: ArchiveRequest): ByteSource {
    return {
      contentType: 'application/zip',
      cacheControl: 'no-store',
      downloadName: request.downloadName,
      open: (_range, signal) => places.hold(userId, () => begin(userId, request, signal)),
    }
  }
}

/** Made one by one; the playlist is behind the songs, so that it names those that could be had. */
function* zipEntries(
  listed: readonly ArchiveEntry[],
  playlistName: string | undefined,
  openSong: (entry: ArchiveEntry, signal: AbortSignal | undefined) => Promise<ByteStream>,
): Generator<ZipEntry, void> {
  const inside: string[] = []
  for (const entry of listed) {
    const song: ByteSource = {
      contentType: 'application/octet-stream',
      open: (_range, signal) => openSong(entry, signal),
    }
    const noted = aroundStreams(song, (stream) => {
      if (playlistName !== undefined) inside.push(entry.name)
      return stream
    })
    yield { name: entry.name, open: async () => noted }
  }
  if (playlistName === undefined) return
  yield { name: playlistName, open: async () => textSource(['#EXTM3U', ...inside, ''].join('\n')) }
}

function textSource(text: string): ByteSource {
  return {
    contentType: 'audio/x-mpegurl',
    open: async () => {
      const parts: Uint8Array[] = [Buffer.from(text)]
      return { read: async () => parts.shift(), close: () => {} }
    },
  }
}
