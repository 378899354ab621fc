import type { Database } from '../../src/db/database.ts'

/** Adds a table that takes hours to check: each of its rows keeps SQLite's one step busy for a while. */
export function slow(db: Database): void {
  db.exec(`
    CREATE TABLE slow (n INTEGER CHECK (length(hex(zeroblob(4000000 + n))) > 0));
    PRAGMA ignore_check_constraints = ON;
    WITH RECURSIVE numbers (n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM numbers WHERE n < 200000)
      INSERT INTO slow SELECT n FROM numbers;
    PRAGMA ignore_check_constraints = OFF`)
}
