import { createHash } from 'node:crypto'
import { lstatSync, mkdirSync, statfsSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** File systems that live in memory: tmpfs and ramfs. */
const IN_MEMORY = new Set([0x01021994, 0x858458f6])

/**
 * A private folder in memory that outlives the process and not the machine, for one data folder: what is written there
 * wears out no SD card, and a power cut leaves nobody to blame. Undefined where there is none.
 */
export function runtimeFolder(
  dataDir: string,
  env: Readonly<Record<string, string | undefined>> = process.env,
): string | undefined {
  const user = process.getuid?.() ?? 0
  for (const folder of runtimeFolders(dataDir, { env, user })) {
    if (isInMemory(dirname(folder)) && isPrivate(folder, user)) return folder
  }
  return undefined
}

/** Where that folder may lie of a server that runs as `user`; none is made. */
export function runtimeFolders(
  dataDir: string,
  options: {
    readonly env?: Readonly<Record<string, string | undefined>>
    readonly user?: number | undefined
  } = {},
): readonly string[] {
  const { env = process.env, user = 0 } = options
  const mark = createHash('sha256').update(dataDir).digest('hex').slice(0, 12)
  const parents = [env.RUNTIME_DIRECTORY?.split(':')[0], env.XDG_RUNTIME_DIR, `/run/user/${user}`, '/dev/shm']
  return parents
    .filter((parent) => parent !== undefined && parent !== '')
    .map((parent) => join(parent as string, `tonearm-${user}-${mark}`))
}

function isInMemory(path: string): boolean {
  try {
    return IN_MEMORY.has(statfsSync(path).type >>> 0)
  } catch {
    return false
  }
}

/** Makes it, or takes one that nobody else could have prepared: /dev/shm is open to all. */
function isPrivate(folder: string, user: number): boolean {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    const info = lstatSync(folder)
    return info.isDirectory() && info.uid === user && (info.mode & 0o077) === 0
  } catch {
    return false
  }
}
