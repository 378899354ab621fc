import type { Database } from '../db/database.ts'
import type { Library } from './entities.ts'

/** A library of the database; `isHidden`: it left the configuration, and is named nowhere. */
export interface KnownLibrary {
  readonly library: Library
  readonly isHidden: boolean
}

/** Whether a folder holds what the library was known to hold. */
export type IsHome = (known: KnownLibrary, path: string) => boolean

/**
 * Which known library a configured one is: the one at its path, else the one whose music lies there (its root was renamed
 * or copied), else the one of its name, which moved. One that was taken out has no name any more.
 */
export function matchLibraries<T extends Pick<Library, 'name' | 'path'>>(
  known: readonly KnownLibrary[],
  configured: readonly T[],
  isHome: IsHome,
): ReadonlyMap<T, KnownLibrary> {
  const matched = new Map<T, KnownLibrary>()
  const rules: readonly ((one: KnownLibrary, settings: T) => boolean)[] = [
    ({ library }, { path }) => library.path === path,
    (one, { path }) => isHome(one, path),
    ({ library, isHidden }, { name }) => !isHidden && library.name === name,
  ]
  for (const rule of rules)
    for (const settings of configured) {
      if (matched.has(settings)) continue
      const taken = new Set(matched.values())
      const found = known.find((one) => !taken.has(one) && rule(one, settings))
      if (found) matched.set(settings, found)
    }
  return matched
}

/** Names that libraries exchange among themselves would break the rule of unique names half-way. */
export function freeName(db: Database, library: Library): void {
  if (!library.name.includes('\u0001'))
    db.run('UPDATE library SET name = name || char(1) || id WHERE id = ?', [library.id])
}
