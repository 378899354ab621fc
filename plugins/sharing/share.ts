/** One share, whatever face made it. Users and targets by public id; times in ms since 1970. */
export interface Share {
  readonly id: string
  readonly ownerId: string
  /** Whose library rights count: the owner's, unless the share was passed on. */
  readonly rootId: string
  readonly sourceId: string | undefined
  readonly recipient: Recipient
  readonly targets: readonly Target[]
  readonly description: string
  /** A line that says what is in it. */
  readonly contents: string
  /** '', `raw`, `m3u`, or the format that songs are converted to. */
  readonly format: string
  /** kbit/s; 0 = no limit. */
  readonly maxBitRate: number
  readonly permissions: Permissions
  /** scrypt; '' = none. */
  readonly password: string
  /** Changes with the password: addresses that were given before are dead. */
  readonly salt: string
  readonly expiresAt: number | undefined
  /** 0 = no limit. */
  readonly maxViews: number
  readonly views: number
  readonly maxDownloads: number
  readonly downloads: number
  readonly createdAt: number
  readonly updatedAt: number
  readonly lastVisitedAt: number | undefined
  readonly revokedAt: number | undefined
}

export type Recipient =
  | { readonly kind: 'link' }
  | { readonly kind: 'user'; readonly id: string }
  | { readonly kind: 'everyone' }

export const TARGET_KINDS = ['song', 'album', 'artist', 'playlist', 'library'] as const
export interface Target {
  readonly kind: (typeof TARGET_KINDS)[number]
  readonly id: string
}

/** One thing, told from every other. */
export const keyOf = ({ kind, id }: Target) => `${kind} ${id}`

export interface Permissions {
  readonly view: boolean
  readonly stream: boolean
  readonly download: boolean
  readonly reshare: boolean
}

export function both(a: Permissions, b: Permissions): Permissions {
  return {
    view: a.view && b.view,
    stream: a.stream && b.stream,
    download: a.download && b.download,
    reshare: a.reshare && b.reshare,
  }
}

/** What a maker says; what is undefined takes the server's default, or stays at an update. */
export interface ShareInput {
  readonly description?: string
  readonly recipient?: Recipient
  readonly permissions?: Partial<Permissions>
  /** '' takes it away. */
  readonly password?: string
  /** ms; null = never. */
  readonly expiresAt?: number | null
  readonly maxViews?: number
  readonly maxDownloads?: number
  readonly format?: string
  readonly maxBitRate?: number
}

/** What people are told of shares. */
export type NewsType =
  | 'share_received'
  | 'share_changed'
  | 'share_revoked'
  | 'share_expiring'
  | 'link_first_used'
  | 'link_exhausted'

export type ProblemKind = 'invalid' | 'not-found' | 'forbidden' | 'gone' | 'used-up' | 'password' | 'busy'

/** A refusal that each face puts into its own status. The message is for people. */
export class Problem extends Error {
  readonly kind: ProblemKind
  /** Seconds. */
  readonly retryAfter: number | undefined

  constructor(kind: ProblemKind, message: string, retryAfter?: number) {
    super(message)
    this.kind = kind
    this.retryAfter = retryAfter
  }
}

/** A line for people: a short description is one. */
export function titleOf({ description, contents }: Share): string {
  const isShort = description.length <= 90 && !/[\r\n]/.test(description)
  return (isShort && description) || contents || 'Shared music'
}

export const GONE = 'This share is not available any more.'
export const NOT_FOUND = 'Share not found'
export const gone = () => new Problem('gone', GONE)
export const usedUp = () => new Problem('used-up', 'This share was opened as often as its owner allows.')
export const notFound = () => new Problem('not-found', NOT_FOUND)
