import { type HookInput, type PlaybackEvent, publicIdOf, rowIdOf } from 'tonearm/plugin'
import type { Context } from './context.ts'
import type { Hub } from './hub.ts'

/** A player that has not been heard of for so long after the end of its song is gone, should its end have got lost. */
const GRACE_MS = 45 * 60_000
/** One that rests tells when it goes on and when it stops. */
const REPORTED_MS = 24 * 3_600_000
const MAX_PLAYERS = 1_000

const FAILED = 'the scan failed'

export interface LiveState {
  /** As this user may know it. */
  scanStatus(user: { readonly userId: number; readonly isAdmin: boolean }): Promise<object>
  nowPlaying(): number
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

  const players = new Map<string, number>()
  let told = 0
  const nowPlaying = () => {
    for (const [player, until] of players) if (until <= now()) players.delete(player)
    return players.size
  }
  const tellPlayers = () => {
    const count = nowPlaying()
    if (count !== told) hub.tell('nowPlayingCount', { count })
    told = count
  }
  const tellPlayer = (sessionId: string, atMostMs: number) => {
    if (players.size < MAX_PLAYERS || players.has(sessionId)) players.set(sessionId, now() + atMostMs + GRACE_MS)
    tellPlayers()
  }
  hooks.on('playback.started', async ({ userId, mediaId, sessionId }) => {
    tellPlayer(sessionId, 0)
    const track = await library.track(mediaId, userId)
    if (track && players.has(sessionId)) tellPlayer(sessionId, track.durationMs)
  })
  hooks.on('playback.paused', ({ sessionId }) => tellPlayer(sessionId, REPORTED_MS))
  hooks.on('playback.resumed', ({ sessionId }) => tellPlayer(sessionId, REPORTED_MS))
  const gone = ({ sessionId }: PlaybackEvent) => {
    players.delete(sessionId)
    tellPlayers()
  }
  // Another song of the same player follows at once.
  hooks.on('playback.stopped', (event) => {
    if (event.reason !== 'replaced') gone(event)
  })
  hooks.on('playback.finished', (event) => {
    if (!event.scrobbled) gone(event)
  })
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
