import { execFile } from 'node:child_process'
import type { TranscodeEngine } from './engine.ts'
import { startEngineProcess } from './engine-process.ts'
import { ffmpegArguments } from './ffmpeg-arguments.ts'

/** From a cold SD card ffmpeg and its two hundred libraries take seconds, and while everything starts a multiple of that. */
const DETECTION_DEADLINE_MS = 20_000
const DETECTION_OUTPUT_BYTES = 1 << 20

export interface NativeEngineOptions {
  /** The program; looked for in the PATH when it has no slash. */
  readonly ffmpegPath: string
  readonly niceness: number
  /** ms for its first answers; 20 s untold. */
  readonly deadlineMs?: number
}

/** ffmpeg as a program of the system. Undefined when it isn't there or doesn't answer. */
export async function findNativeEngine(options: NativeEngineOptions): Promise<TranscodeEngine | undefined> {
  const { ffmpegPath, deadlineMs = DETECTION_DEADLINE_MS } = options
  const [versionText, encoderText] = await Promise.all([
    run(ffmpegPath, ['-hide_banner', '-version'], deadlineMs),
    run(ffmpegPath, ['-hide_banner', '-encoders'], deadlineMs),
  ])
  const version = /^ffmpeg version (\S+)/m.exec(versionText ?? '')?.[1]
  if (version === undefined || encoderText === undefined) return undefined
  const encoders = new Set([...encoderText.matchAll(/^ A\S{5} (\S+)/gm)].map((match) => match[1] as string))
  return {
    name: 'native',
    version,
    maxJobs: Number.POSITIVE_INFINITY,
    canEncode: (encoder) => encoders.has(encoder),
    start: (spec) =>
      startEngineProcess({
        file: ffmpegPath,
        arguments: ['-nostdin', ...ffmpegArguments(spec, `file:${spec.inputPath}`)],
        niceness: options.niceness,
      }),
  }
}

function run(file: string, args: readonly string[], deadlineMs: number): Promise<string | undefined> {
  const began = performance.now()
  return new Promise((resolve) => {
    execFile(
      file,
      args,
      {
        timeout: deadlineMs,
        killSignal: 'SIGKILL',
        maxBuffer: DETECTION_OUTPUT_BYTES,
        windowsHide: true,
      },
      // Of a program that ended by itself just then the rest is cut off without an error: half a list of encoders.
      (error, stdout) => resolve(error || performance.now() - began >= deadlineMs ? undefined : stdout),
    )
  })
}
