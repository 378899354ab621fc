import type { SongId } from '../base/ids.ts'
import type { Viewer } from './entities.ts'
import type { LibraryContext } from './library-context.ts'

/**
 * Visible songs by their paths, each relative to the root of its library. The same path in several libraries is the song
 * of the oldest of them. Give a few thousand paths at a time.
 */
export function songsAtPaths(
  context: LibraryContext,
  viewer: Viewer,
  paths: readonly string[],
): ReadonlyMap<string, SongId> {
  const found = new Map<string, SongId>()
  const visible = context.scope(viewer).song('s')
  context.db.select(
    `SELECT j.value, s.id FROM json_each(?) j CROSS JOIN library l CROSS JOIN song s ON s.library_id = l.id AND s.path = j.value
     WHERE ${visible.sql} ORDER BY l.id DESC`,
    [JSON.stringify(paths), ...visible.params],
    (row) => found.set(row.text(0), row.number(1) as SongId),
  )
  return found
}
