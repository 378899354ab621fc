import type { Clock } from '../base/clock.ts'
import { encodeId, type SongId, type UserId } from '../base/ids.ts'
import type { HookBus } from '../hooks/hook-bus.ts'
import type { HookInput, PlaybackEvent, PlaybackPosition } from '../hooks/hooks.ts'
import { playerIdOf } from './now-playing.ts'
import { beganAt, type PlaySession, positionOf } from './play-session.ts'

type Played = Pick<PlaySession, 'userId' | 'songId' | 'client'>
export type EndReason = HookInput<'playback.stopped'>['reason']

/** Tells hooks what happens to sessions and plays. */
export interface PlayEvents {
  started(session: PlaySession): void
  progress(session: PlaySession): void
  paused(session: PlaySession): void
  resumed(session: PlaySession): void
  stopped(session: PlaySession, reason: EndReason): void
  /** `playedMs`: how much of it, asked only when somebody listens. */
  counted(play: Played & { readonly at: number }, by: 'scrobble' | 'report', playedMs: () => number): void
}

export function createPlayEvents(hooks: HookBus, clock: Clock): PlayEvents {
  const moment = () => ({ now: clock.now(), mono: clock.monotonic() })

  function event({ userId, songId, client }: Played, at: number): PlaybackEvent {
    const sessionId = String(playerIdOf(userId, client))
    return {
      userId: encodeId('user', userId as UserId),
      mediaId: encodeId('song', songId as SongId),
      client,
      sessionId,
      at,
    }
  }
  const eventOf = (session: PlaySession) => event(session, beganAt(session, moment()))
  const position = (session: PlaySession): PlaybackPosition => ({
    ...eventOf(session),
    positionMs: Math.round(positionOf(session, clock.monotonic())),
    playbackRate: session.rate,
  })
  const ignoring = ({ ignored }: PlaySession) => (ignored ? { ignoreScrobble: true as const } : {})

  /** Of one that nobody hears the positions of only the time is known. */
  function playedMs({ reported, heard, durationMs, startedMono }: PlaySession): number {
    if (reported) return Math.round(heard.ms)
    const elapsed = clock.monotonic() - startedMono
    return Math.round(durationMs > 0 ? Math.min(elapsed, durationMs) : elapsed)
  }

  return {
    started(session) {
      if (hooks.has('playback.started'))
        hooks.observe('playback.started', { ...eventOf(session), ...ignoring(session) })
    },
    progress(session) {
      if (session.state === 'starting' || !hooks.has('playback.progress')) return
      const { positionMs, playbackRate: _, ...rest } = position(session)
      hooks.observe('playback.progress', { ...rest, positionMs, state: session.state })
    },
    paused(session) {
      if (hooks.has('playback.paused')) hooks.observe('playback.paused', position(session))
    },
    resumed(session) {
      if (hooks.has('playback.resumed'))
        hooks.observe('playback.resumed', { ...position(session), ...ignoring(session) })
    },
    stopped(session, reason) {
      const { counted, reported, heard } = session
      // Ended without being counted: skipped, or a client that never scrobbles.
      if (!counted && hooks.has('playback.finished'))
        hooks.observe('playback.finished', { ...eventOf(session), playedMs: playedMs(session), scrobbled: false })
      if (!hooks.has('playback.stopped')) return
      const heardMs = reported ? Math.round(heard.ms) : null
      hooks.observe('playback.stopped', { ...position(session), reason, heardMs, counted })
    },
    counted(play, by, played) {
      if (hooks.has('playback.finished')) {
        hooks.observe('playback.finished', { ...event(play, play.at), playedMs: played(), scrobbled: true })
      }
      if (hooks.has('playback.counted')) hooks.observe('playback.counted', { ...event(play, play.at), by })
    },
  }
}
