import type { Signer } from './secrets.ts'
import type { Share } from './share.ts'

/** Addresses that are given to a visitor whose way in was narrower than the link. */
const PROTECTED_MS = 24 * 3_600_000

/** Strangers may learn nothing of it, nor visit it uncounted. */
export const isProtected = (share: Share) => share.password !== '' || share.maxViews > 0

export type Addresses = ReturnType<typeof createAddresses>

/**
 * Signed addresses, relative to `/share/`. The share's id, its salt (which changes with password and recipient) and the
 * song are in the signature, so one opens nothing else, and none is left when the share has another password.
 */
export function createAddresses(signer: Signer, now: () => number) {
  const partsOf = (share: Share, what: 's' | 'c' | 'd', songId = '') => [what, share.id, share.salt, songId]
  const endOf = (share: Share) =>
    isProtected(share) ? Math.min(share.expiresAt ?? Number.POSITIVE_INFINITY, now() + PROTECTED_MS) : share.expiresAt
  const song = (share: Share, what: 's' | 'c', songId: string) =>
    `${share.id}/${what}/${songId}?t=${signer.sign(partsOf(share, what, songId), endOf(share))}`
  return {
    /** `player`: whose name stays in the share's activity. */
    stream: (share: Share, songId: string, player?: string | null) =>
      `${song(share, 's', songId)}${player ? `&player=${encodeURIComponent(player.slice(0, 100))}` : ''}`,
    cover: (share: Share, songId: string) => song(share, 'c', songId),
    download: (share: Share) => `d/${share.id}?t=${signer.sign(partsOf(share, 'd'), endOf(share))}`,
    holds: (share: Share, what: 's' | 'c' | 'd', token: string | null, songId?: string) =>
      signer.verify(partsOf(share, what, songId), token ?? '', now()),
  }
}
