import { randomBytes } from 'node:crypto'
import {
  closeSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { AppError, systemErrorCode } from '../base/errors.ts'
import { Presence } from './presence.ts'
import { identity, isAlive, type ProcessIdentity } from './process-identity.ts'
import { explainSqlError } from './sql-error.ts'

export const DATABASE_FILE = 'tonearm.db'
const LOCK_FILE = 'tonearm.lock'
/** Held for the moment of taking over a stale lock; older ones were left by a crash in that moment. */
const TAKEOVER = 'tonearm.lock.takeover'
const TAKEOVER_STALE_MS = 10_000

/** The right of one process to a data folder. */
export interface DataLock {
  readonly path: string
  /** Safe to call twice. Leaves a lock alone that is no longer ours. */
  release(): void
}

interface LockContent extends ProcessIdentity {
  /** Tells two locks of one process apart. */
  readonly nonce: string
}

/**
 * Takes the data folder for this process. The lock of a process that died (power cut, SIGKILL, a container that was
 * replaced) is taken over; only then the directory is cleared by which SQLite's file layer would be locked for ever.
 * Throws DATA_LOCKED with the owner's pid, DATA_UNWRITABLE or DISK_FULL.
 */
export function acquireDataLock(dataDir: string): DataLock {
  const path = join(dataDir, LOCK_FILE)
  const content: LockContent = { ...identity(), nonce: randomBytes(8).toString('hex') }
  try {
    if (!create(path, content)) takeOver(dataDir, path, content)
  } catch (error) {
    throw error instanceof AppError ? error : explainFolderError(error, path)
  }
  const presence = new Presence(dataDir)
  presence.announce()
  rmSync(join(dataDir, `${DATABASE_FILE}.lock`), { recursive: true, force: true })
  return {
    path,
    release: () => {
      presence.end()
      if (read(path)?.nonce === content.nonce) rmSync(path, { force: true })
    },
  }
}

/** A new lock file with its content in it from the first moment; false when there is one. */
function create(path: string, content: LockContent): boolean {
  const draft = `${path}.${content.nonce}`
  writeFileSync(draft, `${JSON.stringify(content)}\n`, { flag: 'wx', mode: 0o600, flush: true })
  try {
    linkSync(draft, path)
    return true
  } catch (error) {
    const code = systemErrorCode(error)
    if (code === 'EEXIST') return false
    if (code !== 'EPERM' && code !== 'ENOTSUP' && code !== 'EOPNOTSUPP' && code !== 'ENOSYS') throw error
    return createWithoutLinks(path, draft)
  } finally {
    rmSync(draft, { force: true })
  }
}

/** exFAT and some network disks have no hard links: claim the name first, then put the content in its place. */
function createWithoutLinks(path: string, draft: string): boolean {
  try {
    closeSync(openSync(path, 'wx', 0o600))
  } catch (error) {
    if (systemErrorCode(error) === 'EEXIST') return false
    throw error
  }
  renameSync(draft, path)
  return true
}

function takeOver(dataDir: string, path: string, content: LockContent): void {
  const takeover = join(dataDir, TAKEOVER)
  enterTakeover(takeover)
  try {
    const owner = read(path)
    if (owner ? isAlive(owner, () => new Presence(dataDir).isAnswered()) : isBeingWritten(path)) throw locked(owner)
    const draft = `${path}.${content.nonce}`
    writeFileSync(draft, `${JSON.stringify(content)}\n`, { flag: 'wx', mode: 0o600, flush: true })
    renameSync(draft, path)
  } finally {
    rmdirSync(takeover)
  }
}

function enterTakeover(takeover: string): void {
  for (let attempt = 0; attempt < 2; attempt++) {
    try {
      mkdirSync(takeover)
      return
    } catch (error) {
      if (systemErrorCode(error) !== 'EEXIST') throw error
      const made = statSync(takeover, { throwIfNoEntry: false })?.mtimeMs
      if (made !== undefined && Date.now() - made > TAKEOVER_STALE_MS)
        rmSync(takeover, { recursive: true, force: true })
    }
  }
  throw locked(undefined)
}

function read(path: string): LockContent | undefined {
  try {
    const content = JSON.parse(readFileSync(path, 'utf8')) as Partial<LockContent>
    if (typeof content.pid !== 'number' || typeof content.bootId !== 'string') return undefined
    return {
      pid: content.pid,
      bootId: content.bootId,
      startedAt: String(content.startedAt ?? ''),
      namespace: String(content.namespace ?? ''),
      nonce: String(content.nonce ?? ''),
    }
  } catch {
    return undefined
  }
}

/** An unreadable lock is one that its owner is about to fill, or rubbish of a power cut. */
function isBeingWritten(path: string): boolean {
  const made = statSync(path, { throwIfNoEntry: false })?.mtimeMs
  return made !== undefined && Math.abs(Date.now() - made) < 2000
}

function locked(owner: ProcessIdentity | undefined): AppError {
  return new AppError(
    'DATA_LOCKED',
    owner
      ? `Another Tonearm (process ${owner.pid}) uses this data folder. Stop it first, or choose another data folder.`
      : 'Another Tonearm is starting on this data folder. Stop it first, or choose another data folder.',
    { details: { pid: owner?.pid } },
  )
}

function explainFolderError(error: unknown, path: string): unknown {
  return systemErrorCode(error) ? explainSqlError(new Error('unable to open the lock', { cause: error }), path) : error
}
