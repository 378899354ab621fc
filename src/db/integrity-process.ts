import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve as resolvePath } from 'node:path'
import { AppError, systemErrorCode } from '../base/errors.ts'
import type { Logger } from '../log/logger.ts'
import type { Database } from './database.ts'
import type { IntegrityReport } from './integrity.ts'

export interface IntegrityProcessOptions {
  readonly entry: { readonly path: string; readonly execArgv: readonly string[] }
  readonly log: Logger
  /** Ends the check, which rejects with UNAVAILABLE. */
  readonly signal: AbortSignal
  /** Milliseconds. Default ten minutes. */
  readonly deadlineMs?: number
}

/** What a check told, or why there was none to its end: then nothing is known about the file. */
export type IntegrityOutcome =
  | IntegrityReport
  | { readonly unchecked: 'late'; readonly seconds: number }
  | { readonly unchecked: 'failed'; readonly reason: string }

const DEADLINE_MS = 600_000
const MOST_OUTPUT = 1 << 20

/**
 * Checks the whole file in a process of its own while others read and write. Where none can be started it is not checked:
 * in this process one big table alone would keep everybody waiting until a watchdog ends the server.
 */
export async function checkApart(db: Database, options: IntegrityProcessOptions): Promise<IntegrityOutcome> {
  try {
    return await db.still((file) => runChild(file, options))
  } catch (error) {
    if (options.signal.aborted || !db.isOpen) throw new AppError('UNAVAILABLE', 'The server stops.', { cause: error })
    options.log.warn('the database could not be checked', { error })
    const reason = systemErrorCode(error) ?? (error instanceof Error ? error.message : String(error))
    return { unchecked: 'failed', reason }
  }
}

async function runChild(file: string, options: IntegrityProcessOptions): Promise<IntegrityOutcome> {
  const folder = linkFolder(file)
  const remove = () => rmSync(folder, { recursive: true, force: true })
  process.once('exit', remove)
  try {
    return await reportOf(join(folder, LINK), options)
  } finally {
    process.off('exit', remove)
    remove()
  }
}

const LINK = 'library.db'

/**
 * A folder with the file by another name: the file layer locks names, and this process has the file's own. In the data
 * folder where there is no temporary one, by one name, since one check runs at a time: what a power cut left goes then.
 */
function linkFolder(file: string): string {
  try {
    return link(file, mkdtempSync(join(tmpdir(), 'tonearm-check-')))
  } catch {
    const folder = join(dirname(file), 'check.part')
    rmSync(folder, { recursive: true, force: true })
    mkdirSync(folder, { mode: 0o700 })
    return link(file, folder)
  }
}

function link(file: string, folder: string): string {
  try {
    symlinkSync(resolvePath(file), join(folder, LINK))
    return folder
  } catch (error) {
    rmSync(folder, { recursive: true, force: true })
    throw error
  }
}

function reportOf(path: string, options: IntegrityProcessOptions): Promise<IntegrityOutcome> {
  const { entry, signal, deadlineMs = DEADLINE_MS } = options
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [...entry.execArgv, entry.path, path], {
      // It ends with its standard input, which this process holds open and never writes to.
      stdio: ['pipe', 'pipe', 'ignore'],
      windowsHide: true,
      // Nothing else of the server's environment: it holds secrets.
      env: { PATH: process.env.PATH ?? '', NODE_ENV: process.env.NODE_ENV ?? '' },
      signal,
      killSignal: 'SIGKILL',
    })
    let output = ''
    let late = false
    const timer = setTimeout(() => {
      late = true
      child.kill('SIGKILL')
    }, deadlineMs)
    child.stdin.on('error', () => {})
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      if (output.length < MOST_OUTPUT) output += text
    })
    child.once('error', (error) => {
      clearTimeout(timer)
      reject(error)
    })
    child.once('close', (code, signal) => {
      clearTimeout(timer)
      if (late) resolve({ unchecked: 'late', seconds: Math.round(deadlineMs / 1000) })
      else if (code !== 0) reject(new Error(`the check ended with ${signal ?? `exit code ${code}`}`))
      else {
        try {
          resolve(parseReport(output))
        } catch (error) {
          reject(error)
        }
      }
    })
  })
}

function parseReport(output: string): IntegrityReport {
  try {
    const { ok, problems } = JSON.parse(output) as Partial<IntegrityReport>
    if (typeof ok === 'boolean' && Array.isArray(problems)) return { ok, problems: problems.map(String) }
  } catch {
    // Cut off, or not of the check.
  }
  throw new Error('the check told no report')
}
