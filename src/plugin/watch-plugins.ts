import { watch } from 'chokidar'

/** A save is several events; a copy takes a moment. */
const SETTLE_MS = 400

/**
 * Calls `changed` soon after something below the folders was made, changed or removed, within 2 s. Folders that don't
 * exist yet are waited for. @returns what ends the watching.
 */
export function watchPlugins(folders: readonly string[], changed: () => void): () => Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const watcher = watch([...folders], {
    ignoreInitial: true,
    depth: 4,
    // The server's own unpacking, and what builds a plugin, are no plugin.
    ignored: (path) => /[/\\](\.unpacked|\.git|node_modules[/\\](?!@?[^/\\]*tonearm-plugin-))/.test(path),
  })
  watcher.on('all', () => {
    clearTimeout(timer)
    timer = setTimeout(changed, SETTLE_MS)
  })
  // Out of watches: changes then need `tonearm plugin rescan`, nothing else breaks.
  watcher.on('error', () => {})
  return async () => {
    clearTimeout(timer)
    await watcher.close()
  }
}
