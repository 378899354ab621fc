import { watch } from 'chokidar'

/** A save is several events; a copy takes a moment. */
const SETTLE_MS = 300
/** Something that changes all the time must not keep everything else waiting. */
const LONGEST_MS = 1_200

/**
 * Calls `changed` soon after something below the folders was made, changed or removed, within 2 s. Folders that don't
 * exist yet are waited for. `failed` tells that changes may go unnoticed from now on. @returns what ends the watching.
 */
export function watchPlugins(
  folders: readonly string[],
  { changed, failed }: { changed(): void; failed(error: unknown): void },
): () => Promise<void> {
  let timer: NodeJS.Timeout | undefined
  let first = 0
  const watcher = watch([...folders], {
    ignoreInitial: true,
    depth: 4,
    // The server's own unpacking, and what builds a plugin, are no plugin.
    ignored: (path) => /[/\\](\.unpacked|\.git|\.new-[^/\\]*|node_modules[/\\](?!@?[^/\\]*tonearm-plugin-))/.test(path),
  })
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
  watcher.on('all', soon)
  // What came while the watches were being set made no event.
  watcher.on('ready', soon)
  watcher.on('error', failed)
  return async () => {
    clearTimeout(timer)
    await watcher.close()
  }
}
