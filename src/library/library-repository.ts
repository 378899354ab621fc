import { type AccessScope, FULL_SCOPE } from '../base/access-scope.ts'
import { AppError } from '../base/errors.ts'
import type { LibraryId, SongId } from '../base/ids.ts'
import type { RowReader, SqlParams, SqlValue } from '../db/database.ts'
import { isUniqueError } from '../db/sql-error.ts'
import type { Library } from './entities.ts'
import { jsonList } from './json-column.ts'
import type { LibraryContext } from './library-context.ts'
import { freeName, type IsHome, matchLibraries } from './library-sync.ts'
import { removeLibrary } from './remove-library.ts'
import { retireLibrary } from './retire-library.ts'

export interface LibrarySettings {
  readonly name: string
  readonly path: string
  readonly recursive: boolean
  readonly followSymlinks: boolean
  readonly excludePatterns: readonly string[]
}

export interface LibraryRepository {
  /** In the scope, by id. Without those that left the configuration: of them nothing is told. */
  list(scope: AccessScope): readonly Library[]
  find(scope: AccessScope, id: LibraryId): Library | undefined
  /** Rejects with CONFLICT for a taken name or path. */
  create(settings: LibrarySettings & { readonly fromConfig?: boolean }, at: number): LibraryId
  update(id: LibraryId, settings: Partial<LibrarySettings & { readonly defaultNewUsers: boolean }>, at: number): void
  /**
   * Takes out its songs, albums, folders and what hangs on them, orphaned artists and genres too; never a file. In short
   * steps: whoever runs it lets others have their turn between two.
   */
  removal(id: LibraryId): Generator<void>
  /** Some songs of a library, missing ones too. */
  songIds(id: LibraryId, limit: number): readonly SongId[]
  /**
   * At the start: libraries of the configuration are created, or matched by path, by what lies there or by name, and
   * brought in step. `leaving`: one that left the configuration stays, without `fromConfig`, or is hidden by `retirement`.
   * @returns those that exist
   */
  syncWithConfig(
    configured: readonly LibrarySettings[],
    at: number,
    options?: { readonly leaving?: 'stay' | 'hide'; readonly isHome?: IsHome },
  ): readonly Library[]
  /** Those that left the configuration. */
  hidden(): readonly Library[]
  /** Hides what libraries hold that left the configuration. In short steps, as `removal`. */
  retirement(at: number): Generator<void>
  setState(id: LibraryId, state: 'new' | 'ok' | 'lost', reason: string): void
  /** When anything visible last changed, for `ifModifiedSince`. */
  changedAt(scope: AccessScope): number
}

