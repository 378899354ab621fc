import { PICTURE_ADDRESS, type PictureAddresses } from '../auth/picture-addresses.ts'
import type { Scopes } from '../auth/scopes.ts'
import { AppError } from '../base/errors.ts'
import type { Route } from '../http/router.ts'
import type { UserRepository } from '../library/user-repository.ts'
import type { Artwork } from '../media/artwork.ts'

export interface PictureRouteServices {
  readonly pictures: Pick<PictureAddresses, 'read'>
  readonly artwork: Pick<Artwork, 'cover'>
  readonly scopes: Scopes
  readonly users: UserRepository
}

/**
 * The signed addresses of pictures, for anybody who has one. It is looked at with the eyes of the user it was made for: what
 * they may not see any more is gone here too, and so is everything with their account or a change of their password.
 */
export function pictureRoute({ pictures, artwork, scopes, users }: PictureRouteServices): Route {
  return {
    method: 'GET',
    path: PICTURE_ADDRESS,
    handler: async ({ query, signal }) => {
      const picture = pictures.read(new URLSearchParams(query).get('of') ?? '', users.find)
      if (!picture) throw new AppError('NOT_FOUND', 'There is no picture at this address, or not any more.')
      const viewer = await scopes.viewer(picture.user, 'cover')
      const source = await artwork.cover(viewer, picture.id, picture.size, { signal })
      return { kind: 'source', headers: {}, source }
    },
  }
}
