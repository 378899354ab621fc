import type { LibraryId } from '../../base/ids.ts'
import { ROLES, type Role, type User } from '../../library/entities.ts'
import type { Tree } from '../tree.ts'
import { known } from './values.ts'

/** Administrators may do everything, whatever boxes are ticked. */
export function mayUse(user: User, right: 'admin' | Role): boolean {
  return user.isAdmin || (right !== 'admin' && user.roles.includes(right))
}

/** `folders`: the libraries that the user may see. `scrobblingEnabled` is true: DSub stops counting plays otherwise. */
export function userTree(user: User, folders: readonly LibraryId[]): Tree {
  return {
    username: user.name,
    email: user.email,
    scrobblingEnabled: true,
    maxBitRate: known(user.maxBitRate),
    adminRole: user.isAdmin,
    ...Object.fromEntries(ROLES.map((role) => [`${role}Role`, mayUse(user, role)])),
    folder: folders,
  }
}
