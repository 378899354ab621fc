import { rowIdOf } from 'tonearm/plugin'
import type { Context } from './context.ts'
import type { Hub } from './hub.ts'

/** A player that has not been heard of for so long after the end of its song is gone. */
const GRACE_MS = 120_000
const MAX_PLAYERS = 1_000

export interface LiveState {
  scanStatus(): Promise<object>
  nowPlaying(): number
}

/** What open pages hear beside notes: scans, changes of the library, and how many are listening; as Navidrome names it. */
export function addLiveEvents(ctx: Context, hub: Hub): LiveState {
  const { hooks, admin, library, now } = ctx
  let scanType = ''

  const scanStatus = async () => {
    const { scanning, count, folderCount, lastError = '', elapsedMs } = await admin.scans.status()
    return { scanning, count, folderCount, error: lastError, scanType, elapsedTime: Math.round(elapsedMs * 1e6) }
  }
  const tellScan = async () => {
    if (hub.size > 0) hub.tell('scanStatus', await scanStatus())
  }
  hooks.on('scan.started', async ({ full }) => {
    scanType = full ? 'full' : 'quick'
    await tellScan()
  })
  hooks.on('scan.finished', tellScan)
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
  hooks.on('playback.started', async ({ userId, mediaId, sessionId }) => {
    const track = await library.track(mediaId, userId)
    if (players.size < MAX_PLAYERS) players.set(sessionId, now() + (track?.durationMs ?? 0) + GRACE_MS)
    tellPlayers()
  })
  hooks.on('playback.finished', ({ sessionId }) => {
    players.delete(sessionId)
    tellPlayers()
  })
  return { scanStatus, nowPlaying }
}
