import { statSync } from 'node:fs'
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { AppError } from '../base/errors.ts'
import { runningPlugin } from '../plugin/containment/run-marker.ts'
import { runtimeFolders } from '../plugin/containment/runtime-folder.ts'
import { controlSocketPath } from './control-path.ts'
import { encodeLine } from './control-protocol.ts'

/** How long an answer may take and how soon the next question follows, ms. */
export interface Pace {
  readonly askMs: number
  readonly answerMs: number
}

const PACE: Pace = { askMs: 3000, answerMs: 5000 }
/** Answers missed in a row before a server counts as hanging for no known reason: 40 s. A disk that wakes up holds it up for ten. */
const MOST_MISSED = 5
/** As that, for `BLOCKING`: five minutes. */
const MOST_MISSED_BLOCKING = 38
/** Bring the database's log home and sync what they wrote in one go each, which takes minutes on a worn card at the worst. */
const BLOCKING = new Set(['backup'])
/** Of the unit for systemd; commands do not get its environment. */
const UNIT_FOLDER = '/run/tonearm'

/**
 * Rejects with TIMEOUT when the server of these data gives no sign of life any more: at once with the plugin that runs in
 * it, and after several missed answers in a row if none is known. An operation may take as long as it likes: another
 * connection is asked, and any answer counts. Resolves once `signal` aborts.
 */
export async function rejectWhenHung(
  dataFolder: string,
  operation: string,
  options: { readonly signal: AbortSignal; readonly pace?: Pace },
): Promise<void> {
  const { signal, pace = PACE } = options
  const most = BLOCKING.has(operation) ? MOST_MISSED_BLOCKING : MOST_MISSED
  let missed = 0
  while (await passes(pace.askMs, signal)) {
    if (await answers(dataFolder, pace.answerMs, signal)) {
      missed = 0
      continue
    }
    missed++
    const plugin = standingPlugin(dataFolder, pace.answerMs)
    if (signal.aborted || (plugin === undefined && missed < most)) continue
    const seconds = (missed * (pace.askMs + pace.answerMs)) / 1000
    throw new AppError(
      'TIMEOUT',
      plugin === undefined
        ? `The server hangs: it has not answered for ${seconds} seconds. Wait until its watchdog ends it, or restart it.`
        : `The server hangs in the plugin ${plugin}, which has let nothing else run for ${pace.answerMs / 1000} seconds or more. Wait until its watchdog ends it, or restart it; it starts without ${plugin}.`,
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
async function answers(dataFolder: string, answerMs: number, signal: AbortSignal): Promise<boolean> {
  const { path, release } = controlSocketPath(dataFolder)
  const socket = connect(path)
  const heard = new Promise<boolean>((resolve) => {
    // Refused or closed: it has gone, or sees to its connections.
    for (const event of ['data', 'error', 'close'] as const) socket.once(event, () => resolve(true))
  })
  socket.write(encodeLine({ operation: 'ping', input: {} }))
  const late = passes(answerMs, signal).then(() => false)
  try {
    return await Promise.race([heard, late])
  } finally {
    socket.on('error', () => {})
    socket.destroy()
    release()
  }
}

/** The server may belong to another user, as whose administrator this command runs. */
function standingPlugin(dataFolder: string, answerMs: number): string | undefined {
  const owner = statSync(dataFolder, { throwIfNoEntry: false })?.uid
  const places = [process.env, { RUNTIME_DIRECTORY: UNIT_FOLDER }]
  for (const folder of places.flatMap((env) => runtimeFolders(dataFolder, { env, user: owner }))) {
    const plugin = runningPlugin(folder, Date.now(), answerMs)
    if (plugin !== undefined) return plugin
  }
  return undefined
}
