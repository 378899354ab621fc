import type { TestContext } from 'node:test'
import type { AccessScope } from '../../src/base/access-scope.ts'
import type { UserId } from '../../src/base/ids.ts'
import type { Database } from '../../src/db/database.ts'
import type { Viewer } from '../../src/library/entities.ts'
import { createRepositories, type Repositories, type RepositoryOptions } from '../../src/library/repositories.ts'
import { fillLibrary, type SyntheticOptions } from './synthetic-library.ts'
import { tempDatabase } from './temp-database.ts'

export interface LibraryFixture {
  readonly db: Database
  readonly repositories: Repositories
  /** A user's eyes with a scope; the users 1 (administrator) and 2 exist. */
  viewer(scope?: AccessScope, userId?: number): Viewer
  /** As after a restart: what only lived in memory is gone. */
  restart(): Repositories
}

/** Repositories over a synthetic library and two users. */
export function libraryFixture(
  t: Pick<TestContext, 'after'>,
  options: SyntheticOptions & RepositoryOptions,
): LibraryFixture {
  const db = tempDatabase(t)
  fillLibrary(db, options)
  const repositories = createRepositories(db, options)
  for (const name of ['admin', 'kid'])
    repositories.users.create(
      { name, isAdmin: name === 'admin', roles: [], passwordHash: 'x', passwordSealed: null },
      1_000,
    )
  return {
    db,
    repositories,
    viewer: (scope = { libraries: 'all' }, userId = 1) => ({ userId: userId as UserId, scope }),
    restart: () => createRepositories(db, options),
  }
}
