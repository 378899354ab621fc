import { join } from 'node:path'
import { LRUCache } from 'lru-cache'
import type { Clock } from '../base/clock.ts'
import { withDeadline } from '../base/deadline.ts'
import { systemErrorCode } from '../base/errors.ts'
import { type Nfo, parseNfo } from '../base/nfo.ts'
import type { Album, Artist, Viewer } from '../library/entities.ts'
import type { InfoPlace, InfoPlaces } from '../library/info-places.ts'
import { nameKey } from '../library/name-key.ts'
import type { Logger } from '../log/logger.ts'
import { openConfined, readBounded } from './confined-file.ts'

/** What lies beside the music about artists and albums; undefined where nothing does, or its disk does not answer in time. */
export interface LocalInfo {
  ofArtist(viewer: Viewer, artist: Pick<Artist, 'id' | 'name'>): Promise<Nfo | undefined>
  ofAlbum(viewer: Viewer, album: Pick<Album, 'id' | 'name'>): Promise<Nfo | undefined>
}

export interface LocalInfoOptions {
  readonly places: InfoPlaces
  readonly clock: Clock
  readonly log: Logger
  /** An answer waits so long for the disk. Default 1.5 s. */
  readonly deadlineMs?: number
}

/** Kodi lists a hundred pictures after the biography; more than this is something else. */
const MAX_BYTES = 256 * 1024
/** Characters that are kept in memory, and how long they are believed: a disk that sleeps is not woken for each page. */
const CACHED = 2 * 1024 * 1024
const FRESH_MS = 300_000
/** Reads that may be under way: a mount that is dead keeps them for minutes, and others need the threads that they hold. */
const MAX_READS = 2

interface Entry {
  readonly nfo: Nfo | undefined
  readonly readAt: number
}

/**
 * Files are read when somebody asks, not by the scan: few pages of artists are ever opened, a scan would read thousands of
 * files and keep their texts, and what is written about an artist changes without any song.
 */
export function createLocalInfo({ places, clock, log, deadlineMs = 1500 }: LocalInfoOptions): LocalInfo {
  const cache = new LRUCache<string, Entry>({
    maxSize: CACHED,
    sizeCalculation: ({ nfo }) => 200 + (nfo ? nfo.text.length + nfo.name.length : 0),
  })
  const underWay = new Map<string, Promise<Nfo | undefined>>()

  async function read(kind: 'artist' | 'album', path: string, within: string): Promise<Nfo | undefined> {
    const file = await openConfined(path, within)
    if (!file) return undefined
    try {
      const bytes = await readBounded(file, MAX_BYTES)
      return bytes && parseNfo(kind, bytes)
    } finally {
      await file.close()
    }
  }

  /** What is known of a file; read anew when that is old and the disk has room for a read. */
  function at(kind: 'artist' | 'album', place: InfoPlace): Promise<Nfo | undefined> | Nfo | undefined {
    const path = join(place.path, `${kind}.nfo`)
    const known = cache.get(path)
    if (known && clock.now() - known.readAt < FRESH_MS) return known.nfo
    const running = underWay.get(path)
    if (running) return running
    if (underWay.size >= MAX_READS) return known?.nfo
    const reading = read(kind, path, place.within)
      .catch((error: unknown) => {
        const code = systemErrorCode(error)
        if (code === 'ENOENT' || code === 'ENOTDIR') return undefined
        log.warn('information beside the music is not readable', { kind, code: code ?? String(error) })
        return known?.nfo
      })
      .then((nfo) => {
        cache.set(path, { nfo, readAt: clock.now() })
        return nfo
      })
      .finally(() => underWay.delete(path))
    underWay.set(path, reading)
    return reading
  }

  async function find(kind: 'artist' | 'album', name: string, list: readonly InfoPlace[]): Promise<Nfo | undefined> {
    for (const place of list) {
      const nfo = await at(kind, place)
      if (!nfo) continue
      const isMeant = nfo.name === '' ? !place.isShared : nameKey(nfo.name) === nameKey(name)
      if (isMeant || place.isNamesake) return nfo
    }
    return undefined
  }

  function inTime(kind: 'artist' | 'album', name: string, list: readonly InfoPlace[]): Promise<Nfo | undefined> {
    return withDeadline(find(kind, name, list), deadlineMs, 'Reading what lies beside the music').catch(() => {
      log.warn('information beside the music took too long', { kind })
      return undefined
    })
  }

  return {
    ofArtist: (viewer, artist) => inTime('artist', artist.name, places.ofArtist(viewer, artist)),
    ofAlbum: (viewer, album) => inTime('album', album.name, places.ofAlbum(viewer, album)),
  }
}
