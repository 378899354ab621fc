import { createHash, randomBytes } from 'node:crypto'
import {
  chmodSync,
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { AppError, systemErrorCode } from '../base/errors.ts'

/** Bytes of a key. */
export const KEY_BYTES = 32

export interface SecretKey {
  /** Eight hex digits made from the key, not secret: what was sealed tells by it which key opens it. */
  readonly id: string
  readonly bytes: Uint8Array
}

/**
 * A key in a file, and for the time of a rotation the one before it. Both lie in a folder that only the server may
 * enter, outside the database, so that a copy of the database alone opens nothing.
 */
export interface KeyRing {
  readonly current: SecretKey
  readonly previous: SecretKey | undefined
  /** True when the file was not there and has been made just now. */
  readonly created: boolean
  find(id: string): SecretKey | undefined
  /** A new current key; the old one stays as `previous` until `retire`. Throws CONFLICT while one is still kept. */
  rotate(): void
  /** Forgets the previous key, on disk too: when nothing needs it any more. */
  retire(): void
}

/**
 * Opens `<folder>/<name>.key`, or makes it from random bytes: there never is a key that is known before the first
 * start. Files are 0600, the folder 0700, writes are on disk when they return. Throws DATA_DAMAGED for a file of a
 * wrong length, which is never overwritten, and DATA_UNWRITABLE when it can't be read or made.
 */
export function openKeyRing(folder: string, name: string): KeyRing {
  const file = join(folder, `${name}.key`)
  const oldFile = join(folder, `${name}.previous.key`)
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    restrict(folder, 0o700)
    const found = read(file)
    let current = found ?? makeKey()
    if (!found) write(folder, file, current)
    let previous = read(oldFile)
    if (previous?.id === current.id) {
      // Stopped between the two writes of a rotation: nothing was sealed by a new key yet.
      remove(folder, oldFile)
      previous = undefined
    }
    return {
      get current() {
        return current
      },
      get previous() {
        return previous
      },
      created: !found,
      find: (id) => (id === current.id ? current : id === previous?.id ? previous : undefined),
      rotate() {
        if (previous)
          throw new AppError('CONFLICT', 'The key is being changed already. Restart the server to end that.')
        const next = makeKey()
        write(folder, oldFile, current)
        previous = current
        write(folder, file, next)
        current = next
      },
      retire() {
        if (previous) remove(folder, oldFile)
        previous = undefined
      },
    }
  } catch (error) {
    if (error instanceof AppError) throw error
    const code = systemErrorCode(error)
    if (code === 'ENOSPC' || code === 'EDQUOT')
      throw new AppError('DISK_FULL', 'The disk that holds the data folder is full. Free some space.', { cause: error })
    throw new AppError('DATA_UNWRITABLE', `The key file keys/${name}.key can't be read or made. Check its owner.`, {
      cause: error,
      details: { file },
    })
  }
}

function makeKey(): SecretKey {
  return keyOf(randomBytes(KEY_BYTES))
}

function keyOf(bytes: Uint8Array): SecretKey {
  return { id: createHash('sha256').update('tonearm key id\n').update(bytes).digest('hex').slice(0, 8), bytes }
}

function read(file: string): SecretKey | undefined {
  let bytes: Uint8Array
  try {
    bytes = readFileSync(file)
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return undefined
    throw error
  }
  if (bytes.length !== KEY_BYTES) {
    throw new AppError('DATA_DAMAGED', 'A key file has the wrong length. Put it back from the backup.', {
      details: { file, bytes: bytes.length },
    })
  }
  restrict(file, 0o600)
  return keyOf(bytes)
}

/** Takes rights away from others. Disks without owners (a FAT stick) refuse, and have nothing to take. */
function restrict(path: string, mode: number): void {
  try {
    if ((statSync(path).mode & 0o077) !== 0) chmodSync(path, mode)
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') throw error
  }
}

function write(folder: string, file: string, key: SecretKey): void {
  const temporary = `${file}.new`
  rmSync(temporary, { force: true })
  const descriptor = openSync(temporary, 'wx', 0o600)
  try {
    writeSync(descriptor, key.bytes)
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
  renameSync(temporary, file)
  syncFolder(folder)
}

function remove(folder: string, file: string): void {
  rmSync(file, { force: true })
  syncFolder(folder)
}

function syncFolder(folder: string): void {
  const descriptor = openSync(folder, 'r')
  try {
    fsyncSync(descriptor)
  } catch (error) {
    // Some file systems (SMB) can't sync a folder; the rename is as safe there as it gets.
    if (systemErrorCode(error) !== 'EINVAL' && systemErrorCode(error) !== 'ENOTSUP') throw error
  } finally {
    closeSync(descriptor)
  }
}
