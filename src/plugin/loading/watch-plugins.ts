import type { FSWatcher } from 'chokidar'

/** A save is several events; a copy takes a moment. */
const SETTLE_MS = 300
/** Something that changes all the time must not keep everything else waiting. */
const LONGEST_MS = 1_200
/** Watching begins when the start is over, which waits for the same processor. */
const BEGIN_MS = 250

/**
 * Calls `changed` soon after something below the folders was made, changed or removed, within 2 s. Folders that don't
 * exist yet are waited for; what came before the watches were set counts as a change. `failed` tells that changes may go unnoticed from now on. @returns what ends the watching.
 */
export function watchPlugins(
  folders: readonly string[],
  { changed, failed }: { changed(): void; failed(error: unknown): void },
): () => Promise<void> {
  let timer: NodeJS.Timeout | undefined
  let first = 0
  let watcher: FSWatcher | undefined
  let isOver = false
  const soon = () => {
    const now = performance.now()
    if (timer === undefined) first = now
    clearTimeout(timer)
    timer = setTimeout(
      () => {
        timer = undefined
        changed()
      },
      Math.max(0, Math.min(SETTLE_MS, first + LONGEST_MS - now)),
    )
  }
  const begin = async () => {
    const { watch } = await import('chokidar')
    if (isOver) return
    watcher = watch([...folders], {
      ignoreInitial: true,
      depth: 4,
      // The server's own unpacking, and what builds a plugin, are no plugin.
      ignored: (path) =>
        /[/\\](\.unpacked|\.git|\.new-[^/\\]*|node_modules[/\\](?!@?[^/\\]*tonearm-plugin-))/.test(path),
    })
    watcher.on('all', soon)
    // What came while the watches were being set made no event.
    watcher.on('ready', soon)
    watcher.on('error', failed)
  }
  const beginning = setTimeout(() => void begin().catch(failed), BEGIN_MS)
  return async () => {
    isOver = true
    clearTimeout(beginning)
    clearTimeout(timer)
    await watcher?.close()
  }
}
