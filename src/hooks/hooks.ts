import type { Collect, Guard, HookKind, Narrow, Observe, Provide, Transform } from './kinds.ts'

/** What is done with music, for scopes and gates. */
export type Purpose = 'browse' | 'stream' | 'download' | 'cover'

export interface RequestInfo {
  readonly id: string
  readonly method: string
  readonly path: string
  readonly address: string
  /** The Subsonic `c` parameter or the user agent's first word. */
  readonly client: string
}

export interface PlaybackEvent {
  readonly userId: string
  readonly mediaId: string
  readonly client: string
  /** One player of one user. */
  readonly sessionId: string
  /** When the song began to play, milliseconds since 1970: with `sessionId` it names one play. */
  readonly at: number
}

/** Where a player is, as the server has it from what the client told last. */
export interface PlaybackPosition extends PlaybackEvent {
  readonly positionMs: number
  /** 1 = as recorded. */
  readonly playbackRate: number
}

/** Tags of one file as the reader found them: lower-case names of our mapping, each with its values. */
export type RawTags = Readonly<Record<string, readonly string[]>>

export interface LyricsAnswer {
  readonly lang: string
  readonly synced: boolean
  readonly offsetMs?: number
  readonly lines: readonly { readonly ms?: number; readonly text: string }[]
  /** Since 1.5: what it is; `main` when it is absent. Clients that ask for lines alone get the main ones. */
  readonly kind?: 'main' | 'translation' | 'pronunciation'
  /** Since 1.5: who sings, where cue lines name them. One is `main`; of ids the server may make others. */
  readonly agents?: readonly {
    readonly id: string
    readonly role: 'main' | 'voice' | 'bg' | 'group'
    readonly name?: string
  }[]
  /** Since 1.5, when synced: the times of words. A line that several sing has one for each. */
  readonly cueLines?: readonly {
    /** Of the line in `lines`. */
    readonly index: number
    readonly ms?: number
    readonly endMs?: number
    /** What this voice sings of it. */
    readonly text: string
    readonly agentId?: string
    /** In order of the text; `text.slice(from, to)` is the word. */
    readonly cues: readonly {
      readonly ms: number
      readonly endMs?: number
      readonly from: number
      readonly to: number
    }[]
  }[]
}

export interface ArtistInfoAnswer {
  readonly biography?: string
  readonly musicBrainzId?: string
  readonly lastFmUrl?: string
  readonly images?: readonly string[]
  /** Names, most similar first. */
  readonly similar?: readonly string[]
}

/** A read-only playlist in one user's clients. What the user may not see of it is left out. */
export interface VirtualPlaylist {
  /** Stable, [0-9A-Za-z-], unique among the plugin's. */
  readonly id: string
  readonly name: string
  readonly comment: string
  /** Name of the user it comes from. */
  readonly owner: string
  /** Public ids, in order; at most 10,000. */
  readonly songIds: readonly string[]
  readonly createdAt: number
  readonly changedAt: number
}

export interface ArtworkAnswer {
  readonly contentType: string
  readonly bytes: Uint8Array
}

/**
 * The closed map of core hooks. All payloads are plain data; ids are public ids (`s1a`). A new hook is one line here and
 * one in `HOOK_KINDS`; the compiler holds the two together.
 */
