import { type HookInput, oneAtATime, type PlaybackEvent, publicIdOf, rowIdOf } from 'tonearm/plugin'
import type { Context } from './context.ts'
import type { Hub } from './hub.ts'

/** A player that has not been heard of for so long after the end of its song is gone, should its end have got lost. */
const GRACE_MS = 45 * 60_000
/** One that rests tells when it goes on and when it stops. */
const REPORTED_MS = 24 * 3_600_000
/** As many songs as one question may have. */
const MAX_PLAYERS = 500

const FAILED = 'the scan failed'

export interface LiveState {
  /** As this user may know it. */
  scanStatus(user: { readonly userId: number; readonly isAdmin: boolean }): Promise<object>
  /** How many players play what this user may see. */
  nowPlaying(userId: number): Promise<number>
}

/** What open pages hear beside notes: scans, changes of the library, and how many are listening; as Navidrome names it. */
export function addLiveEvents(ctx: Context, hub: Hub): LiveState {
  const { hooks, admin, library, now } = ctx
  let scanType = ''

  /** All that the user sees. How far a scan is tells of every library, and is for administrators. */
  const counts = async (userId: number) => {
    const { tracks: count, folders: folderCount } = await library.counts(publicIdOf('user', userId))
    return { count, folderCount }
  }
  const scanStatus: LiveState['scanStatus'] = async ({ userId, isAdmin }) => {
    const { scanning, count, folderCount, lastError, elapsedMs } = await admin.scans.status()
    const shown = scanning && isAdmin ? { count, folderCount } : await counts(userId)
    // Its words may hold a path, which is not for everybody.
    const error = lastError ? FAILED : ''
    return { scanning, ...shown, error, scanType, elapsedTime: nanoseconds(elapsedMs) }
  }
  let wasScanning = false
  const tellScan = async ({ scanning, count, folders, elapsedMs, failed }: HookInput<'scan.progress'>) => {
    const isTurn = scanning !== wasScanning
    wasScanning = scanning
    const rest = { error: failed ? FAILED : '', scanType, elapsedTime: nanoseconds(elapsedMs) }
    for (const { userId, isAdmin } of hub.users()) {
      if (!isAdmin && !isTurn) continue
      const shown = scanning && isAdmin ? { count, folderCount: folders } : await counts(userId)
      hub.tell('scanStatus', { scanning, ...shown, ...rest }, userId)
    }
  }
  hooks.on('scan.progress', (progress) => {
    scanType = progress.full ? 'full' : 'quick'
    return tellScan(progress)
  })
  // Without ids: of what some may not see not even those are for everybody.
  hooks.on('library.changed', () => hub.tell('refreshResource', { '*': '*' }))
  hooks.on('annotation.changed', ({ userId, mediaId }) => {
    const kind = (['song', 'album', 'artist'] as const).find((one) => rowIdOf(one, mediaId) !== undefined)
    if (kind) hub.tell('refreshResource', { [kind]: [mediaId] }, rowIdOf('user', userId))
  })
  hooks.on('user.deleted', ({ userId }) => hub.end(rowIdOf('user', userId)))
  hooks.on('user.changed', ({ userId }) => hub.end(rowIdOf('user', userId)))

  const players = new Map<string, { readonly mediaId: string; readonly until: number }>()
  /** By user, what was told last. */
  const told = new Map<number, number>()
  /** Players of songs that the user may see, as getNowPlaying lists them: the others are nobody's business. */
  const nowPlaying: LiveState['nowPlaying'] = async (userId) => {
    for (const [player, { until }] of players) if (until <= now()) players.delete(player)
    if (players.size === 0) return 0
    const things = [...players.values()].map(({ mediaId: id }) => ({ kind: 'song', id }) as const)
    const seen = await library.songIds(things, publicIdOf('user', userId))
    return seen.filter((ids) => ids.length > 0).length
  }
  const tellPlayers = oneAtATime(async () => {
    const users = hub.users()
    for (const userId of told.keys()) if (!users.some((user) => user.userId === userId)) told.delete(userId)
    for (const { userId } of users) {
      const count = await nowPlaying(userId)
      if (count !== (told.get(userId) ?? 0)) hub.tell('nowPlayingCount', { count }, userId)
      told.set(userId, count)
    }
  })
  const tellPlayer = ({ sessionId, mediaId }: PlaybackEvent, atMostMs: number) => {
    if (players.size >= MAX_PLAYERS && !players.has(sessionId)) return
    players.set(sessionId, { mediaId, until: now() + atMostMs + GRACE_MS })
    return tellPlayers()
  }
  hooks.on('playback.started', async (event) => {
    const { userId, mediaId, sessionId } = event
    const telling = tellPlayer(event, 0)
    const track = await library.track(mediaId, userId)
    const player = players.get(sessionId)
    if (track && player?.mediaId === mediaId)
      players.set(sessionId, { mediaId, until: player.until + track.durationMs })
    await telling
  })
  hooks.on('playback.paused', (event) => tellPlayer(event, REPORTED_MS))
  hooks.on('playback.resumed', (event) => tellPlayer(event, REPORTED_MS))
  const gone = ({ sessionId, mediaId }: PlaybackEvent) => {
    // Another song of the same player may have begun already.
    if (players.get(sessionId)?.mediaId !== mediaId) return
    players.delete(sessionId)
    return tellPlayers()
  }
  hooks.on('playback.stopped', (event) => (event.reason === 'replaced' ? undefined : gone(event)))
  hooks.on('playback.finished', (event) => (event.scrobbled ? undefined : gone(event)))
  hooks.on('playback.counted', async ({ userId, mediaId }) => {
    const track = await library.track(mediaId, userId)
    if (!track) return
    hub.tell('refreshResource', { song: [mediaId], album: [track.albumId] }, rowIdOf('user', userId))
  })
  return { scanStatus, nowPlaying }
}

/** As Navidrome counts times. */
function nanoseconds(ms: number): number {
  return Math.round(ms * 1e6)
}
