import { LRUCache } from 'lru-cache'
import type { Clock } from '../base/clock.ts'
import type { SongId } from '../base/ids.ts'
import type { HookBus } from '../hooks/hook-bus.ts'
import type { Song, User, Viewer } from '../library/entities.ts'
import type { Repositories } from '../library/repositories.ts'
import type { Logger } from '../log/logger.ts'
import { playerIdOf } from './now-playing.ts'
import { createPlayEvents } from './play-events.ts'
import { type PlayReport, reportPlay } from './play-report.ts'
import { beginSession, type PlaySession, type PlayState, positionOf } from './play-session.ts'
import type { PlayTold } from './play-span.ts'
import { believablePlayTime } from './play-time.ts'
import { PlayerSessions } from './player-sessions.ts'

export interface NowPlayingEntry {
  readonly user: User
  readonly song: Song
  readonly client: string
  /** Small integer, stable for a user's client. */
  readonly playerId: number
  readonly minutesAgo: number
  readonly state: PlayState
  /** As it must be by now, whole. */
  readonly positionMs: number
  readonly playbackRate: number
}

export interface Playback {
  /** Subsonic `scrobble` with submission=false. Unknown or invisible songs are ignored. */
  nowPlaying(user: User, viewer: Viewer, songId: SongId, client: string): void
  /**
   * OpenSubsonic `reportPlayback`. Counts a play when enough of it was heard, written when it returns.
   * @returns false for a song that is unknown or invisible.
   */
  report(viewer: Viewer, report: PlayReport, client: string): boolean
  /**
   * Subsonic `scrobble`: counts plays, but for those that reports have counted. Written when it returns. Without a time it
   * was now; times in the future are brought to now.
   */
  scrobble(
    user: User,
    viewer: Viewer,
    plays: readonly { readonly songId: SongId; readonly at: number | undefined }[],
    client: string,
  ): void
  /** The plays that were counted so far survive a power cut: before it nothing is answered to who sent them. */
  kept(): Promise<void>
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

/** Plays that were counted lately, to know one that is sent again. */
const MAX_RECENT = 4096
const MAX_CLIENT = 100

/**
 * Plays are journalled by their repository, durably and one small row each. Their counts are written in batches which
 * it forms itself, by number and not by time: a timer here would make a big write of each play of a quiet evening.
 */
export function createPlayback({ repositories, hooks, clock, log }: PlaybackOptions): PlaybackRoom {
  const { songs, plays, users } = repositories
  const recent = new LRUCache<string, true>({ max: MAX_RECENT })
  const events = createPlayEvents(hooks, clock)
  const sessions = new PlayerSessions({ plays, events, clock, log })

  function tellCounted(viewer: Viewer, counted: readonly PlayTold[], client: string): void {
    let lengths: ReadonlyMap<SongId, number> | undefined
    for (const { songId, at } of counted) {
      events.counted({ userId: viewer.userId, songId, client, at }, 'scrobble', () => {
        lengths ??= songs.lengths(viewer, [...new Set(counted.map((play) => play.songId))])
        return lengths.get(songId) ?? 0
      })
    }
  }

  return {
    nowPlaying(user, viewer, songId, clientName) {
      const durationMs = songs.lengths(viewer, [songId]).get(songId)
      if (durationMs === undefined) return
      const client = clientName.slice(0, MAX_CLIENT)
      const mono = clock.monotonic()
      const before = sessions.current(user.id, client)
      if (before?.songId === songId && (before.reported || !before.counted)) {
        // Some clients say it every few seconds: that is the same playback still, not a new one.
        if (!before.reported) before.heardMono = mono
        return
      }
      const playerId = playerIdOf(user.id, client)
      const session = beginSession(
        { userId: user.id, songId, client, playerId, durationMs },
        { now: clock.now(), mono },
      )
      sessions.place(viewer, session)
      events.started(session)
    },

    report(viewer, report, clientName) {
      const durationMs = songs.lengths(viewer, [report.songId]).get(report.songId)
      if (durationMs === undefined) return false
      const client = clientName.slice(0, MAX_CLIENT)
      reportPlay({ sessions, events, clock, viewer, client, durationMs }, report)
      return true
    },

    scrobble(user, viewer, offered, clientName) {
      const client = clientName.slice(0, MAX_CLIENT)
      const now = clock.now()
      const fresh = new Map<string, PlayTold & { readonly session: PlaySession | undefined }>()
      const claimed = new Set<PlaySession>()
      const during = sessions.during(user.id, client)
      for (const { songId, at } of offered) {
        const timed = at !== undefined
        const play = { songId, at: timed ? believablePlayTime(at, now) : now, timed }
        const key = `${user.id} ${songId} ${play.at}`
        if (recent.has(key)) continue
        const told = during(play)
        // With `ignoreScrobble` the client counts by itself, and each word of it is a play.
        if (told.some((one) => !one.ignored && (one.counted || claimed.has(one)))) continue
        const [session] = told
        if (session) claimed.add(session)
        fresh.set(key, { ...play, session })
      }
      if (fresh.size === 0) return
      const visible = new Set(plays.record(viewer, [...fresh.values()], client))
      if (visible.size === 0) return
      const counted = [...fresh].filter(([, { songId }]) => visible.has(songId))
      for (const [key, { session }] of counted) {
        // Only now: a play that could not be written must not be taken for a repeated one when it is sent again.
        recent.set(key, true)
        if (session) session.counted = true
      }
      const current = sessions.current(user.id, client)
      if (current && !current.reported && visible.has(current.songId)) current.counted = true
      tellCounted(
        viewer,
        counted.map(([, play]) => play),
        client,
      )
    },

    kept: () => plays.kept(),

    listNowPlaying(viewer): readonly NowPlayingEntry[] {
      const entries = sessions.list()
      const ids = [...new Set(entries.map(({ songId }) => songId))]
      const visible = new Map(songs.findMany(viewer, ids).map((song) => [song.id, song]))
      const mono = clock.monotonic()
      return entries.flatMap((session) => {
        const { userId, songId, client, playerId, startedMono, state, rate } = session
        const song = visible.get(songId)
        const user = song && users.find(userId)
        if (!user) return []
        const minutesAgo = Math.floor((mono - startedMono) / 60_000)
        const positionMs = Math.round(positionOf(session, mono))
        return [{ user, song, client, playerId, minutesAgo, state, positionMs, playbackRate: rate }]
      })
    },

    stop() {
      sessions.close()
      try {
        plays.flush()
      } catch (error) {
        // Nothing is lost: the journal has the plays, and the next start counts them.
        log.warn('plays not counted yet', { error: String(error) })
      }
    },
  }
}
