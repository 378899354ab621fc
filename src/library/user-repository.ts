import { AppError } from '../base/errors.ts'
import type { LibraryId, UserId } from '../base/ids.ts'
import { fold } from '../base/text.ts'
import type { RowReader, SqlParams, SqlValue } from '../db/database.ts'
import { isUniqueError } from '../db/sql-error.ts'
import type { AnnotationRepository } from './annotation-repository.ts'
import type { Role, User } from './entities.ts'
import { jsonIds, jsonList } from './json-column.ts'
import type { LibraryContext } from './library-context.ts'
import { KIND } from './pending-plays.ts'
import type { PlayJournal } from './play-repository.ts'

/** What only the auth room may read. `passwordSealed` is the sealed clear text, null when token login is off. */
export interface StoredCredentials {
  readonly userId: UserId
  readonly passwordHash: string
  readonly passwordSealed: Uint8Array | null
}

export interface NewUser {
  readonly name: string
  readonly fullName?: string
  readonly email?: string
  readonly isAdmin: boolean
  readonly roles: readonly Role[]
  readonly maxBitRate?: number
  readonly passwordHash: string
  readonly passwordSealed: Uint8Array | null
  /** Absent: the libraries for new users. Administrators have all without rows. */
  readonly libraries?: readonly LibraryId[]
}

export interface UserChanges {
  readonly name?: string
  readonly fullName?: string
  readonly email?: string
  readonly isAdmin?: boolean
  readonly roles?: readonly Role[]
  readonly maxBitRate?: number
  readonly passwordHash?: string
  readonly passwordSealed?: Uint8Array | null
  readonly libraries?: readonly LibraryId[]
}

/** Names are compared folded (`user.key`). */
export interface UserRepository {
  count(): number
  find(id: UserId): User | undefined
  findByName(name: string): User | undefined
  /** By name. */
  list(): readonly User[]
  credentials(id: UserId): StoredCredentials | undefined
  /** Rejects with CONFLICT when the name is taken. */
  create(user: NewUser, at: number): UserId
  /** A change of password raises `credentialsVersion`. Refuses to take the last administrator's right (CONFLICT). */
  update(id: UserId, changes: UserChanges, at: number): void
  /** With everything that is the user's. Refuses the last administrator (CONFLICT). */
  remove(id: UserId): void
  /** Granted libraries of a user that is no administrator. */
  libraries(id: UserId): readonly LibraryId[]
  /** Batched: `lastLoginAt`/`lastAccessAt` of several users in one write. */
  touch(entries: readonly { readonly id: UserId; readonly loginAt?: number; readonly accessAt?: number }[]): void
}

