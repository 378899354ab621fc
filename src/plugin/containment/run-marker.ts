import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { readBreadcrumb } from './breadcrumb.ts'

/** Kills so long ago say nothing any more, ms; or so many limits, where a plugin may let nothing else run for long. */
const REMEMBERED_MS = 600_000
const REMEMBERED_LIMITS = 10
/**
 * Without a watchdog, ms; with one it is half of its interval. Between the kill and the next start some seconds may pass on
 * a busy machine, and a plugin that was at work for a moment must not be taken for one that hung.
 */
const SHORTEST_HANG_MS = 10_000
const SAFE_MODE_KILLS = 2
const MARKER = 'run.json'
const BREADCRUMB = 'plugin'
/** What the launcher's shell found there when it ended a server that stood still (src/supervise.sh). */
const VERDICT = 'hung'
/** There instead of a name: somebody had asked for a stop, and lost patience. */
const ASKED = '-'

export interface LastRun {
  /** The last process was killed from outside, as a watchdog does: it neither stopped nor failed by itself. */
  readonly killed: boolean
  /** The plugin whose code was on the stack then. */
  readonly culprit: string | undefined
  /** Kills of the last ten minutes, or ten limits, whose culprit is not known are so many that something must be left out. */
  readonly safeMode: boolean
}

export interface RunMarker {
  readonly lastRun: LastRun
  readonly breadcrumbPath: string
  /** The process ends by itself, in order or by an error of its own: the next start finds nothing to blame. */
  end(): void
}

export interface RunTimes {
  /** When this process started, ms since 1970, as files have it. */
  readonly wallMs: number
  /** ms since the machine started: the folder lives no longer, and clocks that are set do not touch it. */
  readonly uptimeMs: number
  /** The interval of the watchdog over this process, if there is one. */
  readonly watchdogMs?: number
  /** How long a plugin may let nothing else run, see `plugins.hangLimit`. */
  readonly limitMs?: number
}

/**
 * Notes that a process runs, so that the next start knows how it ended. `folder`: see runtimeFolder; only one process at a
 * time works on it (the data lock). Undefined where it can't be written.
 */
export function markRun(folder: string, times: RunTimes): RunMarker | undefined {
  const { wallMs, uptimeMs: now, watchdogMs = 0, limitMs = 0 } = times
  const path = join(folder, MARKER)
  const breadcrumbPath = join(folder, BREADCRUMB)
  const before = read(path)
  const shortest = watchdogMs > 0 ? watchdogMs / 2 : SHORTEST_HANG_MS
  const verdict = join(folder, VERDICT)
  const killed = before.running && !wasAsked(verdict)
  const told = killed ? readBreadcrumb(verdict, wallMs, 0) : undefined
  rmSync(verdict, { force: true })
  const culprit = told ?? (killed ? readBreadcrumb(breadcrumbPath, wallMs, shortest) : undefined)
  const rememberedMs = Math.max(REMEMBERED_MS, limitMs * REMEMBERED_LIMITS)
  const recent = before.kills.filter((at) => at <= now && now - at < rememberedMs)
  const kills = killed && culprit === undefined ? [...recent, now] : recent
  try {
    write(path, { running: true, kills })
  } catch {
    return undefined
  }
  return {
    lastRun: { killed, culprit, safeMode: kills.length >= SAFE_MODE_KILLS },
    breadcrumbPath,
    end: () => rmSync(folder, { recursive: true, force: true }),
  }
}

/** The plugin that a process which uses `folder` has been running for this long without a break. */
export function runningPlugin(folder: string, now: number, minAgeMs: number): string | undefined {
  return readBreadcrumb(join(folder, BREADCRUMB), now, minAgeMs)
}

function wasAsked(verdict: string): boolean {
  try {
    return readFileSync(verdict, 'latin1').trim() === ASKED
  } catch {
    return false
  }
}

interface Marker {
  readonly running: boolean
  /** ms since the machine started. */
  readonly kills: readonly number[]
}

function read(path: string): Marker {
  try {
    const { running, kills } = JSON.parse(readFileSync(path, 'utf8')) as Partial<Marker>
    return {
      running: running === true,
      kills: Array.isArray(kills) ? kills.filter((at) => Number.isFinite(at)).slice(-10) : [],
    }
  } catch {
    return { running: false, kills: [] }
  }
}

function write(path: string, marker: Marker): void {
  const draft = `${path}.new`
  writeFileSync(draft, JSON.stringify(marker), { mode: 0o600 })
  renameSync(draft, path)
}
