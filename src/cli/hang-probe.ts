import { statSync } from 'node:fs'
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { AppError } from '../base/errors.ts'
import { runningPlugin } from '../plugin/containment/run-marker.ts'
import { runtimeFolders } from '../plugin/containment/runtime-folder.ts'
import { controlSocketPath } from './control-path.ts'
import { encodeLine } from './control-protocol.ts'

/** How often a server is asked for a sign of life while a command waits for its result, ms. */
const ASK_MS = 3000
/** How long it may take to give one. */
const ANSWER_MS = 5000
/** Operations whose own work may keep the server's loop from turning for as long as the data are large. */
const BLOCKING = new Set(['backup'])
/** Of the unit for systemd; commands do not get its environment. */
const UNIT_FOLDER = '/run/tonearm'

/**
 * Rejects when the server of these data gives no sign of life any more, with the plugin that runs in it if one is known.
 * An operation may take as long as it likes: another connection is asked, and any answer counts. Resolves once `signal`
 * aborts.
 */
export async function rejectWhenHung(dataFolder: string, operation: string, signal: AbortSignal): Promise<void> {
  while (await passes(ASK_MS, signal)) {
    if (await answers(dataFolder, signal)) continue
    const plugin = standingPlugin(dataFolder)
    if (signal.aborted || (plugin === undefined && BLOCKING.has(operation))) continue
    const seconds = (ASK_MS + ANSWER_MS) / 1000
    throw new AppError(
      'TIMEOUT',
      plugin === undefined
        ? `The server hangs: it has not answered for ${seconds} seconds. Wait until its watchdog ends it, or restart it.`
        : `The server hangs in the plugin ${plugin}, which has let nothing else run for ${ANSWER_MS / 1000} seconds or more. Wait until its watchdog ends it, or restart it; it starts without ${plugin}.`,
    )
  }
}

function passes(ms: number, signal: AbortSignal): Promise<boolean> {
  return sleep(ms, undefined, { signal, ref: false }).then(
    () => true,
    () => false,
  )
}

/** Whether anything comes of a question that no version of the server knows: an error tells as well that its loop turns. */
async function answers(dataFolder: string, signal: AbortSignal): Promise<boolean> {
  const { path, release } = controlSocketPath(dataFolder)
  const socket = connect(path)
  const heard = new Promise<boolean>((resolve) => {
    // Refused or closed: it has gone, or sees to its connections.
    for (const event of ['data', 'error', 'close'] as const) socket.once(event, () => resolve(true))
  })
  socket.write(encodeLine({ operation: 'ping', input: {} }))
  const late = passes(ANSWER_MS, signal).then(() => false)
  try {
    return await Promise.race([heard, late])
  } finally {
    socket.on('error', () => {})
    socket.destroy()
    release()
  }
}

/** The server may belong to another user, as whose administrator this command runs. */
function standingPlugin(dataFolder: string): string | undefined {
  const owner = statSync(dataFolder, { throwIfNoEntry: false })?.uid
  const places = [process.env, { RUNTIME_DIRECTORY: UNIT_FOLDER }]
  for (const folder of places.flatMap((env) => runtimeFolders(dataFolder, { env, user: owner }))) {
    const plugin = runningPlugin(folder, Date.now(), ANSWER_MS)
    if (plugin !== undefined) return plugin
  }
  return undefined
}
