import type { Database } from '../../src/db/database.ts'

/** Adds a table that takes seconds to check, in one step of SQLite's: each row is looked up in two indexes. */
export function slow(db: Database): void {
  db.exec(`
    CREATE TABLE slow (n INTEGER, m INTEGER);
    CREATE INDEX slow_by_n ON slow (n);
    CREATE INDEX slow_by_m ON slow (m);
    WITH RECURSIVE numbers (n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM numbers WHERE n < 1500000)
      INSERT INTO slow SELECT n, n FROM numbers`)
}
