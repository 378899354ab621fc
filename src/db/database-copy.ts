import { constants, copyFile, open } from 'node:fs/promises'

/** Where the file says how it is written and read: 2 = by a log beside it, 1 = without. */
const FORMAT_OFFSET = 18

/**
 * Copies a database file that stands still and has nothing in its log. The copy says that it needs no log, so that a
 * program can read it where it can't write; it is synced. Rejects with the system's error, EEXIST too.
 */
export async function copyDatabaseFile(from: string, to: string): Promise<void> {
  await copyFile(from, to, constants.COPYFILE_EXCL)
  const file = await open(to, 'r+')
  try {
    await file.write(Uint8Array.of(1, 1), 0, 2, FORMAT_OFFSET)
    await file.sync()
  } finally {
    await file.close()
  }
}
