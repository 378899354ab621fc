/**
 * The process that checks the database for the doctor: SQLite can't check a big table in steps. Its argument is the file by
 * a name of its own (integrity-process.ts), which stands still meanwhile; it tells the report on its standard output, and
 * ends when its standard input does.
 */
import { rmSync } from 'node:fs'
import { setPriority } from 'node:os'
import { dirname } from 'node:path'
import { endWithParent } from './end-with-parent.ts'
import { checkIntegrity } from './integrity.ts'
import { openReadOnly } from './read-only-database.ts'

const path = process.argv[2] ?? ''
await endWithParent(dirname(path))
try {
  setPriority(10)
} catch {
  // Not on every system, and not needed.
}
try {
  const db = openReadOnly(path)
  const report = checkIntegrity(db)
  db.close()
  process.stdout.write(JSON.stringify(report))
} catch (error) {
  // Too damaged to be opened or read through.
  const problem = error instanceof Error ? error.message : String(error)
  process.stdout.write(JSON.stringify({ ok: false, problems: [problem] }))
} finally {
  rmSync(dirname(path), { recursive: true, force: true })
}
