import { existsSync, promises, readFileSync, renameSync } from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { dirname, join } from 'node:path'

/** What a disk does to files whose path has `matching` in it. */
export interface FailingDisk {
  readonly code: string
  readonly at: 'open' | 'read'
  readonly matching: string
  /** Before it fails for the first time, this folder goes. */
  readonly takeAway?: string
}

export const FAILING_DISK = 'failing-disk.json'

/** A reading process on a disk that fails, as the file `failing-disk.json` beside the library says. */
if (process.send) {
  const open = promises.open.bind(promises)
  promises.open = (async (...args: Parameters<typeof open>) => {
    const path = String(args[0])
    const disk = failureFor(path)
    if (disk?.at === 'open') throw systemError(disk.code, path)
    const handle = await open(...args)
    if (disk) handle.read = () => Promise.reject(systemError(disk.code, path))
    return handle
  }) as typeof promises.open
  syncBuiltinESMExports()
  await import('../../src/scanner/tag-reader-child.ts')
}

function failureFor(path: string): FailingDisk | undefined {
  let folder = dirname(path)
  while (!existsSync(join(folder, FAILING_DISK))) {
    if (folder === dirname(folder)) return undefined
    folder = dirname(folder)
  }
  const disk = JSON.parse(readFileSync(join(folder, FAILING_DISK), 'utf8')) as FailingDisk
  if (!path.includes(disk.matching)) return undefined
  if (disk.takeAway && existsSync(disk.takeAway)) renameSync(disk.takeAway, `${disk.takeAway}.away`)
  return disk
}

function systemError(code: string, path: string): Error {
  return Object.assign(new Error(`${code}: the disk fails, open '${path}'`), { code, errno: -1, syscall: 'read', path })
}
