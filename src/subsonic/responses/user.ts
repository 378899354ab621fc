import type { LibraryId } from '../../base/ids.ts'
import { ROLES, type Role, type User } from '../../library/entities.ts'
import type { Tree } from '../tree.ts'
import { known } from './values.ts'

/** Administrators may do everything, whatever boxes are ticked. */
export function mayUse(user: User, right: 'admin' | Role): boolean {
  return user.isAdmin || (right !== 'admin' && user.roles.includes(right))
}

/** Rights to what only plugins bring: administrators are not told of them until somebody ticks the box. */
const NEEDS_PLUGIN: ReadonlySet<Role> = new Set(['jukebox', 'podcast', 'videoConversion'])

function isTold(user: User, role: Role): boolean {
  return user.roles.includes(role) || (user.isAdmin && !NEEDS_PLUGIN.has(role))
}

/** `folders`: the libraries that the user may see. `scrobblingEnabled` is true: DSub stops counting plays otherwise. */
export function userTree(user: User, folders: readonly LibraryId[]): Tree {
  return {
    username: user.name,
    email: user.email,
    scrobblingEnabled: true,
    maxBitRate: known(user.maxBitRate),
    adminRole: user.isAdmin,
    ...Object.fromEntries(ROLES.map((role) => [`${role}Role`, isTold(user, role)])),
    folder: folders,
  }
}
