import type { CreditRole } from '../entities.ts'
import type { Filter, ScopedSql } from './resource.ts'

/** Every role that a song's credit may have. */
export const CREDIT_ROLES: readonly CreditRole[] = [
  'artist',
  'albumartist',
  'composer',
  'lyricist',
  'conductor',
  'arranger',
  'producer',
  'director',
  'engineer',
  'mixer',
  'remixer',
  'djmixer',
  'performer',
]

/** The roles of a name in a request: `maincredit` stands for two. Undefined for anything else: it never reaches SQL. */
export function rolesOf(name: string): readonly CreditRole[] | undefined {
  if (name === 'maincredit') return ['artist', 'albumartist']
  return CREDIT_ROLES.filter((role) => role === name.toLowerCase()).slice(0, 1)
}

/** `role_composer_id` and the like: items with the artist in that role on a visible song; `total` in any. */
export function creditFilters(
  credited: (roles: readonly CreditRole[] | undefined) => ScopedSql,
): Readonly<Record<string, Filter>> {
  const filter = (roles?: readonly CreditRole[]): Filter => ({ by: 'among', of: 'artist', ids: credited(roles) })
  return {
    roleTotalId: filter(),
    roleMaincreditId: filter(['artist', 'albumartist']),
    ...Object.fromEntries(
      CREDIT_ROLES.map((role) => [`role${role[0]?.toUpperCase()}${role.slice(1)}Id`, filter([role])]),
    ),
  }
}

/** For `IN`: roles are of our own list. */
export function roleList(column: string, roles: readonly CreditRole[] | undefined): string {
  return roles ? ` AND ${column} IN (${roles.map((role) => `'${role}'`).join(', ')})` : ''
}
