import { AppError } from '../../base/errors.ts'
import { decodeId, encodeId, type MediaKind } from '../../base/ids.ts'
import type { MediaRef } from '../../library/annotation-repository.ts'
import type { Call } from '../call.ts'
import { type Endpoint, tree } from '../endpoint.ts'
import { invalid, type Params } from '../params.ts'
import type { Tree } from '../tree.ts'

const MEDIA: ReadonlySet<string> = new Set<MediaKind>(['song', 'album', 'artist', 'folder', 'playlist'])

export const annotationEndpoints: readonly Endpoint[] = [
  tree('star', (call) => setStarred(call, true)),
  tree('unstar', (call) => setStarred(call, false)),

  tree('setRating', ({ services, viewer, params, user }) => {
    const id = params.string('id')
    const rating = params.integer('rating')
    if (rating < 0 || rating > 5) return invalid('rating', 'between 0 and 5')
    const asked = mediaRef(id)
    const { annotations } = services.repositories
    const [item, ...folders] = asked ? annotations.bearersOf(viewer, asked) : []
    if (!item) throw new AppError('NOT_FOUND', 'Nothing is known by this id.')
    annotations.setRating(viewer, item, rating, services.clock.now())
    for (const folder of folders) annotations.setRating(viewer, folder, 0, services.clock.now())
    services.hooks.observe('annotation.changed', {
      userId: encodeId('user', user.id),
      mediaId: publicId(item),
      rating,
    })
    return {}
  }),

  tree('scrobble', async ({ services, viewer, params, user, client }) => {
    params.string('id')
    const ids = params.all('id').map((text) => decodeId(text))
    const times = params.integers('time')
    const isPlay = params.boolean('submission', true)
    // Ids of what is gone are passed over: clients send what they collected offline.
    const plays = ids.flatMap((id, index) => (id?.kind === 'song' ? [{ songId: id.key, at: times[index] }] : []))
    if (isPlay) {
      services.playback.scrobble(user, viewer, plays, client)
      // Also for those that are known already: they may have been sent again because this failed.
      await services.playback.kept()
    } else for (const { songId } of plays) services.playback.nowPlaying(user, viewer, songId, client)
    return {}
  }),
]

/** Clients mix the three parameters, so the id itself tells what is meant. Unknown ids among known ones are passed over. */
function setStarred(call: Call, starred: boolean): Tree {
  const { services, viewer, user } = call
  const { annotations } = services.repositories
  const items = starIds(call.params)
    .map(mediaRef)
    .filter((item) => item !== undefined)
    .flatMap((item) => annotations.bearersOf(viewer, item).slice(0, starred ? 1 : undefined))
  const done = annotations.setStarred(viewer, items, starred, services.clock.now())
  if (done.length === 0) throw new AppError('NOT_FOUND', 'Nothing is known by the ids that were sent.')
  if (!services.hooks.has('annotation.changed')) return {}
  for (const item of done) {
    services.hooks.observe('annotation.changed', {
      userId: encodeId('user', user.id),
      mediaId: publicId(item),
      starred,
    })
  }
  return {}
}

function starIds(params: Params): readonly string[] {
  const ids = [...params.all('id'), ...params.all('albumId'), ...params.all('artistId')]
  if (ids.length === 0) {
    throw new AppError('MISSING_PARAMETER', "One of the parameters 'id', 'albumId' and 'artistId' is required.")
  }
  return ids
}

function mediaRef(text: string): MediaRef | undefined {
  const id = decodeId(text)
  return id && MEDIA.has(id.kind) ? { kind: id.kind as MediaKind, key: id.key } : undefined
}

function publicId(item: MediaRef): string {
  return encodeId(item.kind, item.key as never)
}
