import { execFile } from 'node:child_process'
import type { TranscodeEngine } from './engine.ts'
import { startEngineProcess } from './engine-process.ts'
import { ffmpegArguments } from './ffmpeg-arguments.ts'

const DETECTION_DEADLINE_MS = 10_000
const DETECTION_OUTPUT_BYTES = 1 << 20

export interface NativeEngineOptions {
  /** The program; looked for in the PATH when it has no slash. */
  readonly ffmpegPath: string
  readonly niceness: number
}

/** ffmpeg as a program of the system. Undefined when it isn't there or doesn't answer. */
export async function findNativeEngine(options: NativeEngineOptions): Promise<TranscodeEngine | undefined> {
  const [versionText, encoderText] = await Promise.all([
    run(options.ffmpegPath, ['-hide_banner', '-version']),
    run(options.ffmpegPath, ['-hide_banner', '-encoders']),
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
        file: options.ffmpegPath,
        arguments: ['-nostdin', ...ffmpegArguments(spec, `file:${spec.inputPath}`)],
        niceness: options.niceness,
      }),
  }
}

function run(file: string, args: readonly string[]): Promise<string | undefined> {
  return new Promise((resolve) => {
    execFile(
      file,
      args,
      {
        timeout: DETECTION_DEADLINE_MS,
        killSignal: 'SIGKILL',
        maxBuffer: DETECTION_OUTPUT_BYTES,
        windowsHide: true,
      },
      (error, stdout) => resolve(error ? undefined : stdout),
    )
  })
}
