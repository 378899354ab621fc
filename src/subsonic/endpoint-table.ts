import { AppError } from '../base/errors.ts'
import type { Endpoint } from './endpoint.ts'
import { annotationEndpoints } from './endpoints/annotation.ts'
import { bookmarkEndpoints } from './endpoints/bookmarks.ts'
import { browsingEndpoints } from './endpoints/browsing.ts'
import { hlsEndpoints } from './endpoints/hls.ts'
import { informationEndpoints } from './endpoints/information.ts'
import { internetRadioEndpoints } from './endpoints/internet-radio.ts'
import { listEndpoints } from './endpoints/lists.ts'
import { mediaRetrievalEndpoints } from './endpoints/media-retrieval.ts'
import { playQueueEndpoints } from './endpoints/play-queue.ts'
import { playbackEndpoints } from './endpoints/playback.ts'
import { playlistEndpoints } from './endpoints/playlists.ts'
import { scanningEndpoints } from './endpoints/scanning.ts'
import { searchingEndpoints } from './endpoints/searching.ts'
import { standIns } from './endpoints/stand-ins.ts'
import { systemEndpoints } from './endpoints/system.ts'
import { transcodingEndpoints } from './endpoints/transcoding.ts'
import { userEndpoints } from './endpoints/users.ts'
import { CORE_EXTENSIONS, type Extension } from './protocol.ts'

/** What plugins bring. */
export interface Additions {
  readonly endpoints: readonly Endpoint[]
  readonly extensions: readonly Extension[]
}

/** Immutable; a swap replaces it whole, requests under way keep the one they started with. */
export interface EndpointTable {
  /** By lower-case name. */
  readonly byName: ReadonlyMap<string, Endpoint>
  readonly extensions: readonly Extension[]
}

const CORE: readonly Endpoint[] = [
  ...systemEndpoints,
  ...browsingEndpoints,
  ...informationEndpoints,
  ...listEndpoints,
  ...searchingEndpoints,
  ...playlistEndpoints,
  ...mediaRetrievalEndpoints,
  ...transcodingEndpoints,
  ...hlsEndpoints,
  ...annotationEndpoints,
  ...playbackEndpoints,
  ...internetRadioEndpoints,
  ...userEndpoints,
  ...bookmarkEndpoints,
  ...playQueueEndpoints,
  ...scanningEndpoints,
  ...standIns,
]

const CORE_BY_NAME: ReadonlyMap<string, Endpoint> = new Map(CORE.map((one) => [one.name.toLowerCase(), one]))

/** The core's endpoints with the additions. CONFLICT when one stands in the way of the core or of another. */
export function buildTable(additions: Additions): EndpointTable {
  const byName = new Map(CORE_BY_NAME)
  const added = new Set<string>()
  for (const endpoint of additions.endpoints) {
    const key = endpoint.name.toLowerCase()
    const core = CORE_BY_NAME.get(key)
    const isTaken = added.has(key) || (core && !('standIn' in core && core.standIn))
    if (isTaken) throw new AppError('CONFLICT', `The Subsonic endpoint '${endpoint.name}' exists already.`)
    added.add(key)
    byName.set(key, endpoint)
  }
  return { byName, extensions: mergedExtensions(additions.extensions) }
}

function mergedExtensions(added: readonly Extension[]): readonly Extension[] {
  const versions = new Map<string, ReadonlySet<number>>()
  for (const one of [...CORE_EXTENSIONS, ...added]) {
    versions.set(one.name, new Set([...(versions.get(one.name) ?? []), ...one.versions]))
  }
  return [...versions]
    .map(([name, numbers]) => ({ name, versions: [...numbers].sort((a, b) => a - b) }))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
}
