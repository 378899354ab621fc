/**
 * The image process: decoders see hostile files, and their memory goes back to the system only when a process ends.
 * Started by image-pool.ts with the limits as its argument; one task at a time; ends when its parent does.
 */
import { writeFile } from 'node:fs/promises'
import { setPriority } from 'node:os'
import type { ImageLimits, ImageMessage, ImageRequest, ImageResult } from './image-tasks.ts'
import { type SharpModule, work } from './image-work.ts'
import { PictureProblem } from './picture-bytes.ts'

const limits = JSON.parse(process.argv[2] ?? '{}') as ImageLimits

function send(message: ImageMessage): void {
  if (process.connected) process.send?.(message)
}

async function loadSharp(): Promise<{ readonly sharp?: SharpModule; readonly note?: string }> {
  try {
    const { default: sharp } = await import('sharp')
    sharp.cache(false)
    sharp.concurrency(1)
    return { sharp }
  } catch (error) {
    return { note: String(error instanceof Error ? error.message : error).slice(0, 200) }
  }
}

async function answer(request: ImageRequest, sharp: SharpModule | undefined): Promise<ImageResult> {
  try {
    return await work(request.task, sharp, limits)
  } catch (error) {
    if (error instanceof PictureProblem) return { ok: false, reason: error.reason, note: error.message }
    return { ok: false, reason: 'broken', note: String(error).slice(0, 200) }
  }
}

process.on('disconnect', () => process.exit(0))
// Ctrl+C and a service manager mean the whole program: the parent ends this process, and no picture is to blame.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {})
try {
  // Streams come first; and where memory is short this process is the one to go.
  setPriority(10)
  await writeFile('/proc/self/oom_score_adj', '500')
} catch {
  // Not on every system, and not needed.
}
const { sharp, note } = await loadSharp()
process.on('message', (request: ImageRequest) => {
  void answer(request, sharp).then((result) => send({ kind: 'answer', id: request.id, result }))
})
send({ kind: 'ready', resizes: sharp !== undefined, ...(note === undefined ? {} : { note }) })