export function createLibraryRepository(context: LibraryContext): LibraryRepository {
  const { db } = context
  const select = (scope: AccessScope, where = "l.state <> 'missing'", params: SqlParams = []) => {
    const visible = context.compile(scope).library('l.id')
    return db.select(
      `SELECT ${COLUMNS} FROM library l WHERE ${visible.sql} AND ${where} ORDER BY l.id`,
      [...visible.params, ...params],
      readLibrary,
    )
  }
  const retired = (): readonly Library[] => select(FULL_SCOPE, "l.state = 'missing'")
  const revive = (id: LibraryId, at: number) =>
    db.run("UPDATE library SET state = 'new', changed_at = ? WHERE id = ?", [at, id])
  const create: LibraryRepository['create'] = (settings, at) => {
    const former = retired().find(({ path }) => path === settings.path)
    if (former) {
      revive(former.id, at)
      update(former.id, settings, at)
      return former.id
    }
    return refusingTaken(
      () =>
        db.run(
          `INSERT INTO library (name, path, recursive, follow_symlinks, exclude_patterns, from_config, created_at,
             updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
          [
            settings.name,
            settings.path,
            Number(settings.recursive),
            Number(settings.followSymlinks),
            JSON.stringify(settings.excludePatterns),
            Number(settings.fromConfig ?? false),
            at,
            at,
          ],
        ).lastId as LibraryId,
    )
  }
  const update: LibraryRepository['update'] = (id, settings, at) => {
    const columns = changedColumns(settings)
    const assignments = [...Object.keys(columns), 'updated_at'].map((name) => `${name} = ?`).join(', ')
    const { changes } = refusingTaken(() =>
      db.run(`UPDATE library SET ${assignments} WHERE id = ?`, [...Object.values(columns), at, id]),
    )
    if (changes === 0) throw new AppError('NOT_FOUND', 'There is no such library.')
  }

  return {
    list: (scope) => select(scope),
    find: (scope, id) => select(scope, "l.id = ? AND l.state <> 'missing'", [id])[0],
    create,
    update,
    removal: (id) => removeLibrary(db, id),
    songIds: (id, limit) =>
      db.select('SELECT id FROM song WHERE library_id = ? LIMIT ?', [id, limit], (row) => row.number(0) as SongId),
    syncWithConfig: (configured, at, { leaving = 'stay', isHome = () => false } = {}) => {
      const known = [
        ...select(FULL_SCOPE).map((library) => ({ library, isHidden: false })),
        ...retired().map((library) => ({ library, isHidden: true })),
      ]
      const matched = matchLibraries(known, configured, isHome)
      return db.transaction(() => {
        const kept = new Set(matched.values())
        const left = known.filter((one) => one.library.fromConfig && !kept.has(one))
        for (const { library } of left)
          if (leaving === 'stay')
            db.run('UPDATE library SET from_config = 0, updated_at = ? WHERE id = ?', [at, library.id])
          else {
            freeName(db, library)
            db.run(
              `UPDATE library SET from_config = 0, state = 'missing', state_reason = '', scan_pending = '', updated_at = ?
               WHERE id = ?`,
              [at, library.id],
            )
          }
        for (const [{ name }, { library }] of matched) if (library.name !== name) freeName(db, library)
        for (const settings of configured) {
          const { library, isHidden } = matched.get(settings) ?? {}
          if (!library) create({ ...settings, fromConfig: true }, at)
          else if (!library.fromConfig || !isSame(library, settings)) {
            if (isHidden) revive(library.id, at)
            update(library.id, settings, at)
            db.run('UPDATE library SET from_config = 1 WHERE id = ?', [library.id])
          }
        }
        return select(FULL_SCOPE)
      })
    },
    hidden: retired,
    *retirement(at) {
      for (const { id } of retired()) yield* retireLibrary(db, id, at)
    },
    setState: (id, state, reason) => {
      db.run('UPDATE library SET state = ?, state_reason = ? WHERE id = ? AND (state, state_reason) <> (?, ?)', [
        state,
        reason,
        id,
        state,
        reason,
      ])
    },
    changedAt: (scope) => {
      const visible = context.compile(scope).library('l.id')
      return (
        db.select(`SELECT max(l.changed_at) FROM library l WHERE ${visible.sql}`, visible.params, (row) =>
          row.number(0),
        )[0] ?? 0
      )
    },
  }
}

const COLUMNS = `l.id, l.name, l.path, l.recursive, l.follow_symlinks, l.exclude_patterns, l.default_new_users,
  l.from_config, l.state, l.state_reason, l.scan_pending, l.song_count, l.album_count, l.artist_count, l.folder_count,
  l.missing_count, l.duration_ms, l.size, l.last_scan_started_at, l.last_scan_at, l.changed_at, l.created_at, l.updated_at`

function isSame(library: Library, settings: LibrarySettings): boolean {
  return (
    library.path === settings.path &&
    library.name === settings.name &&
    library.recursive === settings.recursive &&
    library.followSymlinks === settings.followSymlinks &&
    library.excludePatterns.join('\n') === settings.excludePatterns.join('\n')
  )
}

function refusingTaken<T>(work: () => T): T {
  try {
    return work()
  } catch (error) {
    if (!isUniqueError(error)) throw error
    throw new AppError('CONFLICT', 'Another library has this name or this folder. Choose another.', { cause: error })
  }
}

function changedColumns(
  settings: Partial<LibrarySettings & { readonly defaultNewUsers: boolean }>,
): Record<string, SqlValue> {
  const columns: Record<string, SqlValue> = {}
  if (settings.name !== undefined) columns.name = settings.name
  if (settings.path !== undefined) columns.path = settings.path
  if (settings.recursive !== undefined) columns.recursive = Number(settings.recursive)
  if (settings.followSymlinks !== undefined) columns.follow_symlinks = Number(settings.followSymlinks)
  if (settings.excludePatterns !== undefined) columns.exclude_patterns = JSON.stringify(settings.excludePatterns)
  if (settings.defaultNewUsers !== undefined) columns.default_new_users = Number(settings.defaultNewUsers)
  return columns
}

function readLibrary(row: RowReader): Library {
  const optional = (index: number) => (row.isNull(index) ? undefined : row.number(index))
  return {
    id: row.number(0) as LibraryId,
    name: row.text(1),
    path: row.text(2),
    recursive: row.number(3) === 1,
    followSymlinks: row.number(4) === 1,
    excludePatterns: jsonList(row.text(5)),
    defaultNewUsers: row.number(6) === 1,
    fromConfig: row.number(7) === 1,
    state: row.text(8) as Library['state'],
    stateReason: row.text(9),
    scanPending: row.text(10) as Library['scanPending'],
    songCount: row.number(11),
    albumCount: row.number(12),
    artistCount: row.number(13),
    folderCount: row.number(14),
    missingCount: row.number(15),
    durationMs: row.number(16),
    size: row.number(17),
    lastScanStartedAt: optional(18),
    lastScanAt: optional(19),
    changedAt: row.number(20),
    createdAt: row.number(21),
    updatedAt: row.number(22),
  }
}
