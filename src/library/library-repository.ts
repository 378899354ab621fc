import type { AccessScope } from '../base/access-scope.ts'
import type { LibraryId } from '../base/ids.ts'
import type { Library } from './entities.ts'

export interface LibrarySettings {
  readonly name: string
  readonly path: string
  readonly recursive: boolean
  readonly followSymlinks: boolean
  readonly excludePatterns: readonly string[]
}

export interface LibraryRepository {
  /** In the scope, by id. */
  list(scope: AccessScope): readonly Library[]
  find(scope: AccessScope, id: LibraryId): Library | undefined
  /** Rejects with CONFLICT for a taken name or path. */
  create(settings: LibrarySettings & { readonly fromConfig?: boolean }, at: number): LibraryId
  update(id: LibraryId, settings: Partial<LibrarySettings & { readonly defaultNewUsers: boolean }>, at: number): void
  /** Its songs, albums, folders and what hangs on them; never a file. Orphaned artists and genres go too. */
  remove(id: LibraryId): void
  /**
   * At the start: libraries of the configuration are created, or matched by path (else by name) and brought in step.
   * One that left the configuration stays, without `fromConfig`.
   */
  syncWithConfig(configured: readonly LibrarySettings[], at: number): readonly Library[]
  setState(id: LibraryId, state: 'new' | 'ok' | 'lost', reason: string): void
  /** When anything visible last changed, for `ifModifiedSince`. */
  changedAt(scope: AccessScope): number
}
