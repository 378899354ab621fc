import { copyFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { FULL_SCOPE } from '../../base/access-scope.ts'
import type { Core } from '../../core.ts'
import { DATABASE_FILE } from '../../db/data-lock.ts'
import type { Role } from '../../library/entities.ts'
import { recordingLogger } from './recording-logger.ts'
import { RunningTestHost } from './running-test-host.ts'
import { scannedMusic } from './scanned-music.ts'
import { openTestCore } from './test-core.ts'
import type { LoggedLine, TestHost, TestHostOptions, TestUser } from './test-host.ts'
import { VirtualTime } from './virtual-time.ts'

export type * from './test-host.ts'

const NOON = Date.UTC(2026, 0, 1, 12)

/** Starts a test host; see TestHost. Rejects when a user names a library that is not there. */
export async function createTestHost(options: TestHostOptions = {}): Promise<TestHost> {
  const { database, musicDir, libraries } = await scannedMusic(options.library ?? 'tiny')
  const dataDir = mkdtempSync(join(tmpdir(), 'tonearm-host-'))
  copyFileSync(database, join(dataDir, DATABASE_FILE))
  const time = new VirtualTime(options.now ?? NOON)
  const logged: LoggedLine[] = []
  const log = recordingLogger(logged, options.log)
  const opened = await openTestCore({ dataDir, musicDir, libraries, time, log })
  const passwords = new Map<string, string>()
  try {
    const users: readonly (string | TestUser)[] = [
      { name: 'admin', isAdmin: true },
      ...(options.users ?? ['alice', 'bob']),
    ]
    for (const user of users) await createUser(opened.core, typeof user === 'string' ? { name: user } : user, passwords)
  } catch (error) {
    await opened.close()
    rmSync(dataDir, { recursive: true, force: true })
    throw error
  }
  return new RunningTestHost({ opened, time, logged, passwords })
}

async function createUser(core: Core, user: TestUser, passwords: Map<string, string>): Promise<void> {
  const { libraries: names, roles, ...account } = user
  const known = core.repositories.libraries.list(FULL_SCOPE)
  const libraries = names?.map((name) => {
    const library = known.find((one) => one.name === name)
    if (!library) throw new Error(`there is no library '${name}' among ${known.map((one) => one.name).join(', ')}`)
    return library.id
  })
  const password = `${user.name}-pass`
  passwords.set(user.name, password)
  await core.auth.accounts.create({
    ...account,
    password,
    ...(roles ? { roles: roles as readonly Role[] } : {}),
    ...(libraries ? { libraries } : {}),
  })
}
