import type { LibraryId } from '../../base/ids.ts'
import type { ScanTarget } from '../../scanner/scanner.ts'
import type { Call } from '../call.ts'
import { type Endpoint, tree } from '../endpoint.ts'
import { invalid } from '../params.ts'
import { inView } from '../responses/rendering.ts'
import { date } from '../responses/values.ts'
import type { Tree } from '../tree.ts'

export const scanningEndpoints: readonly Endpoint[] = [
  tree('getScanStatus', (call) => ({ scanStatus: scanStatus(call) })),

  tree(
    'startScan',
    async (call) => {
      const { scanner, log } = call.services
      const kind = call.params.boolean('fullScan', false) ? 'full' : 'quick'
      const sent = call.params.all('target')
      const targets = sent.length > 0 ? await scanner.resolve(sent.map(targetOf)) : undefined
      scanner
        .scan({ kind, ...(targets ? { targets } : {}) })
        .catch((error: unknown) => log.error('scan failed', { err: error, kind }))
      return { scanStatus: { ...scanStatus(call), scanning: true } }
    },
    { needs: 'admin' },
  ),
]

/** `1:Artist/Album`: a library's number and a folder in it. */
function targetOf(text: string): ScanTarget {
  const match = /^ *(\d{1,15}):(.*)$/s.exec(text)
  if (!match) return invalid('target', 'the number of a library, a colon and a folder in it, as in 1:Artist/Album')
  return { library: Number(match[1]) as LibraryId, folder: match[2] as string }
}

/** How much there is to scan is the administrators' to know; others are told what they see. */
function scanStatus(call: Call): Tree {
  const { services, rendering, user, viewer } = call
  const status = services.scanner.status()
  if (!user.isAdmin) {
    const scans = services.repositories.libraries.list(viewer.scope).flatMap(({ lastScanAt }) => lastScanAt ?? [])
    const own = {
      scanning: status.scanning,
      count: services.repositories.songs.totals(viewer).songs,
      lastScan: date(scans.length > 0 ? Math.max(...scans) : undefined),
      scanType: status.kind ?? '',
    }
    return inView('scanStatus', own, rendering.view)
  }
  const full = {
    scanning: status.scanning,
    // A scan of one folder counts that folder; whoever asks afterwards wants to know what there is.
    count: status.scanning ? status.count : services.repositories.songs.totals(viewer).songs,
    folderCount: status.folderCount,
    lastScan: date(status.lastScanAt),
    scanType: `${status.kind ?? ''}${status.selective ? '-selective' : ''}`,
    elapsedTime: Math.round(status.elapsedMs),
  }
  return inView('scanStatus', full, rendering.view)
}
