import type { Clock } from '../base/clock.ts'
import { seal, unseal } from './seal.ts'
import type { KeyRing } from './secrets.ts'

/** As long as somebody may pause a song, or a player keep a queue; rights are looked at each time anyway. */
const VALID_MS = 48 * 3_600_000
/** Characters; what is longer was never ours. */
const LONGEST = 2000

export type TokenMember = string | number

/** Words that clients carry in addresses, kept nowhere: sealed, so that nobody reads or changes them, and over after two days. */
export interface SealedTokens {
  /** Characters of base64url. The members stand one after the other, without names: the text is short. */
  issue(context: string, members: readonly TokenMember[]): string
  /** Undefined: not ours, of another context, or too old. */
  open(context: string, text: string): readonly TokenMember[] | undefined
}

export function createSealedTokens({ keys, clock }: { readonly keys: KeyRing; readonly clock: Clock }): SealedTokens {
  return {
    issue(context, members) {
      const text = JSON.stringify([clock.now() + VALID_MS, ...members])
      return Buffer.from(seal(keys, context, Buffer.from(text))).toString('base64url')
    },
    open(context, text) {
      if (text.length > LONGEST || !/^[\w-]+$/.test(text)) return undefined
      const opened = unseal(keys, context, Buffer.from(text, 'base64url'))
      if (!opened) return undefined
      const [until, ...members] = JSON.parse(opened.toString()) as [number, ...TokenMember[]]
      return clock.now() < until ? members : undefined
    },
  }
}