export interface Hooks {
  /** The server answers requests. */
  'server.ready': Observe<{ readonly url: string }>
  /** The server is about to stop; handlers have the observer's deadline. */
  'server.stopping': Observe<{ readonly reason: string }>
  /**
   * Before a request is routed. A denial answers 403 (or `status`). While a plugin that listens here should run and does
   * not, everything is refused but `/ping`, logging in, and the administration of plugins.
   */
  'request.accept': Guard<RequestInfo>
  /** The reply's headers, before they are sent. */
  'response.headers': Transform<Readonly<Record<string, string>>>
  /** After the last byte. */
  'request.finished': Observe<
    RequestInfo & { readonly status: number; readonly bytes: number; readonly durationMs: number }
  >
  /** What a user may see. Asked once per user and purpose, cached until invalidated. */
  'access.scope': Narrow<{ readonly userId: string; readonly purpose: Purpose }>
  /** Single songs that a user may reach beyond the scope. */
  'access.grants': Collect<{ readonly userId: string; readonly purpose: Purpose }, string>
  /** Playlists that stand beside a user's own in Subsonic clients. With an `id` only that one is asked for. */
  'playlists.virtual': Collect<{ readonly userId: string; readonly id?: string }, VirtualPlaylist>
  /** Asked once before the first byte of a stream, download or cover. */
  'stream.authorize': Guard<{
    readonly userId: string
    readonly mediaId: string
    readonly purpose: Purpose
    readonly client: string
  }>
  /** A scan of libraries begins. */
  'scan.started': Observe<{ readonly scanId: string; readonly full: boolean }>
  /** It has ended; counts of songs, and of files that could not be read. */
  'scan.finished': Observe<{
    readonly scanId: string
    readonly added: number
    readonly changed: number
    readonly removed: number
    readonly problems: number
    readonly durationMs: number
    /** It could not go on; the log tells why. */
    readonly failed?: true
  }>
  /**
   * How far a scan is: at its beginning, at most each 300 ms, and at its end (`scanning` false). Also of scans of single
   * folders, which have no other event. The first to go when a queue is full.
   */
  'scan.progress': Observe<{
    readonly scanning: boolean
    readonly full: boolean
    /** Files looked at. */
    readonly count: number
    /** Files to look at; null while nobody knows. */
    readonly total: number | null
    readonly folders: number
    readonly elapsedMs: number
    /** The last scan could not go on. */
    readonly failed: boolean
  }>
  /** Tags before mapping, in batches. Return the batch changed; the order and the paths stay. */
  'scan.tags': Transform<readonly { readonly path: string; readonly tags: RawTags }[]>
  /** Ids of songs, at most 1,000 a list; `truncated` tells that there were more. */
  'library.changed': Observe<{
    readonly added: readonly string[]
    readonly changed: readonly string[]
    readonly removed: readonly string[]
    readonly truncated: boolean
  }>
  /** A library's root is gone, empty or suddenly small (`lost`), or is back. */
  'library.root': Observe<{ readonly libraryId: number; readonly state: 'lost' | 'back'; readonly reason: string }>
  /** A plugin came to another state: `active`, `failed`, `needs-grant`, `stopped`, `quarantined` and so on. */
  'plugin.state': Observe<{
    readonly plugin: string
    readonly from: string
    readonly to: string
    /** Why, where it failed; else ''. */
    readonly reason: string
  }>
  /**
   * A client told that a song plays now. `ignoreScrobble`, since 1.5: the client asked that nothing but what plays now is
   * shown, so tell it to nobody outside.
   */
  'playback.started': Observe<PlaybackEvent & { readonly ignoreScrobble?: true }>
  /** Where a player is, from clients that tell it. The first to go when a queue is full. */
  'playback.progress': Observe<PlaybackEvent & { readonly positionMs: number; readonly state: 'playing' | 'paused' }>
  /** A client told that a song rests. */
  'playback.paused': Observe<PlaybackPosition>
  /** It goes on after a pause. */
  'playback.resumed': Observe<PlaybackPosition & { readonly ignoreScrobble?: true }>
  /**
   * A player is done with a song, counted or not: its client said so (`stopped`), another song or the same from its start
   * took its place (`replaced`), or nothing was heard of it for long after the song must have ended (`forgotten`).
   */
  'playback.stopped': Observe<
    PlaybackPosition & {
      readonly reason: 'stopped' | 'replaced' | 'forgotten'
      /** How much of the song was heard; null from clients that only tell what plays. */
      readonly heardMs: number | null
      readonly counted: boolean
    }
  >
  /** A play was counted: the client sent a scrobble, or enough was heard by its reports. The song may go on. */
  'playback.counted': Observe<PlaybackEvent & { readonly by: 'scrobble' | 'report' }>
  /** A song was counted (`scrobbled`; it may go on), or skipped and left. */
  'playback.finished': Observe<PlaybackEvent & { readonly playedMs: number; readonly scrobbled: boolean }>
  /** Somebody has an account now. */
  'user.created': Observe<{ readonly userId: string }>
  /** Name, rights, libraries or password of a user are others. */
  'user.changed': Observe<{ readonly userId: string }>
  /** With everything that was theirs; rows that refer to the user go by their foreign keys. */
  'user.deleted': Observe<{ readonly userId: string }>
  /** Somebody proved who they are, or failed to (`userId` is null for a name that nobody has). */
  'user.login': Observe<{
    readonly userId: string | null
    readonly name: string
    readonly ok: boolean
    readonly address: string
    readonly client: string
  }>
  /** A star or a rating. */
  'annotation.changed': Observe<{
    readonly userId: string
    readonly mediaId: string
    readonly starred?: boolean
    readonly rating?: number
  }>
  /** Lyrics of a song that has none of its own. `userId`, since 1.4: whom they are for. Times of words since 1.5. */
  'media.lyrics': Provide<
    {
      readonly userId: string
      readonly mediaId: string
      readonly title: string
      readonly artist: string
      readonly durationMs: number
    },
    readonly LyricsAnswer[]
  >
  /** About an artist. */
  'artist.info': Provide<{ readonly artistId: string; readonly name: string }, ArtistInfoAnswer>
  /** About an album. */
  'album.info': Provide<
    { readonly albumId: string; readonly name: string; readonly artist: string },
    { readonly notes?: string; readonly lastFmUrl?: string; readonly images?: readonly string[] }
  >
  /** A picture for a song, album or artist that has none. */
  'media.artwork': Provide<{ readonly mediaId: string; readonly name: string; readonly artist: string }, ArtworkAnswer>
  /**
   * Ids of songs, most similar first. The core drops what the caller may not see. `userId`, since 1.4: for whom they are
   * asked.
   */
  'similar.songs': Provide<
    { readonly userId: string; readonly mediaId: string; readonly count: number },
    readonly string[]
  >
}

