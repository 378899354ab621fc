import { spawn } from 'node:child_process'
import type { Logger } from '../log/logger.ts'

export interface Systemd {
  /** The server answers. From now on the heartbeat goes out, for as long as the loop turns. */
  ready(): void
  stopping(): void
}

/** A missed beat must not be the end: three go into one interval. */
const BEATS = 3

/**
 * Tells systemd what its unit asks for by NOTIFY_SOCKET and WATCHDOG_USEC; does nothing elsewhere. Node has no datagram
 * socket for Unix paths, so the words go by `systemd-notify` (the unit needs NotifyAccess=all).
 */
export function createSystemd(
  env: Readonly<Record<string, string | undefined>>,
  options: { readonly log: Logger; readonly pid?: number },
): Systemd {
  const { log, pid = process.pid } = options
  if (!env.NOTIFY_SOCKET) return { ready: () => {}, stopping: () => {} }
  const ours = env.WATCHDOG_PID === undefined || Number(env.WATCHDOG_PID) === pid
  const intervalMs = ours ? Number(env.WATCHDOG_USEC ?? 0) / 1000 : 0
  let failed = false

  const tell = (...words: readonly string[]) => {
    const child = spawn('systemd-notify', [...words], { stdio: 'ignore', env: { ...env } })
    child.unref()
    child.on('error', (error) => {
      if (!failed) log.error('systemd is not told: it will take the server for dead if WatchdogSec is set', { error })
      failed = true
    })
  }
  return {
    ready() {
      if (!(intervalMs > 0)) return tell('READY=1')
      tell('READY=1', 'WATCHDOG=1')
      setInterval(() => tell('WATCHDOG=1'), intervalMs / BEATS).unref()
    },
    // The heart goes on beating: a stop may take longer than the interval.
    stopping: () => tell('STOPPING=1'),
  }
}
