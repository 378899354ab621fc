import type { AlbumId, ArtistId, FolderId } from '../../base/ids.ts'
import type { Album, Artist, Folder, Song } from '../../library/entities.ts'
import type { Call } from '../call.ts'
import { found } from './found.ts'

export type Asker = Pick<Call, 'services' | 'viewer' | 'rendering'>

/**
 * Clients that browse by folders hand their ids to calls that know albums and artists. A folder answers as what it holds:
 * - As an album: the one that it stands for (library/folder-meaning.ts); else the one that at least half of its songs are
 *   of, counting those in it, or where none are, those below; else the folder itself, in the shape of an album.
 * - As an artist: the one that it stands for, or whose album it stands for; else the album artist of at least half of the
 *   songs in it and below; else the folder itself, with the albums below.
 */
export interface StandIn<T> {
  readonly folder: Folder
  /** Undefined: the folder answers itself. */
  readonly item: T | undefined
  /** Of what it holds, most songs first. */
  readonly albums: readonly Album[]
}

/** NOT_FOUND for a folder that is unknown or not visible. */
export function albumOfFolder(call: Asker, id: FolderId): StandIn<Album> {
  const { albums, folders } = call.services.repositories
  const { viewer } = call
  const folder = found(folders.find(viewer, id), 'Album')
  if (folder.albumId !== undefined) {
    const item = albums.find(viewer, folder.albumId)
    return { folder, item, albums: item ? [item] : [] }
  }
  const all = folders.contents(viewer, id)
  const inside = all.filter(({ own }) => own > 0)
  const counts = new Map<AlbumId, number>()
  for (const { albumId, own, songs } of inside.length > 0 ? inside : all) {
    counts.set(albumId, (counts.get(albumId) ?? 0) + (inside.length > 0 ? own : songs))
  }
  const ranked = rank(counts)
  const held = albums.findMany(viewer, ranked)
  return { folder, item: most(counts, held, call), albums: held }
}

export function artistOfFolder(call: Asker, id: FolderId): StandIn<Artist> {
  const { albums, artists, folders } = call.services.repositories
  const { viewer } = call
  const folder = found(folders.find(viewer, id), 'Artist')
  const known =
    folder.artistId ?? (folder.albumId === undefined ? undefined : albums.find(viewer, folder.albumId)?.artistId)
  if (known !== undefined) {
    const item = artists.find(viewer, known)
    if (item) return { folder, item, albums: [] }
  }
  const ofAlbums = new Map<AlbumId, number>()
  const ofArtists = new Map<ArtistId, number>()
  for (const { albumId, artistId, songs } of folders.contents(viewer, id)) {
    ofAlbums.set(albumId, (ofAlbums.get(albumId) ?? 0) + songs)
    ofArtists.set(artistId, (ofArtists.get(artistId) ?? 0) + songs)
  }
  const named = rank(ofArtists)
    .slice(0, 2)
    .map((one) => artists.find(viewer, one))
    .filter((one) => one !== undefined)
  return { folder, item: most(ofArtists, named, call), albums: albums.findMany(viewer, rank(ofAlbums)) }
}

/** The songs of a folder that answers as an album: those in it, else those of the albums below. */
export function songsOfFolder({ folder, albums }: StandIn<Album>, call: Asker): readonly Song[] {
  const { songs } = call.services.repositories
  const inside = songs.ofFolder(call.viewer, folder.id)
  return inside.length > 0 ? inside : albums.flatMap(({ id }) => songs.ofAlbum(call.viewer, id))
}

function rank<K extends number>(counts: ReadonlyMap<K, number>): readonly K[] {
  return [...counts].sort(([, a], [, b]) => b - a).map(([id]) => id)
}

/** What at least half belongs to; of two equals the first by name. */
function most<T extends { readonly id: number; readonly name: string }>(
  counts: ReadonlyMap<T['id'], number>,
  items: readonly T[],
  { rendering }: Asker,
): T | undefined {
  const total = [...counts.values()].reduce((sum, count) => sum + count, 0)
  return items
    .filter(({ id }) => (counts.get(id) ?? 0) * 2 >= total)
    .sort((a, b) => (rendering.sortName(a.name) < rendering.sortName(b.name) ? -1 : 1))[0]
}
