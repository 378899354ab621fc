import { closeSync, fsyncSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'

const FILE = 'initial-admin-password.txt'

/** The first password, where nobody saw it on a terminal: in a file of the data folder, until it opens nothing any more. */
export interface InitialPassword {
  readonly file: string
  /** Mode 0600, on the disk when this returns. */
  write(password: string): void
  /** Undefined: there is none. */
  read(): string | undefined
  remove(): void
}

export function initialPasswordIn(dataFolder: string): InitialPassword {
  const file = join(dataFolder, FILE)
  return {
    file,
    write(password) {
      const descriptor = openSync(file, 'w', 0o600)
      try {
        writeSync(descriptor, `${password}\n`)
        fsyncSync(descriptor)
      } finally {
        closeSync(descriptor)
      }
    },
    read() {
      try {
        return readFileSync(file, 'utf8').trim()
      } catch {
        return undefined
      }
    },
    remove: () => rmSync(file, { force: true }),
  }
}
