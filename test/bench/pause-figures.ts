import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { yieldToLoop } from '../../src/base/deadline.ts'
import { checkIntegrity } from '../../src/db/integrity.ts'
import { migrate } from '../../src/db/migrate.ts'
import { openDatabase } from '../../src/db/sqlite-database.ts'
import { silentLogger } from '../../src/log/logger.ts'
import { fillLibrary } from '../support/synthetic-library.ts'
import { figure, progress } from './figures.ts'

/**
 * How long the loop stands still, and with it each stream and ping, while the database is worked on as a whole: what a
 * scan does at its end, a backup, and doctor's check.
 */
export async function pauseFigures(folder: string, songs: number): Promise<void> {
  const db = openDatabase({ path: join(folder, 'pauses.db'), log: silentLogger })
  migrate(db, { log: silentLogger })
  fillLibrary(db, { songs })
  progress('pauses: filled')
  try {
    const work: Readonly<Record<string, () => Promise<unknown>>> = {
      scanEnd: async () => {
        for (const _ of db.analyze()) await yieldToLoop()
        db.settle()
      },
      backup: () => db.backup(join(folder, 'pauses-copy.db')),
      doctor: () => checkIntegrity(db, { turns: true }),
    }
    for (const [name, run] of Object.entries(work)) {
      const delay = monitorEventLoopDelay({ resolution: 1 })
      delay.enable()
      const started = performance.now()
      await run()
      await yieldToLoop()
      delay.disable()
      figure(`pauses.${name}.longest`, delay.max / 1e6, 'ms')
      figure(`pauses.${name}.whole`, performance.now() - started, 'ms')
    }
  } finally {
    db.close()
  }
}
