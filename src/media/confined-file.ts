import { constants } from 'node:fs'
import { type FileHandle, open, realpath } from 'node:fs/promises'
import { dirname, sep } from 'node:path'

/**
 * Opens a regular file for reading, at its real place. A link is followed only to somewhere below the file's own (real)
 * folder or below `within`: who may put files into a music folder can't have other files of the machine sent out.
 * Pipes and devices are refused without waiting for them.
 * @returns undefined when it is no such file. Rejects with the system's error when it is missing or can't be read.
 */
export async function openConfined(path: string, within = dirname(path)): Promise<FileHandle | undefined> {
  const real = await realpath(path)
  const homes = await Promise.all([realpath(dirname(path)), realpath(within)])
  if (!homes.some((home) => real.startsWith(home.endsWith(sep) ? home : home + sep))) return undefined
  const file = await open(real, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW)
  let regular = false
  try {
    regular = (await file.stat()).isFile()
  } finally {
    if (!regular) await file.close()
  }
  return regular ? file : undefined
}

/** At most `limit` bytes from the start; undefined when the file is longer. */
export async function readBounded(file: FileHandle, limit: number): Promise<Buffer | undefined> {
  const { size } = await file.stat()
  if (size > limit) return undefined
  const bytes = Buffer.allocUnsafe(size)
  let filled = 0
  while (filled < size) {
    const { bytesRead } = await file.read(bytes, filled, size - filled, filled)
    if (bytesRead === 0) break
    filled += bytesRead
  }
  return bytes.subarray(0, filled)
}
