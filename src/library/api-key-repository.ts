import type { ApiKeyId, UserId } from '../base/ids.ts'
import type { ApiKey } from './entities.ts'

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
