import { createHash } from 'node:crypto'
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'

const IGNORED = new Set(['node_modules', '.git', 'dist-test', 'test'])
/** More files than any plugin has; what lies beyond is not looked at. */
const MAX_FILES = 5_000

/** A text that changes when a file below the folder does: names, sizes, times. No file is opened. */
export async function folderStamp(folder: string): Promise<string> {
  const hash = createHash('sha1')
  let files = 0
  const walk = async (path: string): Promise<void> => {
    const entries = await readdir(path, { withFileTypes: true })
    for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
      if (IGNORED.has(entry.name) || ++files > MAX_FILES) continue
      const inner = join(path, entry.name)
      if (entry.isDirectory()) await walk(inner)
      else if (entry.isFile()) {
        const { size, mtimeMs } = await stat(inner)
        hash.update(`${inner}\0${size}\0${mtimeMs}\n`)
      }
    }
  }
  await walk(folder)
  return hash.digest('hex')
}
