import { seal, unseal } from '../auth/seal.ts'
import type { KeyRing } from '../auth/secrets.ts'
import type { Clock } from '../base/clock.ts'
import { encodeId } from '../base/ids.ts'
import type { Song, User } from '../library/entities.ts'
import type { AgreedConversion, Agreement } from '../media/agreed-source.ts'

/** As long as a player keeps a queue; the file and the rights are looked at each time anyway. */
const VALID_MS = 48 * 3_600_000
/** Characters; what is longer was never ours. */
const LONGEST = 2000

/**
 * Decisions as clients carry them: sealed, so that nobody changes one, good for one user and song alone, and kept nowhere.
 * A user whose bit rate was limited since then needs another.
 */
export interface StreamAgreements {
  /** Characters of base64url. */
  issue(user: User, song: Song, conversion: AgreedConversion | undefined): string
  /** Undefined: not ours, another's, for another song, or too old. */
  open(user: User, songId: Song['id'], text: string): Agreement | undefined
}

/** Its members one after the other, without names: the text goes into addresses. */
type Sealed = readonly [until: number, size: number, mtimeMs: number, ...conversion: readonly (string | number)[]]

export function createStreamAgreements({ keys, clock }: { keys: KeyRing; clock: Clock }): StreamAgreements {
  return {
    issue(user, song, conversion) {
      const sealed: Sealed = [clock.now() + VALID_MS, song.size, song.mtimeMs, ...writtenConversion(conversion)]
      return Buffer.from(seal(keys, contextOf(user, song.id), Buffer.from(JSON.stringify(sealed)))).toString(
        'base64url',
      )
    },
    open(user, songId, text) {
      if (text.length > LONGEST || !/^[\w-]+$/.test(text)) return undefined
      const opened = unseal(keys, contextOf(user, songId), Buffer.from(text, 'base64url'))
      if (!opened) return undefined
      const [until, size, mtimeMs, ...conversion] = JSON.parse(opened.toString()) as Sealed
      if (clock.now() >= until) return undefined
      const agreed = readConversion(conversion)
      return { size, mtimeMs, ...(agreed ? { conversion: agreed } : {}) }
    },
  }
}

function contextOf(user: User, songId: Song['id']): string {
  return `stream ${encodeId('user', user.id)} ${encodeId('song', songId)} ${user.maxBitRate}`
}

/** Its members one after the other; [] for none. */
export function writtenConversion(conversion: AgreedConversion | undefined): readonly (string | number)[] {
  if (!conversion) return []
  const { profile, container, bitRate, exact } = conversion
  return [profile, container, bitRate, exact.channels, exact.sampleRate, exact.sampleFormat]
}

export function readConversion(members: readonly (string | number)[]): AgreedConversion | undefined {
  if (members.length === 0) return undefined
  const [profile, container, bitRate, channels, sampleRate, sampleFormat] = members
  return {
    profile: String(profile),
    container: String(container),
    bitRate: Number(bitRate),
    exact: { channels: Number(channels), sampleRate: Number(sampleRate), sampleFormat: String(sampleFormat) },
  }
}
