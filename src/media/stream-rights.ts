import type { ByteSource, ByteStream } from '../base/byte-source.ts'
import { pause, yieldToLoop } from '../base/deadline.ts'
import { AppError } from '../base/errors.ts'
import type { ApiKeyId, SongId, UserId } from '../base/ids.ts'
import { aroundStreams, interruptible } from '../base/interruptible.ts'
import { oneAtATime } from '../base/one-at-a-time.ts'
import type { Purpose } from '../hooks/hooks.ts'
import type { User, Viewer } from '../library/entities.ts'
import type { Logger } from '../log/logger.ts'

/** What this room must know about rights while a stream runs; given by the composition root. */
export interface RightsSource {
  /** The user as of now, with a fresh scope; undefined when there is no such user any more. */
  current(userId: UserId, purpose: Purpose): Promise<{ readonly user: User; readonly viewer: Viewer } | undefined>
  /** Calls back after rights changed: of one user, or of everybody. Returns what ends that. */
  onChange(listener: (userId: UserId | undefined) => void): () => void
  hasKey(userId: UserId, keyId: ApiKeyId): boolean
}

/** What the listener was let in by: an API key, or the password of then. */
export type LoginProof = { readonly keyId: ApiKeyId } | { readonly credentialsVersion: number }

export interface StreamGrant {
  readonly userId: UserId
  /** Absent for an archive, which asks for each song when its turn has come. */
  readonly songId?: SongId
  readonly purpose: 'stream' | 'download'
  /** Absent where nobody logged in, as behind a public link: then only the user's rights count. */
  readonly login?: LoginProof | undefined
}

export interface StreamRightsOptions {
  readonly rights: RightsSource
  /** Whether the user may still do this: role and visibility. */
  readonly isAllowed: (user: User, viewer: Viewer, grant: StreamGrant) => boolean
  /** How long to wait before a second look: a scope may be empty for a moment while a plugin reloads. */
  readonly secondLookMs: number
  readonly log: Logger
}

interface RunningStream {
  readonly grant: StreamGrant
  revoke(): void
}

interface StreamsOfUser {
  readonly streams: Set<RunningStream>
  /** Looks at the rights to all of them. */
  check(): Promise<void>
}

/** Songs looked at without giving the loop a turn. */
const SLICE = 50

/** Ends running streams whose right is withdrawn. */
export class StreamRights {
  readonly #options: StreamRightsOptions
  readonly #running = new Map<UserId, StreamsOfUser>()
  readonly #abort = new AbortController()
  #unsubscribe: (() => void) | undefined
  #changes = 0

  constructor(options: StreamRightsOptions) {
    this.#options = options
  }

  start(): void {
    this.#unsubscribe = this.#options.rights.onChange((userId) => {
      this.#changes++
      const users = userId === undefined ? [...this.#running.keys()] : [userId]
      for (const user of users) void this.#running.get(user)?.check()
    })
  }

  stop(): void {
    this.#unsubscribe?.()
    this.#abort.abort()
  }

  get runningStreams(): number {
    let count = 0
    for (const { streams } of this.#running.values()) count += streams.size
    return count
  }

  /** How often rights have changed. */
  get changes(): number {
    return this.#changes
  }

  /** The same source, whose streams end with FORBIDDEN as soon as the grant is gone. `since`: `changes` when it was looked at. */
  revocable(source: ByteSource, grant: StreamGrant, since: number): ByteSource {
    return aroundStreams(source, (stream) => {
      const watched = this.#watch(stream, grant)
      // Something changed between the permission and the first byte: it didn't know this stream yet.
      if (since !== this.#changes) void this.#running.get(grant.userId)?.check()
      return watched
    })
  }

  #watch(stream: ByteStream, grant: StreamGrant): ByteStream {
    const watched = interruptible(stream, { reason: withdrawn, onClose: () => this.#remove(entry) })
    const entry: RunningStream = { grant, revoke: watched.interrupt }
    this.#add(entry)
    return watched.stream
  }

  #add(entry: RunningStream): void {
    const { userId } = entry.grant
    const known = this.#running.get(userId)
    if (known) known.streams.add(entry)
    else {
      const streams = new Set([entry])
      this.#running.set(userId, { streams, check: oneAtATime(() => this.#check(userId, streams)) })
    }
  }

  #remove(entry: RunningStream): void {
    const known = this.#running.get(entry.grant.userId)
    known?.streams.delete(entry)
    if (known?.streams.size === 0) this.#running.delete(entry.grant.userId)
  }

  async #check(userId: UserId, streams: ReadonlySet<RunningStream>): Promise<void> {
    const doubtful = await this.#refused(userId, [...streams])
    if (doubtful.length === 0) return
    await pause(this.#options.secondLookMs, this.#abort.signal)
    const refused = await this.#refused(userId, doubtful)
    for (const stream of refused) stream.revoke()
    if (refused.length > 0) this.#options.log.info('Streams ended: the right was withdrawn', { count: refused.length })
  }

  async #refused(userId: UserId, streams: readonly RunningStream[]): Promise<readonly RunningStream[]> {
    const refused: RunningStream[] = []
    for (const purpose of ['stream', 'download'] as const) {
      const affected = streams.filter((stream) => stream.grant.purpose === purpose)
      if (affected.length === 0) continue
      const current = await this.#options.rights.current(userId, purpose).catch(() => undefined)
      for (const [index, stream] of affected.entries()) {
        if (index > 0 && index % SLICE === 0) await yieldToLoop()
        if (!current || !this.mayGoOn(current, stream.grant)) refused.push(stream)
      }
    }
    return refused
  }

  /** Whether a grant holds for the user as of now. */
  mayGoOn({ user, viewer }: { readonly user: User; readonly viewer: Viewer }, grant: StreamGrant): boolean {
    const { rights, isAllowed } = this.#options
    const { login } = grant
    if (login && 'keyId' in login && !rights.hasKey(user.id, login.keyId)) return false
    if (login && 'credentialsVersion' in login && login.credentialsVersion !== user.credentialsVersion) return false
    return isAllowed(user, viewer, grant)
  }
}

function withdrawn(): AppError {
  return new AppError('FORBIDDEN', 'The right to this song was withdrawn.')
}
