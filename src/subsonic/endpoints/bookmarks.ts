import { AppError } from '../../base/errors.ts'
import { type Endpoint, tree } from '../endpoint.ts'
import { invalid } from '../params.ts'
import { songChild } from '../responses/song.ts'
import { date } from '../responses/values.ts'

export const bookmarkEndpoints: readonly Endpoint[] = [
  tree('getBookmarks', ({ services, viewer, user, rendering }) => ({
    bookmarks: {
      bookmark: services.repositories.bookmarks.list(viewer).map((bookmark) => ({
        position: bookmark.positionMs,
        username: user.name,
        comment: bookmark.comment,
        created: date(bookmark.createdAt),
        changed: date(bookmark.updatedAt),
        entry: songChild(bookmark.song, rendering),
      })),
    },
  })),

  tree('createBookmark', ({ services, viewer, params }) => {
    const id = params.idOf('song', 'id')
    const position = params.integer('position')
    if (position < 0) return invalid('position', 'at least 0')
    const comment = params.raw('comment') ?? ''
    if (!services.repositories.bookmarks.save(viewer, id, position, comment, services.clock.now())) {
      throw new AppError('NOT_FOUND', 'Song not found.')
    }
    return {}
  }),

  // Ok also where there is none: clients delete at the end of a song without asking first.
  tree('deleteBookmark', ({ services, viewer, params }) => {
    services.repositories.bookmarks.remove(viewer, params.idOf('song', 'id'))
    return {}
  }),
]
