import { seal, unseal } from '../../auth/seal.ts'
import type { KeyRing } from '../../auth/secrets.ts'
import type { Clock } from '../../base/clock.ts'
import { type ApiKeyId, decodeIdOf, encodeId, type SongId, type UserId } from '../../base/ids.ts'
import type { Song, User } from '../../library/entities.ts'
import type { AgreedConversion, Agreement } from '../../media/agreed-source.ts'
import type { LoginProof } from '../../media/stream-rights.ts'
import { readConversion, writtenConversion } from '../stream-agreements.ts'

/** What a player of a playlist may have, without a login of its own. */
export interface HlsTicket {
  readonly userId: UserId
  readonly songId: SongId
  /** Of the user when it was given. */
  readonly maxBitRate: number
  readonly login: LoginProof
  readonly client: string
  readonly agreement: Agreement & { readonly conversion: AgreedConversion }
}

/** Whom a ticket is for, and by what login. */
export interface HlsListener {
  readonly user: User
  readonly proof: LoginProof
  readonly client: string
}

/** Tickets as addresses carry them: sealed, good for one song of one user, and kept nowhere. */
export interface HlsTickets {
  issue(listener: HlsListener, song: Song, conversion: AgreedConversion): string
  /** Undefined: not ours, or too old. */
  open(text: string): HlsTicket | undefined
}

/** As long as somebody may pause a song. */
const VALID_MS = 48 * 3_600_000
const CONTEXT = 'hls'
const CLIENT_LENGTH = 64

export function createHlsTickets({ keys, clock }: { keys: KeyRing; clock: Clock }): HlsTickets {
  return {
    issue({ user, proof, client }, song, conversion) {
      const login = 'keyId' in proof ? ['k', encodeId('apiKey', proof.keyId)] : ['v', proof.credentialsVersion]
      const who = [encodeId('user', user.id), user.maxBitRate, ...login, client.slice(0, CLIENT_LENGTH)]
      const what = [encodeId('song', song.id), song.size, song.mtimeMs, ...writtenConversion(conversion)]
      const text = JSON.stringify([clock.now() + VALID_MS, ...who, ...what])
      return Buffer.from(seal(keys, CONTEXT, Buffer.from(text))).toString('base64url')
    },
    open(text) {
      const opened = /^[\w-]+$/.test(text) ? unseal(keys, CONTEXT, Buffer.from(text, 'base64url')) : undefined
      if (!opened) return undefined
      const [until, user, maxBitRate, kind, proof, client, song, size, mtimeMs, ...rest] = JSON.parse(String(opened))
      const userId = decodeIdOf('user', String(user))
      const songId = decodeIdOf('song', String(song))
      const conversion = readConversion(rest)
      if (clock.now() >= until || userId === undefined || songId === undefined || !conversion) return undefined
      const login =
        kind === 'k'
          ? { keyId: decodeIdOf('apiKey', String(proof)) as ApiKeyId }
          : { credentialsVersion: Number(proof) }
      return { userId, songId, maxBitRate, login, client, agreement: { size, mtimeMs, conversion } }
    },
  }
}
