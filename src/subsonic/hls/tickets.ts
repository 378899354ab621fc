import type { SealedTokens } from '../../auth/sealed-token.ts'
import { type ApiKeyId, decodeIdOf, encodeId, type SongId, type UserId } from '../../base/ids.ts'
import type { Song, User } from '../../library/entities.ts'
import type { AgreedConversion, Agreement } from '../../media/agreed-source.ts'
import type { Conversion } from '../../media/negotiate/decide.ts'
import type { LoginProof } from '../../media/stream-rights.ts'
import { readAgreement, writtenAgreement } from '../stream-agreements.ts'

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

/** Tickets as addresses carry them, good for one song of one user. */
export interface HlsTickets {
  issue(listener: HlsListener, song: Song, conversion: Conversion): string
  /** Undefined: not ours, or too old. */
  open(text: string): HlsTicket | undefined
}

const CONTEXT = 'hls'
const CLIENT_LENGTH = 64

export function createHlsTickets(tokens: SealedTokens): HlsTickets {
  return {
    issue({ user, proof, client }, song, conversion) {
      const login = 'keyId' in proof ? ['k', encodeId('apiKey', proof.keyId)] : ['v', proof.credentialsVersion]
      const who = [encodeId('user', user.id), user.maxBitRate, ...login, client.slice(0, CLIENT_LENGTH)]
      return tokens.issue(CONTEXT, [...who, encodeId('song', song.id), ...writtenAgreement(song, conversion)])
    },
    open(text) {
      const members = tokens.open(CONTEXT, text)
      if (!members) return undefined
      const [user, maxBitRate, kind, proof, client, song, ...rest] = members
      const userId = decodeIdOf('user', String(user))
      const songId = decodeIdOf('song', String(song))
      const { conversion, ...file } = readAgreement(rest)
      if (userId === undefined || songId === undefined || !conversion) return undefined
      const login =
        kind === 'k'
          ? { keyId: decodeIdOf('apiKey', String(proof)) as ApiKeyId }
          : { credentialsVersion: Number(proof) }
      const agreement = { ...file, conversion }
      return { userId, songId, maxBitRate: Number(maxBitRate), login, client: String(client), agreement }
    },
  }
}
