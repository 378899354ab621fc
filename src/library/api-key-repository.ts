import type { ApiKeyId, UserId } from '../base/ids.ts'
import type { RowReader } from '../db/database.ts'
import type { ApiKey } from './entities.ts'
import { jsonIds } from './json-column.ts'
import type { LibraryContext } from './library-context.ts'

export interface ApiKeyRepository {
  listOf(userId: UserId): readonly ApiKey[]
  findByHash(hash: string): ApiKey | undefined
  create(
    key: { readonly userId: UserId; readonly name: string; readonly hash: string; readonly hint: string },
    at: number,
  ): ApiKeyId
  /** False when the user has no such key. */
  remove(userId: UserId, id: ApiKeyId): boolean
  touch(ids: readonly ApiKeyId[], at: number): void
}

export function createApiKeyRepository({ db }: LibraryContext): ApiKeyRepository {
  const columns = 'id, user_id, name, hint, last_used_at, created_at'
  return {
    listOf: (userId) => db.select(`SELECT ${columns} FROM api_key WHERE user_id = ? ORDER BY id`, [userId], readKey),
    findByHash: (hash) => db.select(`SELECT ${columns} FROM api_key WHERE hash = ?`, [hash], readKey)[0],
    create: (key, at) =>
      db.run('INSERT INTO api_key (user_id, name, hash, hint, created_at) VALUES (?, ?, ?, ?, ?)', [
        key.userId,
        key.name,
        key.hash,
        key.hint,
        at,
      ]).lastId as ApiKeyId,
    remove: (userId, id) => db.run('DELETE FROM api_key WHERE id = ? AND user_id = ?', [id, userId]).changes > 0,
    touch: (ids, at) => {
      if (ids.length === 0) return
      db.run('UPDATE api_key SET last_used_at = ? WHERE id IN (SELECT value FROM json_each(?))', [at, jsonIds(ids)])
    },
  }
}

function readKey(row: RowReader): ApiKey {
  return {
    id: row.number(0) as ApiKeyId,
    userId: row.number(1) as UserId,
    name: row.text(2),
    hint: row.text(3),
    lastUsedAt: row.isNull(4) ? undefined : row.number(4),
    createdAt: row.number(5),
  }
}
