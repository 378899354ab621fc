import { join } from 'node:path'
import { isWholeLibraries } from '../base/access-scope.ts'
import type { ByteSource } from '../base/byte-source.ts'
import type { Clock } from '../base/clock.ts'
import { AppError } from '../base/errors.ts'
import { type AlbumId, encodeId, type PlaylistId, type PublicId } from '../base/ids.ts'
import type { Database } from '../db/database.ts'
import type { HookBus } from '../hooks/hook-bus.ts'
import {
  type AlbumPicture,
  type Covered,
  type CoverFile,
  createArtworkRepository,
} from '../library/artwork-repository.ts'
import type { CoverPriority } from '../library/cover-choice.ts'
import type { Viewer } from '../library/entities.ts'
import type { Repositories } from '../library/repositories.ts'
import { createStoredArtworkRepository, type StoredArtwork } from '../library/stored-artwork-repository.ts'
import type { Logger } from '../log/logger.ts'
import { createArtworkCache } from './artwork/artwork-cache.ts'
import { createImagePool, type ImageEntry } from './artwork/image-pool.ts'
import { createMasters } from './artwork/masters.ts'
import { type CoverFacts, originalSource, storedSource } from './artwork/picture-source.ts'
import { createPlaceholder } from './artwork/placeholder.ts'
import { prepareCovers } from './artwork/prepare.ts'
import { createProvided } from './artwork/provided.ts'
import { type Cover, createRenditions, sizeName } from './artwork/renditions.ts'
import { edgeFor } from './artwork/sizes.ts'
import type { StoredPicture } from './artwork/stored-picture.ts'
import type { Artwork, CoverRequest } from './artwork.ts'

export interface ArtworkSettings {
  readonly priority: CoverPriority
  /** Send a drawn picture for what has none. */
  readonly placeholder: boolean
  /** JPEG quality, 1 to 100. */
  readonly quality: number
  /** `<cache>/artwork`; made when needed. */
  readonly cacheDir: string
  readonly cacheBytes: number
  /** A bigger picture is not read. */
  readonly maxFileBytes: number
  /** Width times height; more is not decoded. Default 64 million. */
  readonly maxPixels?: number
  /** Image processes at most. Default 1. */
  readonly workers?: number
  /** A process without work for so long ends. Default 10 s. */
  readonly idleMs?: number
  /** A picture that takes longer is given up. Default 10 s. */
  readonly taskMs?: number
}

export interface ArtworkOptions {
  readonly db: Database
  readonly repositories: {
    readonly playlists: Pick<Repositories['playlists'], 'find'>
    readonly radios: Pick<Repositories['radios'], 'isKnown'>
  }
  readonly hooks: HookBus
  readonly clock: Clock
  readonly log: Logger
  /** How the image process starts. */
  readonly entry: ImageEntry
  readonly settings: ArtworkSettings
}

/** The signal of the request, if it has one. */
type Gone = AbortSignal | undefined

interface Shape {
  readonly edge: number | undefined
  readonly square: boolean
}

/** Without a resizer (sharp) larger pictures than this are not sent at all. */
const MAX_UNRESIZED = 2 << 20
const GRID_EDGE = 600
/** Of all pictures that are decoded at a time. */
const DECODED_BYTES = 128 << 20
const FOREVER = 'private, max-age=31536000, immutable'
const ASK_AGAIN = 'private, no-cache'

