import type { FileWindows } from './file-windows.ts'

export interface AudioFile {
  /** Only its ending counts; nothing is opened by it but by ffprobe. */
  readonly path: string
  /** What reads it, for all who look into it. */
  readonly windows: FileWindows
}
