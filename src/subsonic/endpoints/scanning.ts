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

function scanStatus({ services, rendering }: Call): Tree {
  const status = services.scanner.status()
  const full = {
    scanning: status.scanning,
    count: status.count,
    folderCount: status.folderCount,
    lastScan: date(status.lastScanAt),
    scanType: status.kind,
    elapsedTime: Math.round(status.elapsedMs),
  }
  return inView('scanStatus', full, rendering.view)
}
