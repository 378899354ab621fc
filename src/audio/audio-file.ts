import type { FileHandle } from 'node:fs/promises'

export interface AudioFile {
  readonly handle: FileHandle
  /** Only its ending counts; nothing is opened by it. */
  readonly path: string
  /** Bytes */
  readonly size: number
}
