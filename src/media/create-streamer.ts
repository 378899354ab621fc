import { basename, extname } from 'node:path'
import type { ByteSource } from '../base/byte-source.ts'
import { AppError, isAppError } from '../base/errors.ts'
import { encodeId, type SongId, type UserId } from '../base/ids.ts'
import type { HookBus } from '../hooks/hook-bus.ts'
import type { Song, User, Viewer } from '../library/entities.ts'
import type { SongRepository } from '../library/song-repository.ts'
import type { Logger } from '../log/logger.ts'
import { agreedSource } from './agreed-source.ts'
import { type ArchiveRequest, createArchives } from './archive.ts'
import { askedFormat, substituteHeader } from './asked-format.ts'
import { BufferPool } from './buffer-pool.ts'
import { contentTypeOf } from './content-types.ts'
import { fileSource } from './file-source.ts'
import type { MediaSettings } from './media-settings.ts'
import { negotiate } from './negotiate/decide.ts'
import { type Target, targetsOf } from './negotiate/targets.ts'
import { type Decision, decideStream, defaultProfile } from './stream-decision.ts'
import { type RightsSource, type StreamGrant, StreamRights } from './stream-rights.ts'
import { durationHeader, offsetOf } from './stream-time.ts'
import type { DownloadRequest, Streamer, StreamPlan, StreamRequest } from './streamer.ts'
import { selectEngine } from './transcode/select-engine.ts'
import { Transcoder, type TranscoderStatus } from './transcode/transcoder.ts'

export interface StreamerOptions {
  readonly settings: MediaSettings
  readonly songs: Pick<SongRepository, 'find' | 'absolutePath'>
  readonly hooks: Pick<HookBus, 'guard'>
  readonly rights: RightsSource
  readonly log: Logger
  /** The built `wasm-child`; absent = its source, by tsx. */
  readonly wasmChildEntry?: string
  /** ms since 1970; the time of archives' entries. */
  readonly now?: () => number
  /** Between two tries of an archive for a place among conversions; for tests. */
  readonly busyRetryMs?: number
  /** All that one archive waits for such places; for tests. */
  readonly archivePatienceMs?: number
  /** Before a stream with a doubtful right is ended; for tests. */
  readonly secondLookMs?: number
}

export interface StreamerStatus {
  readonly streams: number
  /** Absent without an engine. */
  readonly transcoder: TranscoderStatus | undefined
}

export interface RunningStreamer extends Streamer {
  /** Looks for an engine and reads the cache's folder. Streams that come before wait for it; `plan` says raw until then. */
  start(): Promise<void>
  /** Ends conversions and their processes. */
  stop(): Promise<void>
  status(): StreamerStatus
}

const SECOND_LOOK_MS = 2000
const BUSY_RETRY_MS = 2000
const ARCHIVE_PATIENCE_MS = 5 * 60_000

