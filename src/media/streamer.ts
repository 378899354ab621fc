import type { ByteSource } from '../base/byte-source.ts'
import type { SongId } from '../base/ids.ts'
import type { Song, User, Viewer } from '../library/entities.ts'
import type { Agreement } from './agreed-source.ts'
import type { ArchiveRequest } from './archive.ts'
import type { Piece } from './hls/segments.ts'
import type { ClientWishes } from './negotiate/client-wishes.ts'
import type { Negotiated } from './negotiate/decide.ts'
import type { LoginProof } from './stream-rights.ts'

/** Subsonic `stream` parameters, parsed. */
export interface StreamRequest {
  readonly songId: SongId
  /** kbit/s; 0 or absent = no limit. */
  readonly maxBitRate?: number
  /** `raw`, a profile's name, or anything a client sends: unknown formats fall back, never fail. */
  readonly format?: string
  /** Seconds; only of transcodes. */
  readonly timeOffset?: number
  readonly estimateContentLength?: boolean
  readonly client: string
  readonly login?: LoginProof
}

export interface DownloadRequest {
  readonly songId: SongId
  /** As of a stream; `raw` or absent = the file as it is. */
  readonly format?: string
  /** kbit/s; with a format. */
  readonly maxBitRate?: number
  /** Never the file in place of what can't be converted, whatever the format. */
  readonly isExact?: boolean
  readonly client: string
  readonly login?: LoginProof
}

/** A stream as a decision promised it. */
export interface AgreedRequest {
  readonly songId: SongId
  readonly agreement: Agreement
  /** Seconds; only of what is converted. */
  readonly timeOffset: number
  /** Just this of what is converted. */
  readonly piece?: Pick<Piece, 'offsetMs' | 'samples'>
  readonly client: string
  readonly login?: LoginProof
}

/** What a song would be sent as; pure. Also fills `transcodedSuffix` and `transcodedContentType`. */
export interface StreamPlan {
  readonly raw: boolean
  readonly suffix: string
  readonly contentType: string
  /** kbit/s */
  readonly bitRate: number
}

/**
 * Decides raw or transcoded (opensubsonic.md 6.2), asks `stream.authorize`, and describes the bytes. The user's role and
 * maxBitRate are obeyed. A stream ends within seconds of its right being withdrawn, or the password or key of its `login`.
 */
export interface Streamer {
  /** Rejects with NOT_FOUND, FORBIDDEN, MEDIA_UNREADABLE, BUSY. */
  stream(user: User, viewer: Viewer, request: StreamRequest): Promise<ByteSource>
  /** The original file, or converted where a format is named, as an attachment. FORBIDDEN without the download role. */
  download(user: User, viewer: Viewer, request: DownloadRequest): Promise<ByteSource>
  /** What a client that says what it plays is to get. */
  negotiate(user: User, song: Song, wishes: ClientWishes): Promise<Negotiated>
  /**
   * That, to the letter. Rejects with NOT_FOUND, FORBIDDEN, MEDIA_UNREADABLE, BUSY, TRANSCODE_FAILED, and with GONE when the
   * file or what can be made is no longer what it was.
   */
  agreed(user: User, viewer: Viewer, request: AgreedRequest): Promise<ByteSource>
  /** Songs in one ZIP that is made while it is sent. Its streams end like those of songs; rejects with FORBIDDEN, streams also with BUSY. */
  archive(user: User, request: ArchiveRequest): Promise<ByteSource>
  plan(user: User, song: Song, request: Pick<StreamRequest, 'maxBitRate' | 'format' | 'client'>): StreamPlan
  contentTypeOf(suffix: string): string
}
