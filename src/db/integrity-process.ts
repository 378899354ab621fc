import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { AppError } from '../base/errors.ts'
import type { Logger } from '../log/logger.ts'
import type { Database } from './database.ts'
import { checkIntegrity, type IntegrityReport } from './integrity.ts'

export interface IntegrityProcessOptions {
  readonly entry: { readonly path: string; readonly execArgv: readonly string[] }
  readonly log: Logger
  /** Ends the check, which rejects with UNAVAILABLE. */
  readonly signal: AbortSignal
  /** Milliseconds. Default ten minutes. */
  readonly deadlineMs?: number
}

const DEADLINE_MS = 600_000
const MOST_OUTPUT = 1 << 20

/**
 * Checks the whole file in a process of its own while others read and write. Where none can be started, it is checked in
 * this one, a table a step, each of which keeps others waiting.
 */
export async function checkApart(db: Database, options: IntegrityProcessOptions): Promise<IntegrityReport> {
  try {
    return await db.still((file) => runChild(file, options))
  } catch (error) {
    if (options.signal.aborted || !db.isOpen) throw new AppError('UNAVAILABLE', 'The server stops.', { cause: error })
    options.log.warn('the database is checked without a process of its own', { error })
    return checkIntegrity(db, { turns: true })
  }
}

/** By another name: the file layer locks names, and this process has the file's own. */
async function runChild(file: string, options: IntegrityProcessOptions): Promise<IntegrityReport> {
  const folder = mkdtempSync(join(tmpdir(), 'tonearm-check-'))
  try {
    const path = join(folder, 'library.db')
    symlinkSync(file, path)
    return await reportOf(path, options)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function reportOf(path: string, options: IntegrityProcessOptions): Promise<IntegrityReport> {
  const { entry, signal, deadlineMs = DEADLINE_MS } = options
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [...entry.execArgv, entry.path, path], {
      stdio: ['ignore', 'pipe', 'ignore'],
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
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      if (output.length < MOST_OUTPUT) output += text
    })
    child.once('error', (error) => {
      clearTimeout(timer)
      reject(error)
    })
    child.once('close', (code, signal) => {
      clearTimeout(timer)
      const seconds = Math.round(deadlineMs / 1000)
      if (late) resolve({ ok: false, problems: [`the check did not end within ${seconds} seconds`] })
      else if (code !== 0) reject(new Error(`the check ended with ${signal ?? `exit code ${code}`}`))
      else resolve(JSON.parse(output) as IntegrityReport)
    })
  })
}
