import { narrowToLibraries } from '../../base/access-scope.ts'
import { AppError } from '../../base/errors.ts'
import type { Viewer } from '../../library/entities.ts'
import type { Call } from '../call.ts'
import { roundedInteger } from '../params.ts'

/** What old clients send for all music folders. */
const ALL: ReadonlySet<number | undefined> = new Set([0, -1])

/**
 * The caller's view limited to `musicFolderId`, which may be repeated; 0 and -1 mean all. NOT_FOUND for a library that
 * isn't theirs.
 */
export function narrowed(call: Call): Viewer {
  const wanted = call.params.all('musicFolderId').map((text) => roundedInteger(text))
  if (wanted.length === 0 || wanted.some((id) => ALL.has(id))) return call.viewer
  const own = call.services.repositories.libraries.list(call.viewer.scope)
  const ids = [...new Set(wanted)].map((id) => {
    const library = own.find((one) => one.id === id)
    if (!library) throw new AppError('NOT_FOUND', 'There is no such music folder.')
    return library.id
  })
  return { userId: call.viewer.userId, scope: narrowToLibraries(call.viewer.scope, ids) }
}
