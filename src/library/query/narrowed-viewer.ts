import { narrowToLibraries } from '../../base/access-scope.ts'
import type { LibraryId } from '../../base/ids.ts'
import type { Viewer } from '../entities.ts'

/** With the libraries that a filter names. Libraries that there are not, or not for this viewer, hold nothing. */
export function narrowedBy(viewer: Viewer, libraries: readonly string[] | undefined): Viewer {
  if (!libraries || libraries.length === 0) return viewer
  const ids = libraries.map(Number).filter((id) => Number.isSafeInteger(id))
  return { ...viewer, scope: narrowToLibraries(viewer.scope, ids as LibraryId[]) }
}
