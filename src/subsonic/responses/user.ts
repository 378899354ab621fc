import type { LibraryId } from '../../base/ids.ts'
import { ROLES, type User } from '../../library/entities.ts'
import type { Tree } from '../tree.ts'
import { known } from './values.ts'

/** `folders`: the libraries that the user may see. `scrobblingEnabled` is true: DSub stops counting plays otherwise. */
export function userTree(user: User, folders: readonly LibraryId[]): Tree {
  return {
    username: user.name,
    email: user.email,
    scrobblingEnabled: true,
    maxBitRate: known(user.maxBitRate),
    adminRole: user.isAdmin,
    ...Object.fromEntries(ROLES.map((role) => [`${role}Role`, user.roles.includes(role)])),
    folder: folders,
  }
}
