import type { Database, SqlParams } from './database.ts'
import { openNative } from './sqlite-binding.ts'

/**
 * Reads a file that nobody writes to meanwhile; changes nothing in it. Throws SQLite's own errors. Such a connection keeps no
 * CHECK of a table, so that `integrity_check` looks at all but those.
 */
export function openReadOnly(path: string): Pick<Database, 'all' | 'close'> {
  const native = openNative(path, { readOnly: true, fileMustExist: true })
  // The file layer has no shared memory, without which a log takes one connection alone.
  native.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA cache_size = -8192')
  return {
    all: <Row>(sql: string, params: SqlParams = []) => native.all(sql, params) as Row[],
    close: () => native.close(),
  }
}
