import { writeFileSync } from 'node:fs'
import { diskErrorOf } from './disk-errors.ts'
import { readAudioFile } from './read-file.ts'
import type { ReaderReady, ReadReply, ReadRequest } from './reader-protocol.ts'

/**
 * Runs in a process of its own: the tag parser leaves its memory behind, and a file may crash or hang it. The parent
 * sends requests and ends the process; it also ends by itself when the parent is gone.
 */
async function answer({ id, path }: ReadRequest): Promise<ReadReply> {
  try {
    const { file, size, mtimeMs, unstable } = await readAudioFile(path)
    if (unstable) return { id, ok: false, reason: 'the file is being written', unstable: true }
    return { id, ok: true, file, size, mtimeMs }
  } catch (error) {
    const disk = diskErrorOf(error)
    return { id, ok: false, reason: describe(error), unstable: false, ...(disk === undefined ? {} : { disk }) }
  }
}

/** One line without the path. */
function describe(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error)
  return (
    text
      .replace(/, \w+ '.*'$/s, '')
      .split('\n')[0]
      ?.slice(0, 200) || 'unreadable'
  )
}

process.on('message', (request: ReadRequest) => {
  void answer(request).then((reply) => process.connected && process.send?.(reply))
})
process.on('disconnect', () => process.exit(0))
// Ctrl+C and a service manager mean the whole program: the parent ends this process, and no file is to blame.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {})
try {
  // Where memory is short this process is the one to go.
  writeFileSync('/proc/self/oom_score_adj', '500')
} catch {
  // Not on every system, and not needed.
}
process.send?.({ ready: true } satisfies ReaderReady)