export function createArtwork(options: ArtworkOptions): Artwork {
  const { hooks, clock, log, settings } = options
  const { playlists, radios } = options.repositories
  const repository = createArtworkRepository(options.db, settings.priority)
  const store = createStoredArtworkRepository(options.db)
  const workers = settings.workers ?? 1
  const pool = createImagePool({
    entry: options.entry,
    log,
    workers,
    limits: {
      maxBytes: settings.maxFileBytes,
      maxPixels: settings.maxPixels ?? 64_000_000,
      maxDecodedBytes: Math.floor(DECODED_BYTES / workers),
      quality: settings.quality,
      maxUnresizedBytes: Math.min(MAX_UNRESIZED, settings.maxFileBytes),
    },
    ...(settings.idleMs === undefined ? {} : { idleMs: settings.idleMs }),
    ...(settings.taskMs === undefined ? {} : { taskMs: settings.taskMs }),
  })
  const cache = createArtworkCache({ folder: settings.cacheDir, maxBytes: settings.cacheBytes, log })
  const masters = createMasters({ store, cache, pool, clock, log })
  const renditions = createRenditions({ cache, pool, log })
  const provided = createProvided({
    hooks,
    repository,
    store,
    masters,
    clock,
    folder: join(settings.cacheDir, 'incoming'),
    maxBytes: settings.maxFileBytes,
  })
  const placeholder = createPlaceholder(cache)

  async function authorize(viewer: Viewer, id: PublicId, client: string): Promise<void> {
    if (!hooks.has('stream.authorize')) return
    const verdict = await hooks.guard('stream.authorize', {
      userId: encodeId('user', viewer.userId),
      mediaId: encodeId(id.kind, id.key as never),
      purpose: 'cover',
      client,
    })
    if (!verdict.allow) throw new AppError('FORBIDDEN', verdict.reason)
  }

  function coverOf(entry: StoredArtwork, candidates: () => readonly CoverFile[], signal: Gone): Cover {
    return {
      entry,
      signal,
      source: () => candidates()[entry.choice],
      remake: () => masters.remake(entry.version, candidates, signal),
    }
  }

  /** An item's own picture; undefined when it has none that this viewer may see. */
  async function ownCover(viewer: Viewer, item: Covered, version: string, signal: Gone): Promise<Cover | undefined> {
    if (version === '') return undefined
    const entry = await masters.ensure(version, () => repository.candidates(viewer, item), { signal })
    if (!entry) return undefined
    const mayLieElsewhere = item.kind === 'artist' || item.kind === 'folder'
    const seesAll = viewer.scope.libraries === 'all' && isWholeLibraries(viewer.scope)
    if (mayLieElsewhere && !seesAll && !repository.candidates(viewer, item)[entry.choice]?.visible) return undefined
    return coverOf(entry, () => repository.candidates(viewer, item), signal)
  }

  async function albumCover(viewer: Viewer, key: number | undefined, signal: Gone): Promise<Cover | undefined> {
    if (key === undefined) return undefined
    const album = { kind: 'album', key } as const
    return ownCover(viewer, album, repository.version(viewer, album) ?? '', signal)
  }

  async function pluginCover(viewer: Viewer, item: Covered): Promise<Cover | undefined> {
    const entry = await provided.find(viewer, item)
    return entry && { entry, source: () => undefined, remake: () => provided.find(viewer, item) }
  }

  async function send(cover: Cover, shape: Shape, version: string | undefined): Promise<ByteSource> {
    const { entry } = cover
    const { square } = shape
    const edge = shape.edge ?? (square ? Math.max(entry.width, entry.height) || GRID_EDGE : undefined)
    const cacheControl = version === entry.version ? FOREVER : ASK_AGAIN
    const facts = (name: string | number): CoverFacts => ({
      etag: `"${entry.content.slice(0, 16)}-${name}"`,
      lastModified: new Date(entry.madeAt - (entry.madeAt % 1000)),
      cacheControl,
    })
    if (edge !== undefined)
      return described(await renditions.sized(cover, edge, { square }), facts(sizeName(edge, square)))
    const source = entry.original ? undefined : cover.source()
    if (source?.kind === 'file') {
      const original = await originalSource(source.path, source.within ?? '', {
        maxBytes: settings.maxFileBytes,
        cacheControl,
      })
      if (original) return original
    }
    const inside = source?.kind === 'embedded' ? await renditions.embedded(cover, source) : undefined
    if (inside) return described(inside, facts('o'))
    return described(await renditions.stored(cover), facts('m'))
  }

  async function playlistCover(viewer: Viewer, id: PlaylistId, shape: Shape, { version, signal }: CoverRequest) {
    const playlist = playlists.find(viewer, id)
    if (!playlist) throw notFound()
    const covers: Cover[] = []
    for (const album of repository.albumsOfPlaylist(viewer, id, 4)) {
      const cover = await albumCover(viewer, album, signal)
      if (cover && !covers.some(({ entry }) => entry.content === cover.entry.content)) covers.push(cover)
    }
    const first = covers[0]
    if (!first) return undefined
    const edge = shape.edge ?? GRID_EDGE
    const grid = covers.length === 4 ? await renditions.grid(covers, edge) : undefined
    if (!grid) return send(first, shape, undefined)
    const etag = `"${covers.map(({ entry }) => entry.content.slice(0, 8)).join('')}-${edge}"`
    const current = version !== undefined && version === playlist.coverVersion
    return storedSource(grid, { etag, cacheControl: current ? FOREVER : ASK_AGAIN })
  }

  /** A picture of an album's songs or discs is asked for by the album's id, so that it has one id. */
  async function pictureOfAlbum(
    viewer: Viewer,
    id: AlbumId,
    version: string,
    signal: Gone,
  ): Promise<Cover | undefined> {
    const found = repository.pictureIn(viewer, id, version)
    return found && pictureOf(viewer, found, version, signal)
  }

  async function pictureOf(viewer: Viewer, { of, song }: AlbumPicture, version: string, signal: Gone) {
    if (of === 'song') return ownCover(viewer, { kind: 'song', key: song }, version, signal)
    const candidates = () => repository.discCandidates(viewer, song)
    const entry = await masters.ensure(version, candidates, { signal })
    return entry && coverOf(entry, candidates, signal)
  }

  async function itemCover(viewer: Viewer, item: Covered, shape: Shape, request: CoverRequest) {
    const { version: wanted, disc: number, signal } = request
    const version = repository.version(viewer, item)
    if (number !== undefined) {
      const disc = repository.disc(viewer, item.key as AlbumId, number)
      if (!disc) throw notFound()
      const cover = disc.version === '' ? undefined : await pictureOf(viewer, disc, disc.version, signal)
      if (cover) return send(cover, shape, wanted)
    } else if (item.kind === 'album' && wanted !== undefined && wanted !== version) {
      const cover = await pictureOfAlbum(viewer, item.key as AlbumId, wanted, signal)
      if (cover) return send(cover, shape, wanted)
    }
    if (version === undefined) throw notFound()
    const cover =
      (await ownCover(viewer, item, version, signal)) ??
      (await albumCover(viewer, repository.albumFor(viewer, item), signal)) ??
      (await pluginCover(viewer, item))
    return cover && send(cover, shape, wanted)
  }

  return {
    async cover(viewer, id, size, request = {}) {
      const shape: Shape = { edge: edgeFor(size), square: request.square ?? false }
      await authorize(viewer, id, request.client ?? '')
      let source: ByteSource | undefined
      if (id.kind === 'playlist') source = await playlistCover(viewer, id.key, shape, request)
      else if (isCovered(id)) source = await itemCover(viewer, id, shape, request)
      else if (id.kind !== 'radio' || !radios.isKnown(id.key)) throw notFound()
      if (source) return source
      if (!settings.placeholder) throw notFound()
      return described(await renditions.sized(await placeholder(), shape.edge ?? GRID_EDGE), {
        cacheControl: 'no-store',
      })
    },
    prepare: (signal) => prepareCovers({ repository, store, cache, masters, pool, clock, log, workers }, signal),
    async stop() {
      await pool.stop()
      masters.flush()
    },
  }
}

function isCovered(id: PublicId): id is PublicId & Covered {
  return id.kind === 'song' || id.kind === 'album' || id.kind === 'artist' || id.kind === 'folder'
}

function described(picture: StoredPicture | undefined, facts: CoverFacts): ByteSource {
  if (!picture) throw notFound()
  return storedSource(picture, facts)
}

function notFound(): AppError {
  return new AppError('NOT_FOUND', 'There is no such cover.')
}