/** `own` is told to let go of what hangs on a user without a foreign key. */
export function createUserRepository(
  { db }: LibraryContext,
  own: { readonly plays: PlayJournal; readonly annotations: AnnotationRepository },
): UserRepository {
  const find = (where: string, params: SqlParams) =>
    db.select(`SELECT ${COLUMNS} FROM user WHERE ${where}`, params, readUser)[0]

  const setLibraries = (id: UserId, libraries: readonly LibraryId[]) => {
    db.run(
      `DELETE FROM user_library WHERE user_id = ? AND library_id NOT IN (SELECT id FROM library WHERE state = 'missing')`,
      [id],
    )
    db.run(
      `INSERT INTO user_library (user_id, library_id)
       SELECT DISTINCT ?, l.id FROM json_each(?) w CROSS JOIN library l ON l.id = w.value`,
      [id, jsonIds(libraries)],
    )
  }
  const refuseLastAdministrator = (id: UserId) => {
    const others = db.get('SELECT 1 FROM user WHERE is_admin = 1 AND id <> ?', [id])
    if (!others && find('id = ?', [id])?.isAdmin)
      throw new AppError('CONFLICT', 'This is the last administrator. Make another user an administrator first.')
  }
  const takingName = <T>(work: () => T): T => {
    try {
      return db.transaction(work)
    } catch (error) {
      if (isUniqueError(error))
        throw new AppError('CONFLICT', 'This user name is taken. Choose another.', {
          cause: error,
          details: { field: 'name', problem: 'unique' },
        })
      throw error
    }
  }

  return {
    count: () => db.get<{ n: number }>('SELECT count(*) AS n FROM user')?.n ?? 0,
    find: (id) => find('id = ?', [id]),
    findByName: (name) => find('key = ?', [fold(name)]),
    list: () => db.select(`SELECT ${COLUMNS} FROM user ORDER BY key`, [], readUser),
    credentials: (id) => {
      const row = db.get<{ password_hash: string; password_sealed: Uint8Array | null }>(
        'SELECT password_hash, password_sealed FROM user WHERE id = ?',
        [id],
      )
      return row && { userId: id, passwordHash: row.password_hash, passwordSealed: row.password_sealed }
    },
    create: (user, at) =>
      takingName(() => {
        const { lastId } = db.run(
          `INSERT INTO user (name, key, full_name, email, password_hash, password_sealed, is_admin, roles, max_bit_rate,
             created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
          [
            user.name,
            fold(user.name),
            user.fullName ?? '',
            user.email ?? '',
            user.passwordHash,
            user.passwordSealed,
            Number(user.isAdmin),
            JSON.stringify(user.roles),
            user.maxBitRate ?? 0,
            at,
            at,
          ],
        )
        const id = lastId as UserId
        if (user.libraries) setLibraries(id, user.libraries)
        else db.run('INSERT INTO user_library SELECT ?, id FROM library WHERE default_new_users = 1', [id])
        return id
      }),
    update: (id, changes, at) =>
      takingName(() => {
        if (!find('id = ?', [id])) throw new AppError('NOT_FOUND', 'There is no such user.')
        if (changes.isAdmin === false) refuseLastAdministrator(id)
        const columns = changedColumns(changes)
        const names = Object.keys(columns)
        db.run(`UPDATE user SET ${[...names, 'updated_at'].map((name) => `${name} = ?`).join(', ')} WHERE id = ?`, [
          ...Object.values(columns),
          at,
          id,
        ])
        if (changes.passwordHash !== undefined)
          db.run('UPDATE user SET credentials_version = credentials_version + 1 WHERE id = ?', [id])
        if (changes.libraries) setLibraries(id, changes.libraries)
      }),
    remove: (id) => {
      refuseLastAdministrator(id)
      own.plays.forget(id)
      db.transaction(() => {
        own.annotations.removeAllOf(id)
        db.run(`DELETE FROM annotation WHERE kind = ? AND item_id IN (SELECT id FROM playlist WHERE owner_id = ?)`, [
          KIND.playlist,
          id,
        ])
        db.run('DELETE FROM user WHERE id = ?', [id])
      })
    },
    libraries: (id) =>
      db.select(
        `SELECT library_id FROM user_library WHERE user_id = ?
           AND library_id NOT IN (SELECT id FROM library WHERE state = 'missing') ORDER BY library_id`,
        [id],
        (row) => row.number(0),
      ) as LibraryId[],
    touch: (entries) => {
      if (entries.length === 0) return
      db.transaction(() => {
        for (const { id, loginAt, accessAt } of entries)
          db.run(
            'UPDATE user SET last_login_at = coalesce(?, last_login_at), last_access_at = coalesce(?, last_access_at) WHERE id = ?',
            [loginAt ?? null, accessAt ?? null, id],
          )
      })
    },
  }
}

const COLUMNS = `id, name, full_name, email, is_admin, roles, max_bit_rate, password_sealed IS NOT NULL,
  credentials_version, last_login_at, last_access_at, created_at, updated_at`

function changedColumns(changes: UserChanges): Record<string, SqlValue> {
  const columns: Record<string, SqlValue> = {}
  if (changes.name !== undefined) Object.assign(columns, { name: changes.name, key: fold(changes.name) })
  if (changes.fullName !== undefined) columns.full_name = changes.fullName
  if (changes.email !== undefined) columns.email = changes.email
  if (changes.isAdmin !== undefined) columns.is_admin = Number(changes.isAdmin)
  if (changes.roles !== undefined) columns.roles = JSON.stringify(changes.roles)
  if (changes.maxBitRate !== undefined) columns.max_bit_rate = changes.maxBitRate
  if (changes.passwordHash !== undefined) columns.password_hash = changes.passwordHash
  if (changes.passwordSealed !== undefined) columns.password_sealed = changes.passwordSealed
  return columns
}

function readUser(row: RowReader): User {
  return {
    id: row.number(0) as UserId,
    name: row.text(1),
    fullName: row.text(2),
    email: row.text(3),
    isAdmin: row.number(4) === 1,
    roles: jsonList<Role>(row.text(5)),
    maxBitRate: row.number(6),
    tokenLogin: row.number(7) === 1,
    credentialsVersion: row.number(8),
    lastLoginAt: row.isNull(9) ? undefined : row.number(9),
    lastAccessAt: row.isNull(10) ? undefined : row.number(10),
    createdAt: row.number(11),
    updatedAt: row.number(12),
  }
}
