import type { Logger } from '../log/logger.ts'
import type { Artwork } from './artwork.ts'

/** What this room must know of the scanner; given by the composition root. */
export interface ScanNews {
  status(): { readonly scanning: boolean }
  onProgress(listener: (status: { readonly scanning: boolean }) => void): () => void
}

/**
 * Prepares covers after each scan, while the disks are awake; the next scan ends that early.
 * @returns what ends it for good.
 */
export function prepareAfterScans(parts: {
  readonly scanner: ScanNews
  readonly artwork: Pick<Artwork, 'prepare'>
  readonly log: Logger
}): () => void {
  const { scanner, artwork, log } = parts
  let running: AbortController | undefined
  let wasScanning = scanner.status().scanning
  const begin = async (signal: AbortSignal) => {
    const { made, failed } = await artwork.prepare(signal)
    if (made + failed > 0) log.info('covers prepared', { made, failed })
  }
  const unsubscribe = scanner.onProgress(({ scanning }) => {
    const ended = wasScanning && !scanning
    wasScanning = scanning
    if (scanning) running?.abort()
    if (!ended) return
    running = new AbortController()
    begin(running.signal).catch((error: unknown) => log.error('covers not prepared', { error }))
  })
  return () => {
    unsubscribe()
    running?.abort()
  }
}
