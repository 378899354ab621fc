import { join } from 'node:path'
import { Scope } from '../../base/disposable.ts'
import { type Config, loadConfig } from '../../config/load.ts'
import { buildCore, type Core } from '../../core.ts'
import type { Logger } from '../../log/logger.ts'
import type { Notification } from '../../notify/note.ts'
import type { VirtualTime } from './virtual-time.ts'

export interface TestCoreOptions {
  readonly dataDir: string
  readonly musicDir: string
  /** Names of folders below `musicDir`. */
  readonly libraries: readonly string[]
  readonly time: VirtualTime
  readonly log: Logger
}

export interface TestCore {
  readonly core: Core
  /** What was sent to people, oldest first. */
  readonly sent: readonly Notification[]
  /** Rejects with what did not stop. */
  close(): Promise<void>
}

/** log2 of scrypt's N: users of tests need no strong hashes. */
const HASH_COST = 4
const CLOSE_MS = 5_000

/** The server's own core, in the time of the test. It watches nothing, scans when it is told to and converts nothing. */
export async function openTestCore(options: TestCoreOptions): Promise<TestCore> {
  const sent: Notification[] = []
  const scope = new Scope()
  const close = async () => {
    const failures = await scope.dispose(CLOSE_MS)
    if (failures.length === 0) return
    throw new AggregateError(
      failures.map(({ error }) => error),
      'the test host did not stop',
    )
  }
  try {
    const core = await buildCore(
      {
        config: await testConfig(options),
        log: options.log,
        clock: options.time,
        hashCost: HASH_COST,
        onNotification: (notification) => void sent.push(notification),
      },
      scope,
    )
    return { core, sent, close }
  } catch (error) {
    await close()
    throw error
  }
}

/** The defaults, but for what a test must not wait for. The settings of whoever runs it stay outside. */
async function testConfig({ dataDir, musicDir, libraries }: TestCoreOptions): Promise<Config> {
  const settings = {
    'paths.data': dataDir,
    libraries: JSON.stringify(Object.fromEntries(libraries.map((name) => [name, join(musicDir, name)]))),
    // The songs of the kit have no pictures, and their covers are to be answered all the same.
    'artwork.placeholder': 'true',
    'auth.attempts': '1000',
    'auth.minPasswordLength': '1',
    'scanner.onStart': 'false',
    'scanner.watch': 'off',
    'scanner.readers': '1',
    'transcoding.engine': 'off',
  }
  const flags = Object.entries(settings).map(([name, text]) => ({ name, text, flag: `--${name}` }))
  return (await loadConfig({ flags, env: {}, cwd: dataDir, home: dataDir })).config
}
