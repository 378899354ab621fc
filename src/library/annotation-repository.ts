import type { MediaKind, UserId } from '../base/ids.ts'
import type { Viewer } from './entities.ts'

export interface MediaRef {
  readonly kind: MediaKind
  readonly key: number
}

/** Stars and ratings. Items outside the viewer's scope are never written: `star` answers what it did. */
export interface AnnotationRepository {
  /** @returns the items that were visible and are starred (or not) now. */
  setStarred(viewer: Viewer, items: readonly MediaRef[], starred: boolean, at: number): readonly MediaRef[]
  /** 0 removes. @returns false when the item is not visible. */
  setRating(viewer: Viewer, item: MediaRef, rating: number, at: number): boolean
  /** What a user's marks of an item are; for the native API and plugins. */
  removeAllOf(userId: UserId): void
}