export function createStreamer(options: StreamerOptions): RunningStreamer {
  const { settings, songs, hooks, log } = options
  const pool = new BufferPool()
  const rights = new StreamRights({
    rights: options.rights,
    isAllowed: (user, viewer, { purpose, songId }) =>
      hasRole(user, purpose) && (songId === undefined || songs.find(viewer, songId) !== undefined),
    secondLookMs: options.secondLookMs ?? SECOND_LOOK_MS,
    log,
  })
  let transcoder: Transcoder | undefined
  let targets: readonly Target[] = []
  let starting: Promise<void> | undefined

  async function begin(): Promise<void> {
    rights.start()
    try {
      await findTranscoder()
    } catch (error) {
      log.error('Songs can not be converted; they are sent as they are', { error })
    }
  }

  async function findTranscoder(): Promise<void> {
    const engine = await selectEngine({
      settings,
      log,
      ...(options.wasmChildEntry === undefined ? {} : { wasmChildEntry: options.wasmChildEntry }),
    })
    if (!engine) return
    const profiles = settings.profiles.filter((profile) => engine.canEncode(profile.encoder))
    const made = new Transcoder({ ...settings, engine, profiles, pool, log })
    await made.start()
    transcoder = made
    targets = targetsOf(profiles)
  }

  function decide(user: User, song: Song, request: Pick<StreamRequest, 'maxBitRate' | 'format'>): Decision {
    return decideStream({
      song,
      format: request.format,
      requestedBitRate: request.maxBitRate ?? 0,
      userBitRate: user.maxBitRate,
      serverBitRate: settings.maxBitRate,
      profiles: transcoder?.profiles ?? [],
      defaultFormat: settings.defaultFormat,
    })
  }

  async function authorized(
    user: User,
    viewer: Viewer,
    asked: { readonly songId: SongId; readonly purpose: 'stream' | 'download'; readonly client: string },
  ): Promise<{ readonly song: Song; readonly path: string }> {
    requireRole(user, asked.purpose)
    const song = songs.find(viewer, asked.songId)
    const path = songs.absolutePath(viewer, asked.songId)
    if (!song || path === undefined) throw new AppError('NOT_FOUND', 'There is no such song.')
    const verdict = await hooks.guard('stream.authorize', {
      userId: encodeId('user', user.id),
      mediaId: encodeId('song', song.id),
      purpose: asked.purpose,
      client: asked.client,
    })
    if (!verdict.allow) throw new AppError(verdict.status === 429 ? 'BUSY' : 'FORBIDDEN', verdict.reason)
    return { song, path }
  }

  async function describeStream(
    user: User,
    song: Song,
    path: string,
    request: Omit<StreamRequest, 'client'> & Pick<DownloadRequest, 'isExact'>,
  ): Promise<ByteSource> {
    await starting
    const decision = decide(user, song, request)
    const songId = encodeId('song', song.id)
    const asked = askedFormat(request.format)
    const isKnown = settings.profiles.some(({ name }) => name === asked)
    const instead = (sent: string) => substituteHeader(asked, sent, settings.profiles)
    const unconverted = () =>
      fileSource({
        path,
        contentType: contentTypeOf(song.suffix),
        tag: songId,
        pool,
        cacheControl: 'private',
        headers: { ...durationHeader(song.durationMs), ...instead(song.suffix) },
      })
    if (decision.raw || !transcoder) return unconverted()
    if (transcoder.hasFailed({ songId, mtimeMs: song.mtimeMs })) {
      if (!isKnown && request.isExact !== true) return unconverted()
      throw new AppError('TRANSCODE_FAILED', 'This song could not be converted. Ask for it unconverted (format=raw).')
    }
    const offsetMs = offsetOf(song, request.timeOffset)
    const durationMs = Math.max(0, song.durationMs - offsetMs)
    const converted = await transcoder.source({
      songId,
      owner: user.id,
      size: song.size,
      mtimeMs: song.mtimeMs,
      durationMs,
      estimate: request.estimateContentLength === true,
      headers: { ...durationHeader(durationMs), ...instead(decision.profile.name) },
      spec: {
        inputPath: path,
        inputSuffix: song.suffix,
        profile: decision.profile,
        bitRate: decision.bitRate,
        offsetMs,
        sampleRate: song.sampleRate,
        channels: song.channels,
      },
    })
    // Whoever named a format can play no other, perhaps.
    if (isKnown || request.isExact === true) return converted
    // A client must get music, not an error: what ffmpeg can not read, a player perhaps can.
    const fallback = async (error: unknown) =>
      isAppError(error) && error.code === 'TRANSCODE_FAILED' ? await unconverted() : undefined
    return { ...converted, instead: fallback }
  }

  async function download(user: User, viewer: Viewer, request: DownloadRequest): Promise<ByteSource> {
    const since = rights.changes
    const { song, path } = await authorized(user, viewer, { ...request, purpose: 'download' })
    const original = basename(song.path)
    const source =
      askedFormat(request.format) === undefined
        ? await fileSource({
            path,
            contentType: contentTypeOf(song.suffix),
            tag: encodeId('song', song.id),
            pool,
            cacheControl: 'private',
            downloadName: original,
          })
        : attached(await describeStream(user, song, path, request), original, planOf(song, decide(user, song, request)))
    return rights.revocable(source, grantOf('download', user, request), since)
  }

  const archiveGrant = (userId: UserId, { login }: ArchiveRequest) =>
    ({ userId, purpose: 'download', login }) satisfies StreamGrant

  async function currentFor(userId: UserId, request: ArchiveRequest) {
    const current = await options.rights.current(userId, 'download')
    if (current && rights.mayGoOn(current, archiveGrant(userId, request))) return current
    throw new AppError('FORBIDDEN', 'The right to these songs was withdrawn.')
  }

  const archive = createArchives({
    now: options.now ?? Date.now,
    retryMs: options.busyRetryMs ?? BUSY_RETRY_MS,
    patienceMs: options.archivePatienceMs ?? ARCHIVE_PATIENCE_MS,
    check: async (userId, request) => {
      await currentFor(userId, request)
    },
    song: async ({ userId, entry, request, isLate }) => {
      const { user, viewer } = await currentFor(userId, request)
      const song = songs.find(viewer, entry.songId)
      if (!song) throw new AppError('NOT_FOUND', 'There is no such song.')
      if (isLate) throw new AppError('BUSY', 'The archive has waited too long for other songs.')
      const source = await download(user, viewer, archived(entry.songId, request))
      const isConverted = askedFormat(request.format) !== undefined
      const sent = isConverted ? planOf(song, decide(user, song, request)).suffix : song.suffix
      // Its bytes come under the name that was made when the archive began, or not at all.
      if (sent === entry.suffix) return source
      throw new AppError('TRANSCODE_FAILED', 'This song could not be sent in the form that its name tells.')
    },
  })

  /** Says at the head of an archive what an unknown format becomes. */
  function archiveHeaders(format: string | undefined): Readonly<Record<string, string>> {
    const asked = askedFormat(format)
    const profiles = transcoder?.profiles ?? []
    if (asked === undefined || profiles.some(({ name }) => name === asked)) return {}
    const { defaultFormat } = settings
    return substituteHeader(asked, defaultProfile({ profiles, defaultFormat })?.name ?? 'raw', settings.profiles)
  }

  return {
    start: () => {
      starting ??= begin()
      return starting
    },
    stop: async () => {
      rights.stop()
      await starting
      await transcoder?.stop()
    },
    status: () => ({ streams: rights.runningStreams, transcoder: transcoder?.status() }),
    stream: async (user, viewer, request) => {
      const since = rights.changes
      const { song, path } = await authorized(user, viewer, { ...request, purpose: 'stream' })
      const source = await describeStream(user, song, path, request)
      return rights.revocable(source, grantOf('stream', user, request), since)
    },
    download,
    archive: async (user, request) => {
      const since = rights.changes
      requireRole(user, 'download')
      await starting
      const source = { ...archive(user.id, request), headers: archiveHeaders(request.format) }
      return rights.revocable(source, archiveGrant(user.id, request), since)
    },
    negotiate: async (user, song, wishes) => {
      await starting
      const hasFailed = transcoder?.hasFailed({ songId: encodeId('song', song.id), mtimeMs: song.mtimeMs })
      const limits = [user.maxBitRate, settings.maxBitRate]
      return negotiate({ song, wishes, limits, targets: hasFailed ? [] : targets })
    },
    agreed: async (user, viewer, request) => {
      const since = rights.changes
      const { song, path } = await authorized(user, viewer, { ...request, purpose: 'stream' })
      await starting
      const source = await agreedSource({ song, path, owner: user.id, targets, transcoder, pool, ...request })
      return rights.revocable(source, grantOf('stream', user, request), since)
    },
    plan: (user, song, request) => planOf(song, decide(user, song, request)),
    contentTypeOf,
  }
}

