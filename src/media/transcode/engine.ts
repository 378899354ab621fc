import type { Readable } from 'node:stream'
import type { TranscodeSpec } from './ffmpeg-arguments.ts'

/** How a transcode's process came to its end. `detail`: the last lines it said, for the log. */
export interface ProcessEnd {
  readonly ok: boolean
  readonly detail: string
}

/** A running transcode. Its output waits for its reader: who doesn't read holds it up. */
export interface TranscodeProcess {
  readonly pid: number | undefined
  readonly output: Readable
  /** Never rejects. Settles when the process is gone. */
  readonly ended: Promise<ProcessEnd>
  /** SIGTERM, and SIGKILL if that doesn't help. May be called at any time and twice. */
  stop(): void
}

/** Something that makes audio of one format out of another. */
export interface TranscodeEngine {
  readonly name: 'native' | 'wasm'
  readonly version: string
  /** Jobs that this engine should run at once at most. */
  readonly maxJobs: number
  canEncode(encoder: string): boolean
  start(spec: TranscodeSpec): TranscodeProcess
}
