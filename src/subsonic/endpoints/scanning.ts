import type { Call } from '../call.ts'
import { type Endpoint, tree } from '../endpoint.ts'
import { inView } from '../responses/rendering.ts'
import { date } from '../responses/values.ts'
import type { Tree } from '../tree.ts'

export const scanningEndpoints: readonly Endpoint[] = [
  tree('getScanStatus', (call) => ({ scanStatus: scanStatus(call) })),

  tree(
    'startScan',
    (call) => {
      const kind = call.params.boolean('fullScan', false) ? 'full' : 'quick'
      call.services.scanner
        .scan({ kind })
        .catch((error: unknown) => call.services.log.error('scan failed', { err: error, kind }))
      return { scanStatus: { ...scanStatus(call), scanning: true } }
    },
    { needs: 'admin' },
  ),
]

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
    scanType: status.kind ?? '',
    elapsedTime: Math.round(status.elapsedMs),
  }
  return inView('scanStatus', full, rendering.view)
}
