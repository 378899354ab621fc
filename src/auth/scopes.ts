import type { UserId } from '../base/ids.ts'
import type { Purpose } from '../hooks/hooks.ts'
import type { User, Viewer } from '../library/entities.ts'

/** What users may see. Cached per user and purpose until invalidated; fails closed. */
export interface Scopes {
  viewer(user: User, purpose: Purpose): Viewer | Promise<Viewer>
  /** Without what `access.grants` adds. */
  ownViewer(user: User, purpose: Purpose): Viewer | Promise<Viewer>
  /** After a change of grants, roles, libraries or of the plugins that narrow. Without an id: of everybody. */
  invalidate(userId?: UserId): void
  /** Called after each invalidation: running streams are checked again. */
  onInvalidate(listener: (userId: UserId | undefined) => void): () => void
}
