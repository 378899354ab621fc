import { type ChildProcess, spawn } from 'node:child_process'
import { setPriority } from 'node:os'
import type { Readable } from 'node:stream'
import type { ProcessEnd, TranscodeProcess } from './engine.ts'

const TERMINATE_GRACE_MS = 2000
const DETAIL_BYTES = 4096

export interface EngineCommand {
  readonly file: string
  readonly arguments: readonly string[]
  /** Scheduling priority of the process: 0 normal to 19 last. */
  readonly niceness: number
}

/** Starts a process whose standard output is the transcode. What goes wrong at the start shows in `ended`. */
export function startEngineProcess(command: EngineCommand): TranscodeProcess {
  const child = spawn(command.file, command.arguments, { stdio: ['ignore', 'pipe', 'pipe'], windowsHide: true })
  if (child.pid !== undefined && command.niceness > 0) lowerPriority(child.pid, command.niceness)
  const detail = lastWords(child.stderr)
  let kill: NodeJS.Timeout | undefined
  const ended = new Promise<ProcessEnd>((resolve) => {
    child.once('error', (error) => resolve({ ok: false, detail: error.message }))
    child.once('close', (code, signal) => {
      clearTimeout(kill)
      resolve({ ok: code === 0, detail: detail() || `ended with ${signal ?? `exit code ${code}`}` })
    })
  })
  return {
    pid: child.pid,
    output: child.stdout,
    ended,
    stop: () => {
      if (kill || hasExited(child)) return
      child.kill('SIGTERM')
      kill = setTimeout(() => child.kill('SIGKILL'), TERMINATE_GRACE_MS)
      kill.unref()
      // Nobody reads any more; without this the 'close' of a full pipe would never come.
      child.stdout.destroy()
    },
  }
}

function hasExited(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null || child.pid === undefined
}

function lowerPriority(pid: number, niceness: number): void {
  try {
    setPriority(pid, niceness)
  } catch {
    // Gone already, or a system that doesn't let us: it then runs as it is.
  }
}

/** Keeps the end of what a stream says, at most a few KiB. */
function lastWords(stream: Readable): () => string {
  let text = ''
  stream.setEncoding('utf8')
  stream.on('data', (chunk: string) => {
    text = (text + chunk).slice(-DETAIL_BYTES)
  })
  stream.on('error', () => {})
  return () => text.trim()
}
