import type { UserId } from '../base/ids.ts'
import { jsonIds } from './json-column.ts'
import type { LibraryContext } from './library-context.ts'

/** Whose view which plugin narrows: remembered by the core, so that rules hold when their plugin is gone. */
export interface NarrowedUsersRepository {
  /** Names of plugins without whose answer the user sees nothing. */
  of(userId: UserId): readonly string[]
  /** Users by plugin. */
  list(): readonly { readonly plugin: string; readonly userIds: readonly UserId[] }[]
  /** Exactly these users from now on; unknown ones are left out. */
  set(plugin: string, userIds: readonly UserId[]): void
}

export function createNarrowedUsersRepository({ db }: LibraryContext): NarrowedUsersRepository {
  return {
    of: (userId) =>
      db.select('SELECT plugin FROM access_guard WHERE user_id = ? ORDER BY plugin', [userId], (row) => row.text(0)),
    list: () => {
      const users = new Map<string, UserId[]>()
      db.select('SELECT plugin, user_id FROM access_guard ORDER BY plugin, user_id', [], (row) => {
        const ids = users.get(row.text(0)) ?? []
        ids.push(row.number(1) as UserId)
        users.set(row.text(0), ids)
      })
      return [...users].map(([plugin, userIds]) => ({ plugin, userIds }))
    },
    set: (plugin, userIds) => {
      const ids = jsonIds(userIds)
      db.transaction(() => {
        db.run('DELETE FROM access_guard WHERE plugin = ? AND user_id NOT IN (SELECT value FROM json_each(?))', [
          plugin,
          ids,
        ])
        db.run(
          `INSERT OR IGNORE INTO access_guard (plugin, user_id)
           SELECT ?, id FROM user WHERE id IN (SELECT value FROM json_each(?))`,
          [plugin, ids],
        )
      })
    },
  }
}
