import { LRUCache } from 'lru-cache'
import type { Clock } from '../base/clock.ts'
import { encodeId, type SongId, type UserId } from '../base/ids.ts'
import type { HookBus } from '../hooks/hook-bus.ts'
import type { PlaybackEvent } from '../hooks/hooks.ts'
import type { Song, User, Viewer } from '../library/entities.ts'
import type { Repositories } from '../library/repositories.ts'
import type { Logger } from '../log/logger.ts'
import { NowPlaying, type PlayingEntry, playerIdOf } from './now-playing.ts'
import { believablePlayTime } from './play-time.ts'

export interface NowPlayingEntry {
  readonly user: User
  readonly song: Song
  readonly client: string
  /** Small integer, stable for a user's client. */
  readonly playerId: number
  readonly minutesAgo: number
}

export interface Playback {
  /** Subsonic `scrobble` with submission=false. Unknown or invisible songs are ignored. */
  nowPlaying(user: User, viewer: Viewer, songId: SongId, client: string): void
  /** Subsonic `scrobble`: counts plays. Written when it returns. Times in the future are brought to now. */
  scrobble(
    user: User,
    viewer: Viewer,
    plays: readonly { readonly songId: SongId; readonly at: number }[],
    client: string,
  ): void
  /** What others listen to, as far as the viewer may see those songs; entries end with the song. */
  listNowPlaying(viewer: Viewer): readonly NowPlayingEntry[]
}

export interface PlaybackOptions {
  readonly repositories: Pick<Repositories, 'songs' | 'plays' | 'users'>
  readonly hooks: HookBus
  readonly clock: Clock
  readonly log: Logger
}

export interface PlaybackRoom extends Playback {
  /** Lets the timer go and brings the counts in step with the journal of plays. */
  stop(): void
}

const TICK_MS = 60_000
/** Plays that were counted lately, to know one that is sent again. */
const MAX_RECENT = 4096
const MAX_CLIENT = 100

/**
 * Plays are journalled by their repository, durably and one small row each. Their counts are written in batches which
 * it forms itself, by number and not by time: a timer here would make a big write of each play of a quiet evening.
 */
export function createPlayback({ repositories, hooks, clock, log }: PlaybackOptions): PlaybackRoom {
  const { songs, plays, users } = repositories
  const playing = new NowPlaying()
  const recent = new LRUCache<string, true>({ max: MAX_RECENT })
  let timer: NodeJS.Timeout | undefined

  /** The clock ticks only while something plays, and only to say what has ended: it writes nothing. */
  function arm(): void {
    if (!timer && playing.size > 0) timer = setTimeout(tick, TICK_MS).unref()
  }

  function tick(): void {
    timer = undefined
    expire()
    arm()
  }

  function expire(): void {
    for (const entry of playing.expire(clock.monotonic())) finishUncounted(entry)
  }

  function event(userId: UserId, songId: SongId, player: { client: string; at: number }): PlaybackEvent {
    const { client, at } = player
    const sessionId = String(playerIdOf(userId, client))
    return { userId: encodeId('user', userId), mediaId: encodeId('song', songId), client, sessionId, at }
  }

  /** Ended without being counted: skipped, or a client that never scrobbles. */
  function finishUncounted(entry: PlayingEntry): void {
    if (entry.scrobbled || !hooks.has('playback.finished')) return
    const elapsed = clock.monotonic() - entry.startedMono
    hooks.observe('playback.finished', {
      ...event(entry.userId, entry.songId, { client: entry.client, at: entry.startedAt }),
      playedMs: Math.round(entry.durationMs > 0 ? Math.min(elapsed, entry.durationMs) : elapsed),
      scrobbled: false,
    })
  }

  function tellCounted(viewer: Viewer, counted: readonly { songId: SongId; at: number }[], client: string): void {
    if (!hooks.has('playback.finished')) return
    const ids = [...new Set(counted.map(({ songId }) => songId))]
    const lengths = new Map(songs.findMany(viewer, ids).map((song) => [song.id, song.durationMs]))
    for (const { songId, at } of counted) {
      hooks.observe('playback.finished', {
        ...event(viewer.userId, songId, { client, at }),
        playedMs: lengths.get(songId) ?? 0,
        scrobbled: true,
      })
    }
  }

  return {
    nowPlaying(user, viewer, songId, clientName) {
      const song = songs.find(viewer, songId)
      if (!song) return
      const client = clientName.slice(0, MAX_CLIENT)
      expire()
      const startedMono = clock.monotonic()
      const before = playing.get(user.id, client)
      if (before?.songId === songId && !before.scrobbled) {
        // Some clients say it every few seconds: that is the same playback still, not a new one.
        before.heardMono = startedMono
        return
      }
      const startedAt = clock.now()
      const { durationMs } = song
      const playerId = playerIdOf(user.id, client)
      const times = { startedAt, startedMono, heardMono: startedMono }
      const gone = playing.set({ userId: user.id, songId, client, playerId, durationMs, ...times, scrobbled: false })
      arm()
      for (const entry of gone) finishUncounted(entry)
      if (hooks.has('playback.started')) {
        hooks.observe('playback.started', event(user.id, songId, { client, at: startedAt }))
      }
    },

    scrobble(user, viewer, offered, clientName) {
      const client = clientName.slice(0, MAX_CLIENT)
      const now = clock.now()
      const fresh = new Map<string, { songId: SongId; at: number }>()
      for (const { songId, at } of offered) {
        const play = { songId, at: believablePlayTime(at, now) }
        const key = `${user.id} ${songId} ${play.at}`
        if (!recent.has(key)) fresh.set(key, play)
      }
      if (fresh.size === 0) return
      const visible = new Set(plays.record(viewer, [...fresh.values()], client))
      if (visible.size === 0) return
      // Only now: a play that could not be written must not be taken for a repeated one when it is sent again.
      for (const [key, { songId }] of fresh) if (visible.has(songId)) recent.set(key, true)
      const current = playing.get(user.id, client)
      if (current && visible.has(current.songId)) current.scrobbled = true
      const counted = [...fresh.values()].filter(({ songId }) => visible.has(songId))
      tellCounted(viewer, counted, client)
    },

    listNowPlaying(viewer): readonly NowPlayingEntry[] {
      expire()
      const entries = playing.list()
      const ids = [...new Set(entries.map(({ songId }) => songId))]
      const visible = new Map(songs.findMany(viewer, ids).map((song) => [song.id, song]))
      const now = clock.now()
      return entries.flatMap(({ userId, songId, client, playerId, startedAt }) => {
        const song = visible.get(songId)
        const user = song && users.find(userId)
        if (!user) return []
        const minutesAgo = Math.max(0, Math.floor((now - startedAt) / 60_000))
        return [{ user, song, client, playerId, minutesAgo }]
      })
    },

    stop() {
      clearTimeout(timer)
      timer = undefined
      try {
        plays.flush()
      } catch (error) {
        // Nothing is lost: the journal has the plays, and the next start counts them.
        log.warn('plays not counted yet', { error: String(error) })
      }
    },
  }
}
