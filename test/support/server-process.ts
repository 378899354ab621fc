import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { join } from 'node:path'

/** What production runs with (src/launch.sh). */
export const PRODUCTION_FLAGS = ['--liftoff-only', '--max-semi-space-size=1', '--optimize-for-size', '--expose-gc']
export const PRODUCTION_ENV = {
  MALLOC_ARENA_MAX: '1',
  MALLOC_TRIM_THRESHOLD_: '131072',
  MALLOC_MMAP_THRESHOLD_: '131072',
}

export interface ServerProcess {
  readonly pid: number
  readonly port: number
  readonly url: string
  /** From spawn to the first answered request. */
  readonly startMs: number
  stop(signal?: NodeJS.Signals): Promise<void>
}

export interface ServerOptions {
  readonly data: string
  readonly music: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  /** A descriptor that becomes standard output; otherwise it is read and told when the start fails. */
  readonly stdout?: number
  /** What a shell does before it becomes the server (`ulimit -n 300`). */
  readonly shell?: string
}

export const PASSWORD = 'bench password'

export async function startServer(options: ServerOptions): Promise<ServerProcess> {
  const port = await freePort()
  const music = options.music.flatMap((folder) => ['--music', folder])
  const started = performance.now()
  const command = [
    process.execPath,
    ...PRODUCTION_FLAGS,
    join('dist', 'main.mjs'),
    '--data',
    options.data,
    '--host',
    '127.0.0.1',
    '--port',
    String(port),
    ...music,
  ]
  const shell = ['sh', '-c', `${options.shell}; exec "$@"`, 'sh']
  const [file = '', ...args] = options.shell ? [...shell, ...command] : command
  const child = spawn(file, args, {
    stdio: ['ignore', options.stdout ?? 'pipe', 'pipe'],
    env: {
      ...process.env,
      ...PRODUCTION_ENV,
      TONEARM_ADMIN_PASSWORD: PASSWORD,
      TONEARM_LOG_LEVEL: 'warn',
      ...options.env,
    },
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (chunk) => (output = (output + chunk).slice(-4000)))
  const url = `http://127.0.0.1:${port}`
  const deadline = performance.now() + 60_000
  while (!(await answers(`${url}/ping`))) {
    if (child.exitCode !== null || performance.now() > deadline) {
      child.kill('SIGKILL')
      throw new Error(`the server did not start:\n${output}`)
    }
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
  return {
    pid: child.pid as number,
    port,
    url,
    startMs: performance.now() - started,
    stop: (signal = 'SIGTERM') => stop(child, signal),
  }
}

async function stop(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const gone = once(child, 'exit')
  child.kill(signal)
  const late = setTimeout(() => child.kill('SIGKILL'), 20_000)
  await gone
  clearTimeout(late)
}

async function answers(url: string): Promise<boolean> {
  try {
    return (await fetch(url)).ok
  } catch {
    return false
  }
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const address = probe.address()
  probe.close()
  await once(probe, 'close')
  return typeof address === 'object' && address ? address.port : 0
}

/** A Subsonic URL with the administrator's token. */
export function subsonicUrl(
  server: Pick<ServerProcess, 'url'>,
  method: string,
  parameters: Readonly<Record<string, string | number>> = {},
): string {
  const query = new URLSearchParams({ u: 'admin', p: PASSWORD, v: '1.16.1', c: 'bench', f: 'json' })
  for (const [name, value] of Object.entries(parameters)) query.set(name, String(value))
  return `${server.url}/rest/${method}?${query}`
}

export async function ask(
  server: Pick<ServerProcess, 'url'>,
  method: string,
  parameters: Readonly<Record<string, string | number>> = {},
): Promise<Record<string, unknown>> {
  const answer = (await (await fetch(subsonicUrl(server, method, parameters))).json()) as {
    'subsonic-response': Record<string, unknown>
  }
  const body = answer['subsonic-response']
  if (body.status !== 'ok') throw new Error(`${method}: ${JSON.stringify(body)}`)
  return body
}

/** Waits for the end of the scan; @returns seconds from the call. */
export async function scanFinished(server: Pick<ServerProcess, 'url'>, limitMs = 1_800_000): Promise<number> {
  const started = performance.now()
  let seen = 0
  while (performance.now() - started < limitMs) {
    const { scanStatus } = (await ask(server, 'getScanStatus')) as { scanStatus: { scanning: boolean; count: number } }
    seen = Math.max(seen, scanStatus.count)
    if (!scanStatus.scanning && seen > 0) return (performance.now() - started) / 1000
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  throw new Error('the scan did not end')
}
