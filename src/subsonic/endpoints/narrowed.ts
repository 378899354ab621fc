import { narrowToLibraries } from '../../base/access-scope.ts'
import { AppError } from '../../base/errors.ts'
import type { Viewer } from '../../library/entities.ts'
import type { Call } from '../call.ts'

/** The caller's view limited to `musicFolderId`, which may be repeated. NOT_FOUND for a library that isn't theirs. */
export function narrowed(call: Call): Viewer {
  const wanted = call.params.all('musicFolderId')
  if (wanted.length === 0) return call.viewer
  const own = call.services.repositories.libraries.list(call.viewer.scope)
  const ids = [...new Set(wanted)].map((text) => {
    const library = own.find((one) => String(one.id) === text)
    if (!library) throw new AppError('NOT_FOUND', 'There is no such music folder.')
    return library.id
  })
  return { userId: call.viewer.userId, scope: narrowToLibraries(call.viewer.scope, ids) }
}
