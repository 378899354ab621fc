import { execFileSync } from 'node:child_process'
import { join } from 'node:path'

const ROOT = join(import.meta.dirname, '..', '..')

/** Brings the bundle up to date, for tests of the program as people run it. Quick when it is. */
export function buildOnce(): void {
  execFileSync(process.execPath, [join(ROOT, 'src', 'build.mjs')], {
    cwd: ROOT,
    stdio: ['ignore', 'ignore', 'inherit'],
  })
}
