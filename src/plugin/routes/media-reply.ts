import { realpath } from 'node:fs/promises'
import { extname } from 'node:path'
import type { ByteSource } from '../../base/byte-source.ts'
import { AppError } from '../../base/errors.ts'
import { decodeId } from '../../base/ids.ts'
import type { Artwork } from '../../media/artwork.ts'
import type { BufferPool } from '../../media/buffer-pool.ts'
import { openConfined } from '../../media/confined-file.ts'
import { fileSource } from '../../media/file-source.ts'
import type { Streamer } from '../../media/streamer.ts'
import { type ZipEntry, zipSource } from '../../media/zip-source.ts'
import type { MediaLease, Reply } from '../api/reply-api.ts'
import { isInside, storagePath } from '../facades/folder-facade.ts'
import { findUser, type ReaderServices, viewerOf } from '../facades/viewers.ts'
import type { MediaLeases } from './media-leases.ts'

export interface MediaReplyServices extends ReaderServices {
  readonly streamer: Streamer
  readonly artwork: Artwork
  readonly pool: BufferPool
  readonly dataDir: string
  readonly host: { readonly leases: MediaLeases }
}

type MediaReply = Extract<Reply, { kind: 'media' }>
type ZipReply = Extract<Reply, { kind: 'zip' }>

/**
 * Music or a picture as the user `actAs` may have it; a picture is no longer made when `signal` aborts. Rejects with
 * NOT_FOUND, FORBIDDEN, BUSY, MEDIA_UNREADABLE, CANCELLED.
 */
export async function mediaSource(
  services: MediaReplyServices,
  plugin: string,
  { reply, signal }: { readonly reply: MediaReply; readonly signal: AbortSignal },
): Promise<ByteSource> {
  const since = services.host.leases.ends
  const source = await unleasedSource(services, plugin, reply, signal)
  return underLease(services, plugin, { lease: reply.lease, since }, source)
}

/** Songs in one archive, each authorised when its turn has come. */
export function zipOf(services: MediaReplyServices, plugin: string, reply: ZipReply): ByteSource {
  const { host } = services
  const { actAs, downloadName, comment } = reply
  const entries = reply.entries.map(
    ({ mediaId, name }): ZipEntry => ({
      name,
      open: () => unleasedSource(services, plugin, { kind: 'media', as: 'download', mediaId, actAs }),
    }),
  )
  const source = zipSource({
    downloadName,
    entries,
    at: host.leases.now(),
    ...(comment === undefined ? {} : { comment }),
  })
  return underLease(services, plugin, { lease: reply.lease, since: host.leases.ends }, source)
}

function underLease(
  { host }: MediaReplyServices,
  plugin: string,
  { lease, since }: { readonly lease: MediaLease | undefined; readonly since: number },
  source: ByteSource,
): ByteSource {
  return lease ? host.leases.revocable(source, { plugin, ...lease }, since) : source
}

async function unleasedSource(
  services: MediaReplyServices,
  plugin: string,
  reply: MediaReply,
  signal?: AbortSignal,
): Promise<ByteSource> {
  const user = findUser(services, reply.actAs)
  const id = decodeId(reply.mediaId)
  if (!user || !id) throw new AppError('NOT_FOUND', 'This is not here.')
  const client = `plugin ${plugin}`
  if (reply.as === 'cover') {
    const viewer = await viewerOf(services, reply.actAs, 'cover')
    return services.artwork.cover(viewer, id, reply.size, { client, ...(signal ? { signal } : {}) })
  }
  if (id.kind !== 'song') throw new AppError('NOT_FOUND', 'This is not here.')
  if (reply.as === 'download') {
    const viewer = await viewerOf(services, reply.actAs, 'download')
    const source = await services.streamer.download(user, viewer, { songId: id.key, client })
    return reply.downloadName === undefined ? source : { ...source, downloadName: reply.downloadName }
  }
  return services.streamer.stream(user, await viewerOf(services, reply.actAs, 'stream'), {
    songId: id.key,
    client,
    ...(reply.format === undefined ? {} : { format: reply.format }),
    ...(reply.maxBitRate === undefined ? {} : { maxBitRate: reply.maxBitRate }),
  })
}

/** A file of the plugin's private folder; links out of it are refused. Rejects with NOT_FOUND or PERMISSION_DENIED. */
export async function storedFile(
  services: MediaReplyServices,
  plugin: string,
  reply: Extract<Reply, { kind: 'file' }>,
): Promise<ByteSource> {
  const folder = storagePath(services.dataDir, plugin)
  if (!isInside(folder, reply.path))
    throw new AppError('PERMISSION_DENIED', `${plugin} may only send files of its own folder`)
  return confined(services, {
    plugin,
    folder,
    path: reply.path,
    contentType: reply.type,
    downloadName: reply.downloadName,
  })
}

/** A file below an asset folder, by its path in the address. Rejects with NOT_FOUND. */
export function assetFile(
  services: MediaReplyServices,
  plugin: string,
  folder: string,
  relative: string,
): Promise<ByteSource> {
  const path = `${folder}/${relative}`
  if (!isInside(folder, path) || relative.split('/').some((part) => part.startsWith('.'))) {
    throw new AppError('NOT_FOUND', 'Nothing is served at this address')
  }
  const contentType = ASSET_TYPES[extname(path).toLowerCase()] ?? 'application/octet-stream'
  return confined(services, { plugin, folder, path, contentType, cacheControl: 'no-cache' })
}

interface Confined {
  readonly plugin: string
  readonly folder: string
  readonly path: string
  readonly contentType: string
  readonly downloadName?: string | undefined
  readonly cacheControl?: string
}

async function realPathOf(path: string): Promise<string | undefined> {
  return realpath(path).catch(() => undefined)
}

async function confined(services: MediaReplyServices, file: Confined): Promise<ByteSource> {
  const [path, home] = await Promise.all([realPathOf(file.path), realPathOf(file.folder)])
  // A link may lie in the folder; what it leads to has to lie there as well.
  const handle = path !== undefined && home !== undefined && isInside(home, path) && (await openConfined(path, home))
  if (!path || !handle) throw new AppError('NOT_FOUND', 'Nothing is served at this address')
  await handle.close()
  return fileSource({
    path,
    contentType: file.contentType,
    tag: file.plugin,
    pool: services.pool,
    ...(file.downloadName === undefined ? {} : { downloadName: file.downloadName }),
    ...(file.cacheControl === undefined ? {} : { cacheControl: file.cacheControl }),
  })
}

const ASSET_TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.webmanifest': 'application/manifest+json',
  '.txt': 'text/plain; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.jpg': 'image/jpeg',
  '.jpeg': 'image/jpeg',
  '.webp': 'image/webp',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
}
