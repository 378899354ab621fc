import type { MediaKind, UserId } from '../base/ids.ts'
import type { Viewer } from './entities.ts'
import { folderMeanings, markedFoldersOf } from './folder-meaning.ts'
import type { LibraryContext } from './library-context.ts'
import { KIND } from './pending-plays.ts'
import { visiblePlaylist } from './playlist-rows.ts'

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
  /**
   * What carries the marks of an item, so that both ways of browsing show the same: that itself, or in place of a folder
   * the album or artist that it stands for. Behind it folders with marks of their own that stand for it as well: these
   * go when its marks go. Empty when the item is not visible.
   */
  bearersOf(viewer: Viewer, item: MediaRef): readonly MediaRef[]
  /** What a user's marks of an item are; for the native API and plugins. */
  removeAllOf(userId: UserId): void
}

export function createAnnotationRepository(context: LibraryContext): AnnotationRepository {
  const { db } = context

  const isVisible = (viewer: Viewer, item: MediaRef): boolean => {
    const visible = item.kind === 'playlist' ? visiblePlaylist(context, viewer) : context.scope(viewer)[item.kind]('i')
    return (
      db.get(`SELECT 1 FROM ${item.kind} i WHERE i.id = ? AND ${visible.sql}`, [item.key, ...visible.params]) !==
      undefined
    )
  }

  const bearerOf = (viewer: Viewer, item: MediaRef): MediaRef => {
    if (item.kind !== 'folder') return item
    const name = db.get<{ name: string }>('SELECT name FROM folder WHERE id = ?', [item.key])?.name ?? ''
    const { albumId, artistId } = folderMeanings(db, [{ id: item.key, name }]).get(item.key) ?? {}
    const bearer: MediaRef | undefined =
      albumId !== undefined
        ? { kind: 'album', key: albumId }
        : artistId !== undefined
          ? { kind: 'artist', key: artistId }
          : undefined
    return bearer && isVisible(viewer, bearer) ? bearer : item
  }

  const bearersOf = (viewer: Viewer, item: MediaRef): readonly MediaRef[] => {
    if (!isVisible(viewer, item)) return []
    const bearer = bearerOf(viewer, item)
    const { kind, key } = bearer
    if (kind !== 'album' && kind !== 'artist') return [bearer]
    const folders = markedFoldersOf(db, { userId: viewer.userId, kind: KIND.folder }, { kind, key })
    return [bearer, ...folders.map((folder): MediaRef => ({ kind: 'folder', key: folder }))]
  }

  /** Brings the item's sums for the average in step with one user's change. */
  const addRating = (item: MediaRef, change: { readonly sum: number; readonly count: number }) => {
    if (!isRated(item.kind) || (change.sum === 0 && change.count === 0)) return
    db.run(`UPDATE ${item.kind} SET rating_sum = rating_sum + ?, rating_count = rating_count + ? WHERE id = ?`, [
      change.sum,
      change.count,
      item.key,
    ])
  }

  return {
    bearersOf,
    setStarred: (viewer, items, starred, at) =>
      db.transaction(() => {
        const done = items.filter((item) => isVisible(viewer, item))
        for (const item of done)
          db.run(
            starred ? STAR : UNSTAR,
            starred ? [viewer.userId, KIND[item.kind], item.key, at] : [viewer.userId, KIND[item.kind], item.key],
          )
        return done
      }),
    setRating: (viewer, item, rating, at) =>
      db.transaction(() => {
        if (!isVisible(viewer, item)) return false
        const key = [viewer.userId, KIND[item.kind], item.key]
        const before = db.get<{ rating: number }>(RATING, key)?.rating ?? 0
        if (before === rating) return true
        db.run(RATE, [...key, rating, rating > 0 ? at : null])
        addRating(item, { sum: rating - before, count: Number(rating > 0) - Number(before > 0) })
        return true
      }),
    removeAllOf: (userId) =>
      db.transaction(() => {
        for (const kind of RATED)
          db.run(
            `UPDATE ${kind} SET rating_count = rating_count - 1, rating_sum = rating_sum - (SELECT rating FROM annotation
               WHERE user_id = ? AND kind = ? AND item_id = ${kind}.id)
             WHERE id IN (SELECT item_id FROM annotation WHERE user_id = ? AND kind = ? AND rating > 0)`,
            [userId, KIND[kind], userId, KIND[kind]],
          )
        db.run('DELETE FROM annotation WHERE user_id = ?', [userId])
      }),
  }
}

/** Kinds whose rows carry the sums for an average. */
const RATED = ['song', 'album', 'artist'] as const

function isRated(kind: MediaKind): boolean {
  return (RATED as readonly string[]).includes(kind)
}

const STAR = `INSERT INTO annotation (user_id, kind, item_id, starred_at) VALUES (?, ?, ?, ?)
  ON CONFLICT (user_id, kind, item_id) DO UPDATE SET starred_at = coalesce(starred_at, excluded.starred_at)`
const UNSTAR = `UPDATE annotation SET starred_at = NULL
  WHERE user_id = ? AND kind = ? AND item_id = ? AND starred_at IS NOT NULL`
const RATING = 'SELECT rating FROM annotation WHERE user_id = ? AND kind = ? AND item_id = ?'
const RATE = `INSERT INTO annotation (user_id, kind, item_id, rating, rated_at) VALUES (?, ?, ?, ?, ?)
  ON CONFLICT (user_id, kind, item_id) DO UPDATE SET rating = excluded.rating, rated_at = excluded.rated_at`
