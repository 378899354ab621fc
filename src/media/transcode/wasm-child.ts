/**
 * One transcode with ffmpeg.wasm, as a process of its own: `wasm-child <job as JSON>`. The audio goes to standard output,
 * messages to standard error. A process, since a worker thread would leave some 100 MB behind in the server, could take it
 * along when memory runs out, and would run with the server's V8 flags. A core is good for one run.
 */
import { readFileSync, writeSync } from 'node:fs'
import { createRequire } from 'node:module'
import { mountInput, routeOutput, type WasmFs } from './wasm-files.ts'
import { giveStack } from './wasm-stack.ts'

export interface WasmJob {
  /** ffmpeg's glue (`ffmpeg-core.js`, UMD) and its wasm. */
  readonly corePath: string
  readonly wasmPath: string
  readonly inputPath: string
  readonly inputName: string
  readonly arguments: readonly string[]
}

interface Core {
  readonly FS: WasmFs
  readonly asm: Readonly<Record<string, unknown>>
  _malloc(bytes: number): number
}

type CoreFactory = (options: object) => Promise<Core>

/** What the worker of @ffmpeg/ffmpeg finds as its `self`. */
interface WorkerScope {
  readonly location: { readonly href: string }
  createFFmpegCore?: CoreFactory
  onmessage?: (event: { data: { id: number; type: string; data: unknown } }) => Promise<void>
  postMessage(message: { type: string; data: unknown }): void
}

const STDOUT = 1
const STDERR = 2

async function run(job: WasmJob): Promise<number> {
  let exitCode = 1
  const scope: WorkerScope = {
    location: { href: '' },
    postMessage: ({ type, data }) => {
      if (type === 'LOG') say((data as { message: string }).message)
      else if (type === 'ERROR') say(String(data))
      else if (type === 'EXEC') exitCode = data as number
    },
  }
  const importScripts = () => {
    scope.createFFmpegCore = (options) => makeCore(job, options)
  }
  Object.assign(globalThis, { self: scope, importScripts })
  await import('@ffmpeg/ffmpeg/worker')
  await scope.onmessage?.({ data: { id: 1, type: 'LOAD', data: { coreURL: job.corePath } } })
  await scope.onmessage?.({ data: { id: 2, type: 'EXEC', data: { args: job.arguments } } })
  return exitCode
}

async function makeCore(job: WasmJob, options: object): Promise<Core> {
  const factory = createRequire(import.meta.url)(job.corePath) as CoreFactory
  const module = await compile(job.wasmPath)
  const instantiateWasm = (imports: WebAssembly.Imports, done: (instance: WebAssembly.Instance) => void) => {
    WebAssembly.instantiate(module, imports).then(done, fail)
    return {}
  }
  const core = await factory({ ...options, instantiateWasm })
  giveStack(core, readFileSync(job.corePath, 'utf8'))
  mountInput(core.FS, job.inputName, job.inputPath)
  routeOutput(core.FS, STDOUT)
  return core
}

/** By itself, so that the 32 MB of the file are garbage before ffmpeg starts. */
function compile(wasmPath: string): Promise<WebAssembly.Module> {
  return WebAssembly.compile(readFileSync(wasmPath))
}

function say(line: string): void {
  // The core ends each run by an abort, also a good one.
  if (line !== 'Aborted()') writeSync(STDERR, `${line}\n`)
}

function fail(error: unknown): never {
  say(error instanceof Error ? error.message : String(error))
  process.exit(1)
}

run(JSON.parse(process.argv[2] as string) as WasmJob).then((code) => process.exit(code), fail)
