import type { ByteSource, ByteStream } from '../base/byte-source.ts'
import { pause } from '../base/deadline.ts'
import { AppError, isAppError } from '../base/errors.ts'
import type { SongId, UserId } from '../base/ids.ts'
import { aroundStreams } from '../base/interruptible.ts'
import type { User } from '../library/entities.ts'
import type { LoginProof } from './stream-rights.ts'
import { type ZipEntry, zipSource } from './zip-source.ts'

export interface ArchiveRequest {
  /** Of the archive, with its ending. */
  readonly downloadName: string
  /** In order; names with `/` between folders, each once. */
  readonly entries: readonly { readonly songId: SongId; readonly name: string }[]
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
  /** One song for whoever the user is by now, with the rights of now. Rejects like `Streamer.download`. */
  readonly song: (userId: UserId, songId: SongId, request: ArchiveRequest) => Promise<ByteSource>
  readonly now: () => number
  /** Between two tries for a place among conversions. */
  readonly retryMs: number
}

/** Archives that one user has sent at a time: each keeps a disk busy for minutes. */
const MAX_PER_USER = 4
/** A minute by the default: as long as other listeners may keep all places. */
const MAX_TRIES = 30

/**
 * Makes archives of songs: each is authorised when its turn has come. One that the user may not have any more is left out
 * without a word, others that can't be had are named. BUSY when the user has several already.
 */
export function createArchives({ song, now, retryMs }: ArchiveOptions) {
  const open = new Map<UserId, number>()

  async function patiently(work: () => Promise<ByteStream>, signal: AbortSignal | undefined): Promise<ByteStream> {
    for (let tries = 1; ; tries++) {
      try {
        return await work()
      } catch (error) {
        const isBusy = isAppError(error) && error.code === 'BUSY'
        if (!isBusy || tries >= MAX_TRIES || signal?.aborted) throw error
        await pause(retryMs, signal)
        if (signal?.aborted) throw error
      }
    }
  }

  return function archive(user: User, request: ArchiveRequest): ByteSource {
    const source = zipSource({
      downloadName: request.downloadName,
      at: now(),
      isUnnamed: (error) => isAppError(error) && (error.code === 'NOT_FOUND' || error.code === 'FORBIDDEN'),
      entries: withPlaylist(
        request.entries.map(({ songId, name }) => ({
          name,
          open: async () => ({
            contentType: 'application/octet-stream',
            open: (_range, signal) =>
              patiently(async () => (await song(user.id, songId, request)).open(undefined, signal), signal),
          }),
        })),
        request.playlistName,
      ),
    })
    const counted = aroundStreams(source, (stream) => {
      open.set(user.id, (open.get(user.id) ?? 0) + 1)
      const close = () => {
        const left = (open.get(user.id) ?? 1) - 1
        if (left > 0) open.set(user.id, left)
        else open.delete(user.id)
        stream.close()
      }
      return { read: () => stream.read(), close }
    })
    return {
      ...counted,
      open: (range, signal) => {
        if ((open.get(user.id) ?? 0) >= MAX_PER_USER) {
          const message = 'You download several archives already. Wait until one has ended.'
          return Promise.reject(new AppError('BUSY', message))
        }
        return counted.open(range, signal)
      },
    }
  }
}

/** Behind the songs, so that it names those that could be had. */
function withPlaylist(songs: readonly ZipEntry[], playlistName: string | undefined): readonly ZipEntry[] {
  if (playlistName === undefined) return songs
  const inside: string[] = []
  return [
    ...songs.map(({ name, open }) => ({
      name,
      open: async () => {
        const source = await open()
        return aroundStreams(source, (stream) => {
          inside.push(name)
          return stream
        })
      },
    })),
    { name: playlistName, open: async () => textSource(['#EXTM3U', ...inside, ''].join('\n')) },
  ]
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
