import { json } from '../http/reply.ts'
import type { Route } from '../http/router.ts'
import type { NativeGate } from './native-gate.ts'

/**
 * What clients ask to see whether they are still logged in, and whether the server collects figures: not by itself. The
 * plugin that does answers in this place.
 */
export function statusRoutes(gate: NativeGate): readonly Route[] {
  const answer = (path: string, body: object): readonly Route[] =>
    [path, `${path}/*`].map((one) => ({
      method: 'GET',
      path: one,
      yields: true,
      handler: gate.requireLogin(() => json(200, body)),
    }))
  return [
    ...answer('/api/keepalive', { response: 'ok', id: 'keepalive' }),
    ...answer('/api/insights', { id: 'insights_status', lastRun: 'disabled', success: false }),
  ]
}
