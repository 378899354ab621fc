import { access, readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { TranscodeEngine } from './engine.ts'
import { startEngineProcess } from './engine-process.ts'
import { ffmpegArguments } from './ffmpeg-arguments.ts'
import type { WasmJob } from './wasm-child.ts'
import { canGiveStack } from './wasm-stack.ts'

export interface WasmEngineOptions {
  /**
   * `ffmpeg-core.js` of an UMD build, with `ffmpeg-core.wasm` beside it; '' = the installed package @ffmpeg/core. The core is GPL: a
   * separate part that runs in a process of its own, and that anyone may replace or leave out.
   */
  readonly corePath: string
  /** The built `wasm-child`; the source beside this file when absent. */
  readonly childEntry?: string
  readonly niceness: number
}

const ENCODERS = ['libmp3lame', 'libvorbis', 'aac', 'flac']
/** Crashes with the stack that the core is built with. */
const STACK_HUNGRY = 'libopus'
/** One thread for compiling, collecting and running takes 20 MB less, for 20 ms more until the first byte. */
const V8_FLAGS = ['--single-threaded', '--max-semi-space-size=1']

/** ffmpeg.wasm. Undefined when the core isn't installed. One job at a time: each takes some 130 MB. */
export async function findWasmEngine(options: WasmEngineOptions): Promise<TranscodeEngine | undefined> {
  const require = createRequire(import.meta.url)
  let corePath: string
  let glue: string
  try {
    corePath = options.corePath || require.resolve('@ffmpeg/core')
    glue = await readFile(corePath, 'utf8')
    await access(join(dirname(corePath), 'ffmpeg-core.wasm'))
  } catch {
    return undefined
  }
  const encoders = new Set(canGiveStack(glue) ? [...ENCODERS, STACK_HUNGRY] : ENCODERS)
  const node = nodeArguments(options.childEntry ?? fileURLToPath(new URL('./wasm-child.ts', import.meta.url)))
  return {
    name: 'wasm',
    version: await packageVersion(corePath),
    maxJobs: 1,
    canEncode: (encoder) => encoders.has(encoder),
    start: (spec) => {
      const inputName = `/input.${spec.inputSuffix}`
      const job: WasmJob = {
        corePath,
        wasmPath: join(dirname(corePath), 'ffmpeg-core.wasm'),
        inputPath: spec.inputPath,
        inputName,
        arguments: ffmpegArguments(spec, inputName),
      }
      return startEngineProcess({
        file: process.execPath,
        arguments: [...node, JSON.stringify(job)],
        niceness: options.niceness,
      })
    },
  }
}

/** A TypeScript source needs tsx, a built file nothing. */
function nodeArguments(entry: string): readonly string[] {
  return [...V8_FLAGS, ...(entry.endsWith('.ts') ? ['--import', import.meta.resolve('tsx')] : []), entry]
}

async function packageVersion(corePath: string): Promise<string> {
  try {
    const text = await readFile(join(dirname(corePath), '..', '..', 'package.json'), 'utf8')
    return String((JSON.parse(text) as { version?: unknown }).version ?? 'unknown')
  } catch {
    return 'unknown'
  }
}