export type HookName = keyof Hooks

export const HOOK_KINDS = {
  'server.ready': 'observe',
  'server.stopping': 'observe',
  'request.accept': 'guard',
  'response.headers': 'transform',
  'request.finished': 'observe',
  'access.scope': 'narrow',
  'access.grants': 'collect',
  'playlists.virtual': 'collect',
  'stream.authorize': 'guard',
  'scan.started': 'observe',
  'scan.finished': 'observe',
  'scan.progress': 'observe',
  'scan.tags': 'transform',
  'library.changed': 'observe',
  'library.root': 'observe',
  'plugin.state': 'observe',
  'playback.started': 'observe',
  'playback.progress': 'observe',
  'playback.paused': 'observe',
  'playback.resumed': 'observe',
  'playback.stopped': 'observe',
  'playback.counted': 'observe',
  'playback.finished': 'observe',
  'user.created': 'observe',
  'user.changed': 'observe',
  'user.deleted': 'observe',
  'user.login': 'observe',
  'annotation.changed': 'observe',
  'media.lyrics': 'provide',
  'artist.info': 'provide',
  'album.info': 'provide',
  'media.artwork': 'provide',
  'similar.songs': 'provide',
} as const satisfies { [N in HookName]: KindOf<Hooks[N]> }

type KindOf<H> =
  H extends Observe<infer _>
    ? 'observe'
    : H extends Guard<infer _>
      ? 'guard'
      : H extends Narrow<infer _>
        ? 'narrow'
        : H extends Transform<infer _>
          ? 'transform'
          : H extends Provide<infer _, infer _>
            ? 'provide'
            : H extends Collect<infer _, infer _>
              ? 'collect'
              : never

/** The names of one kind. */
export type HookNameOf<K extends HookKind> = { [N in HookName]: KindOf<Hooks[N]> extends K ? N : never }[HookName]

export type HookInput<N extends HookName> = Hooks[N]['in']
export type HookOutput<N extends HookName> = Hooks[N]['out']

export interface HookCall {
  /** Aborts at the handler's deadline and when its owner ends. */
  readonly signal: AbortSignal
}

export type HookHandler<N extends HookName> = (
  input: HookInput<N>,
  call: HookCall,
) => HookOutput<N> | Promise<HookOutput<N>>
