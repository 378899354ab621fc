import { FULL_SCOPE } from '../../base/access-scope.ts'
import type { ServerReader } from '../api/statistics-api.ts'
import type { Generation } from '../host/generation.ts'
import type { HostServices } from '../host/host-services.ts'
import { deferred } from './deferred.ts'

export function createServerReader(generation: Generation, services: HostServices): ServerReader {
  const { admin, db, media, repositories } = services
  return deferred(generation, {
    async figures() {
      const { rss, heapUsed, external } = process.memoryUsage()
      const { user, system } = process.cpuUsage()
      const { fileBytes, walBytes } = db.stats()
      const { scanning, count, lastScanAt, lastError } = admin.scanner.status()
      const { streams, transcoder } = media.status()
      return {
        version: admin.version,
        startedAt: admin.startedAt,
        node: process.versions.node,
        platform: process.platform,
        arch: process.arch,
        memory: { rss, heapUsed, external },
        cpuMs: Math.round((user + system) / 1000),
        database: { bytes: fileBytes, walBytes },
        scan: { scanning, count, lastScanAt, lastError },
        users: repositories.users.count(),
        libraries: repositories.libraries.list(FULL_SCOPE).length,
        streams,
        transcoding: transcoder && { ...transcoder, running: transcoder.running.length },
      }
    },
  } satisfies ServerReader)
}