function planOf(song: Song, decision: Decision): StreamPlan {
  if (decision.raw) {
    return { raw: true, suffix: song.suffix, contentType: contentTypeOf(song.suffix), bitRate: song.bitRate }
  }
  const { suffix, contentType, lossless } = decision.profile
  return { raw: false, suffix, contentType, bitRate: lossless ? song.bitRate : decision.bitRate }
}

/** A converted song under the name of its file with the ending of what it became. */
function attached(source: ByteSource, original: string, { raw, suffix }: StreamPlan): ByteSource {
  const converted = `${original.slice(0, original.length - extname(original).length)}.${suffix}`
  const { instead } = source
  return {
    ...source,
    downloadName: raw ? original : converted,
    ...(instead
      ? {
          instead: async (error) => {
            const other = await instead(error)
            return other && { ...other, downloadName: original }
          },
        }
      : {}),
  }
}

function grantOf(
  purpose: StreamGrant['purpose'],
  user: User,
  { songId, login }: Pick<DownloadRequest, 'songId' | 'login'>,
): StreamGrant {
  return { userId: user.id, songId, purpose, login }
}

function requireRole(user: User, role: 'stream' | 'download'): void {
  if (!hasRole(user, role))
    throw new AppError('FORBIDDEN', `${user.name} may not ${role} songs. An administrator can change that.`)
}

function hasRole(user: User, role: 'stream' | 'download'): boolean {
  return user.isAdmin || user.roles.includes(role)
}

/** What an archive asks for one of its songs: nothing else can come under the name that it has there. */
function archived(songId: SongId, { format, maxBitRate, client, login }: ArchiveRequest): DownloadRequest {
  return {
    songId,
    client,
    isExact: true,
    ...(format === undefined ? {} : { format }),
    ...(maxBitRate === undefined ? {} : { maxBitRate }),
    ...(login === undefined ? {} : { login }),
  }
}
