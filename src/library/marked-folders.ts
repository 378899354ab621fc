import type { Condition } from './condition.ts'
import type { Viewer } from './entities.ts'
import { foldersOfAlbums, foldersOfArtists } from './folder-meaning.ts'
import type { LibraryContext } from './library-context.ts'
import { KIND } from './pending-plays.ts'
import { descending, type Mark, storedMarks } from './ranked-items.ts'
import { STARRED_LIMIT, visibleAmong } from './visible-ids.ts'

const WHOLE = { limit: STARRED_LIMIT, offset: 0 } as const

/**
 * Folders that a user starred or rated, themselves or as what they stand for; the highest mark first. `visible` judges
 * folders under the alias `i`. The whole order is kept, four bytes a folder.
 */
export function markedFolders(
  context: LibraryContext,
  viewer: Viewer,
  ranking: 'starred' | 'highest',
  visible: Condition,
): readonly number[] {
  const scope = context.scope(viewer)
  const key = `folders ${ranking} ${viewer.userId} ${context.personal.version} ${scope.key}`
  return [...context.memo(key, () => Int32Array.from(compute(context, viewer, ranking, visible)))]
}

function compute(
  context: LibraryContext,
  viewer: Viewer,
  ranking: 'starred' | 'highest',
  visible: Condition,
): readonly number[] {
  const { db } = context
  const scope = context.scope(viewer)
  const marksOf = (table: 'folder' | 'album' | 'artist', condition: Condition): readonly Mark[] =>
    storedMarks(context, viewer.userId, { ranking, kind: KIND[table], table, visible: condition, ...WHOLE }, WHOLE)
  const marked = new Map<number, number>()
  for (const { id, mark } of marksOf('folder', visible)) marked.set(id, mark)
  const meant: Mark[] = []
  const albums = marksOf('album', scope.album('i'))
  const byAlbum = foldersOfAlbums(
    db,
    albums.map(({ id }) => id),
  )
  for (const { id, mark } of albums) for (const folder of byAlbum.get(id) ?? []) meant.push({ id: folder, mark })
  const artists = marksOf('artist', scope.artist('i'))
  const byArtist = foldersOfArtists(
    db,
    artists.map(({ id }) => id),
  )
  for (const { id, mark } of artists) {
    const folder = byArtist.get(id)
    if (folder !== undefined) meant.push({ id: folder, mark })
  }
  const seen = visibleAmong(
    context,
    'folder',
    visible,
    meant.map(({ id }) => id),
  )
  for (const { id, mark } of meant) if (seen.has(id)) marked.set(id, mark)
  return [...marked]
    .map(([id, mark]) => ({ id, mark }))
    .sort(descending)
    .map(({ id }) => id)
}
