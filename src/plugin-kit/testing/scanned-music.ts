import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DATABASE_FILE } from '../../db/data-lock.ts'
import { silentLogger } from '../../log/logger.ts'
import { writeMusic } from './music.ts'
import { openTestCore } from './test-core.ts'
import type { TestLibrary } from './test-host.ts'
import { VirtualTime } from './virtual-time.ts'

export interface ScannedMusic {
  /** A database that knows the music and no user. */
  readonly database: string
  readonly musicDir: string
  /** Their names, which are folders of `musicDir`. */
  readonly libraries: readonly string[]
}

/** When the songs came into the library. */
const ADDED_AT = Date.UTC(2025, 11, 1)

const prepared = new Map<TestLibrary, Promise<ScannedMusic>>()
let root: string | undefined

/** Scans a library once in a process; hosts begin with a copy of the database. The files go when the process ends. */
export function scannedMusic(name: TestLibrary): Promise<ScannedMusic> {
  let known = prepared.get(name)
  if (!known) {
    known = prepare(name)
    prepared.set(name, known)
  }
  return known
}

async function prepare(name: TestLibrary): Promise<ScannedMusic> {
  const folder = join(rootFolder(), name)
  const musicDir = join(folder, 'music')
  const dataDir = join(folder, 'data')
  const libraries = writeMusic(musicDir, name)
  mkdirSync(dataDir, { recursive: true })
  const time = new VirtualTime(ADDED_AT)
  const { core, close } = await openTestCore({ dataDir, musicDir, libraries, time, log: silentLogger })
  try {
    const { problems, added } = await core.scanner.scan({ kind: 'full' })
    if (problems > 0 || added === 0) throw new Error(`the test library ${name} could not be read: ${problems} problems`)
  } finally {
    await close()
  }
  return { database: join(dataDir, DATABASE_FILE), musicDir, libraries }
}

function rootFolder(): string {
  if (root === undefined) {
    const made = mkdtempSync(join(tmpdir(), 'tonearm-kit-'))
    process.once('exit', () => rmSync(made, { recursive: true, force: true, maxRetries: 2 }))
    root = made
  }
  return root
}
