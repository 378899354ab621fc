import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { AppError } from '../base/errors.ts'
import type { Config } from '../config/load.ts'
import { openCore } from '../core.ts'
import { DATABASE_FILE } from '../db/data-lock.ts'
import type { Logger } from '../log/logger.ts'
import { connectControl } from './control-client.ts'
import { type InputOf, type OperationName, type ResultOf, runOperation } from './operations.ts'

/** Where a command's work is done. */
export interface Backend {
  readonly kind: 'server' | 'local'
  call<N extends OperationName>(name: N, input: InputOf<N>, onProgress?: (value: unknown) => void): Promise<ResultOf<N>>
  /** Local work only: asks a scan to end early. */
  cancel(): void
}

export interface BackendOptions {
  readonly config: Config
  readonly log: Logger
  /** Makes the data when there are none. */
  readonly create?: boolean
}

/** Runs `work` in the server of these data if there is one, else opens the data itself for that long. */
export async function withBackend<T>(options: BackendOptions, work: (backend: Backend) => Promise<T>): Promise<T> {
  const { config, log } = options
  const { data } = config.paths
  if (await hasServer(data)) return work(serverBackend(data))
  if (!options.create && !existsSync(join(data, DATABASE_FILE))) {
    throw new AppError(
      'NOT_FOUND',
      `There are no data of Tonearm in ${data}. Name the folder by --data DIR, or start the server once.`,
    )
  }
  const core = await openCore({ config, log, isCommand: true })
  try {
    return await work({
      kind: 'local',
      call: (operation, input, onProgress) =>
        runOperation(core, { operation, input }, onProgress ?? (() => {})) as Promise<ResultOf<typeof operation>>,
      cancel: () => core.scanner.cancel(),
    })
  } finally {
    await core.close()
  }
}

async function hasServer(data: string): Promise<boolean> {
  const client = await connectControl(data)
  client?.close()
  return client !== undefined
}

function serverBackend(data: string): Backend {
  return {
    kind: 'server',
    call: async (operation, input, onProgress) => {
      const client = await connectControl(data)
      if (!client) throw new AppError('UNAVAILABLE', 'The server has just stopped. Try again.')
      try {
        return (await client.call(operation, input, onProgress ?? (() => {}))) as ResultOf<typeof operation>
      } finally {
        client.close()
      }
    },
    cancel: () => {},
  }
}
