import type { ByteSource } from '../base/byte-source.ts'
import { AppError } from '../base/errors.ts'
import { encodeId } from '../base/ids.ts'
import type { Song } from '../library/entities.ts'
import type { BufferPool } from './buffer-pool.ts'
import { contentTypeOf } from './content-types.ts'
import { fileSource, statFile } from './file-source.ts'
import type { Piece } from './hls/segments.ts'
import type { Target } from './negotiate/targets.ts'
import { durationHeader, offsetOf } from './stream-time.ts'
import type { ExactSound } from './transcode/ffmpeg-arguments.ts'
import type { Transcoder } from './transcode/transcoder.ts'

/** What was decided for a file as it was then. */
export interface Agreement {
  readonly size: number
  /** ms since 1970, whole. */
  readonly mtimeMs: number
  /** Absent: the file as it is. */
  readonly conversion?: AgreedConversion
}

export interface AgreedConversion {
  /** The profile's name. */
  readonly profile: string
  readonly container: string
  /** kbit/s; 0 = the profile's own. */
  readonly bitRate: number
  readonly exact: ExactSound
}

export interface AgreedOptions {
  readonly song: Song
  /** Absolute. */
  readonly path: string
  /** Whose place a conversion takes. */
  readonly owner: number
  readonly agreement: Agreement
  /** Seconds */
  readonly timeOffset: number
  /** Just this of what is converted. */
  readonly piece?: Pick<Piece, 'offsetMs' | 'samples'>
  readonly targets: readonly Target[]
  readonly transcoder: Transcoder | undefined
  readonly pool: BufferPool
}

/** The bytes that were promised, and no others in their place. Rejects with GONE when the file is another, or nothing makes them. */
export async function agreedSource(options: AgreedOptions): Promise<ByteSource> {
  const { song, path, agreement, pool } = options
  const stats = await statFile(path)
  const isSame = stats.size === agreement.size && Math.trunc(stats.mtimeMs) === agreement.mtimeMs
  if (!isSame || song.size !== agreement.size || song.mtimeMs !== agreement.mtimeMs) throw gone()
  if (agreement.conversion) return converted(options, agreement.conversion)
  return fileSource({
    path,
    contentType: contentTypeOf(song.suffix),
    tag: encodeId('song', song.id),
    pool,
    cacheControl: 'private',
    headers: durationHeader(song.durationMs),
  })
}

function converted(options: AgreedOptions, { profile, container, bitRate, exact }: AgreedConversion) {
  const { song, path, owner, targets, transcoder, piece } = options
  const target = targets.find((one) => one.profile.name === profile && one.container === container)
  if (!target || !transcoder) throw gone()
  const songId = encodeId('song', song.id)
  if (transcoder.hasFailed({ songId, mtimeMs: song.mtimeMs }))
    throw new AppError('TRANSCODE_FAILED', 'This song could not be converted. Ask for another decision.')
  const offsetMs = piece?.offsetMs ?? offsetOf(song, options.timeOffset)
  const durationMs = piece ? (piece.samples * 1000) / exact.sampleRate : Math.max(0, song.durationMs - offsetMs)
  return transcoder.source({
    songId,
    owner,
    size: song.size,
    mtimeMs: song.mtimeMs,
    durationMs,
    estimate: false,
    headers: durationHeader(durationMs),
    spec: {
      inputPath: path,
      inputSuffix: song.suffix,
      profile: target.profile,
      bitRate,
      offsetMs,
      sampleRate: song.sampleRate,
      channels: song.channels,
      exact,
      ...(piece ? { samples: piece.samples } : {}),
    },
  })
}

function gone(): AppError {
  return new AppError('GONE', 'This decision no longer holds: the song has changed since. Ask for another one.')
}
