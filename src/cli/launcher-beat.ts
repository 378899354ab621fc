import { constants, openSync, writeSync } from 'node:fs'
import { Socket } from 'node:net'
import type { Logger } from '../log/logger.ts'

/** A file in memory that the launcher's shell looks at. */
export const LAUNCHER_FILE = 'TONEARM_LAUNCHER_FILE'

/** Of the shortest time in which the shell wants to see a beat, see src/supervise.sh. */
const BEAT_MS = 2000
const BEATS = 8

export interface LauncherBeatOptions {
  /** See runtimeFolder: there lies the name of the plugin that runs. */
  readonly runtimeFolder: string | undefined
  /** How long a plugin may let nothing else run; 0: until somebody asks the server to stop. */
  readonly limitMs: number
  readonly log: Logger
  /** The launcher's shell was killed: nobody passes signals on any more. */
  readonly onOrphaned: () => void
}

/**
 * Shows the shell that started this process (src/supervise.sh) that the event loop turns, until the process ends: a stop may
 * hang too. Nothing happens where nobody looks, and where a person with a debugger lets the loop stand on purpose.
 */
export function beatForLauncher(
  env: Readonly<Record<string, string | undefined>>,
  { runtimeFolder, limitMs, log, onOrphaned }: LauncherBeatOptions,
): void {
  const path = env[LAUNCHER_FILE]
  if (!path) return
  let beat = () => {}
  if (runtimeFolder !== undefined && !isDebugged(env)) {
    try {
      const fd = openSync(path, 'r+')
      const told = `${Math.ceil(limitMs / 1000)} ${runtimeFolder}\n`
      beat = () => {
        try {
          writeSync(fd, told, 0)
        } catch {
          // A full tmpfs: the same bytes need no new room, so that it was the first beat, and nobody watches.
        }
      }
      beat()
    } catch (error) {
      log.warn('nothing watches for plugins that block the server', { reason: String(error) })
    }
  }
  const intervalMs = limitMs > 0 ? Math.min(BEAT_MS, limitMs / BEATS) : BEAT_MS
  setInterval(beat, intervalMs).unref()
  waitForEnd(`${path}.life`, onOrphaned)
}

/** A pipe whose other end only that shell holds. */
function waitForEnd(path: string, ended: () => void): void {
  try {
    const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
    const pipe = new Socket({ fd, readable: true, writable: false })
    pipe.on('error', () => {})
    pipe.once('end', ended)
    pipe.resume().unref()
  } catch {
    // A shell without pipes: a server whose launcher is killed goes on.
  }
}

function isDebugged({ NODE_OPTIONS = '' }: Readonly<Record<string, string | undefined>>): boolean {
  return [...process.execArgv, ...NODE_OPTIONS.split(' ')].some((one) => one.startsWith('--inspect'))
}
