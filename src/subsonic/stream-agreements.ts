import type { SealedTokens, TokenMember } from '../auth/sealed-token.ts'
import { encodeId } from '../base/ids.ts'
import type { Song, User } from '../library/entities.ts'
import type { AgreedConversion, Agreement } from '../media/agreed-source.ts'
import type { Conversion } from '../media/negotiate/decide.ts'

/**
 * Decisions as clients carry them: good for one user and song alone. A user whose bit rate was limited since then needs
 * another.
 */
export interface StreamAgreements {
  issue(user: User, song: Song, conversion: Conversion | undefined): string
  /** Undefined: not ours, another's, for another song, or too old. */
  open(user: User, songId: Song['id'], text: string): Agreement | undefined
}

export function createStreamAgreements(tokens: SealedTokens): StreamAgreements {
  return {
    issue: (user, song, conversion) => tokens.issue(contextOf(user, song.id), writtenAgreement(song, conversion)),
    open(user, songId, text) {
      const members = tokens.open(contextOf(user, songId), text)
      return members && readAgreement(members)
    },
  }
}

function contextOf(user: User, songId: Song['id']): string {
  return `stream ${encodeId('user', user.id)} ${encodeId('song', songId)} ${user.maxBitRate}`
}

/** The file as it is now, and what becomes of it. */
export function writtenAgreement(song: Song, conversion: Conversion | undefined): readonly TokenMember[] {
  return [song.size, song.mtimeMs, ...writtenConversion(conversion)]
}

export function readAgreement([size, mtimeMs, ...rest]: readonly TokenMember[]): Agreement {
  const conversion = readConversion(rest)
  return { size: Number(size), mtimeMs: Number(mtimeMs), ...(conversion ? { conversion } : {}) }
}

/** [] for none. */
function writtenConversion(conversion: Conversion | undefined): readonly TokenMember[] {
  if (!conversion) return []
  const { target, bitRate, exact } = conversion
  return [target.profile.name, target.container, bitRate, exact.channels, exact.sampleRate, exact.sampleFormat]
}

function readConversion(members: readonly TokenMember[]): AgreedConversion | undefined {
  if (members.length === 0) return undefined
  const [profile, container, bitRate, channels, sampleRate, sampleFormat] = members
  return {
    profile: String(profile),
    container: String(container),
    bitRate: Number(bitRate),
    exact: { channels: Number(channels), sampleRate: Number(sampleRate), sampleFormat: String(sampleFormat) },
  }
}
