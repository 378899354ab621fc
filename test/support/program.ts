import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

const LAUNCHER = resolve('src/launch.sh')

/** The program as a user starts it: the launcher, which builds the bundle if it is stale and becomes the bundle. */
export interface Program {
  readonly pid: number
  readonly stdout: string
  readonly stderr: string
  /** Waits until standard output or error matches. Rejects when the program ends before, or after four minutes. */
  until(pattern: RegExp): Promise<RegExpMatchArray>
  kill(signal: NodeJS.Signals): void
  /** The exit code, or the signal's name. */
  readonly ended: Promise<number | string>
}

export interface ProgramOptions {
  readonly env?: Readonly<Record<string, string>>
  readonly input?: string
}

const WAIT_MS = 240_000

/** Nothing of the machine's own settings, and no home that a test could write to. */
export function cleanEnv(home: string, more: Readonly<Record<string, string>> = {}): Record<string, string> {
  const { PATH = '', TMPDIR } = process.env
  return { PATH, HOME: home, ...(TMPDIR ? { TMPDIR } : {}), ...more }
}

export function startProgram(args: readonly string[], home: string, options: ProgramOptions = {}): Program {
  const child = spawn('sh', [LAUNCHER, ...args], { env: cleanEnv(home, options.env), stdio: ['pipe', 'pipe', 'pipe'] })
  child.stdin.on('error', () => {})
  child.stdin.end(options.input ?? '')
  return watch(child)
}

export function watch(child: ChildProcess): Program {
  const output = { stdout: '', stderr: '' }
  const listeners = new Set<() => void>()
  for (const name of ['stdout', 'stderr'] as const) {
    child[name]?.setEncoding('utf8').on('data', (chunk: string) => {
      output[name] += chunk
      for (const listener of listeners) listener()
    })
  }
  const ended = once(child, 'close').then(([code, signal]) => (code ?? signal) as number | string)
  const find = (pattern: RegExp) => output.stdout.match(pattern) ?? output.stderr.match(pattern)
  return {
    pid: child.pid ?? 0,
    get stdout() {
      return output.stdout
    },
    get stderr() {
      return output.stderr
    },
    until: (pattern) =>
      new Promise((resolvePromise, reject) => {
        const fail = (why: string) => {
          finish()
          reject(new Error(`${why} before ${pattern}:\n${output.stdout}\n${output.stderr}`))
        }
        const timer = setTimeout(() => fail('four minutes went by'), WAIT_MS)
        const look = () => {
          const found = find(pattern)
          if (!found) return
          finish()
          resolvePromise(found)
        }
        const finish = () => {
          clearTimeout(timer)
          listeners.delete(look)
        }
        listeners.add(look)
        look()
        ended.then(() => {
          if (!find(pattern)) fail('the program ended')
        }, fail)
      }),
    kill: (signal) => {
      child.kill(signal)
    },
    ended,
  }
}

export interface Outcome {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Runs a command to its end. */
export function runProgram(args: readonly string[], home: string, options: ProgramOptions = {}): Outcome {
  const { status, stdout, stderr } = spawnSync('sh', [LAUNCHER, ...args], {
    env: cleanEnv(home, options.env),
    input: options.input ?? '',
    encoding: 'utf8',
    timeout: WAIT_MS,
    killSignal: 'SIGKILL',
  })
  return { code: status, stdout, stderr }
}

/** A folder for a test file, gone at its end. */
export function scratch(after: (cleanup: () => void) => void): string {
  const folder = mkdtempSync(join(tmpdir(), 'tonearm-cli-'))
  after(() => rmSync(folder, { recursive: true, force: true, maxRetries: 3 }))
  return folder
}
