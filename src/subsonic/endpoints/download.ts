import { yieldToLoop } from '../../base/deadline.ts'
import { AppError } from '../../base/errors.ts'
import type { AlbumId, ArtistId, FolderId, PublicId, SongId } from '../../base/ids.ts'
import type { Song, Viewer } from '../../library/entities.ts'
import type { ArchiveEntry } from '../../media/archive.ts'
import { type ArchiveNames, createArchiveNames, songFileName } from '../../media/archive-names.ts'
import type { Call } from '../call.ts'
import { unknownId } from '../params.ts'
import { coverIdOf } from './cover-id.ts'
import { found } from './found.ts'
import { isVirtualId, virtualPlaylistSongs } from './virtual-playlists.ts'

/** What an id stands for, as names in an archive. */
export interface ArchiveContent {
  readonly title: string
  /** Takes its time and memory only when it is called. Rejects with CANCELLED when the client has left. */
  readonly list: () => Promise<readonly ArchiveEntry[]>
  /** Whether there is an order that only a playlist tells. */
  readonly isPlaylist: boolean
}

interface Listing {
  readonly call: Call
  readonly viewer: Viewer
  readonly names: ArchiveNames
  /** What a song is sent as. */
  readonly suffixOf: (song: Song) => string
  readonly entries: ArchiveEntry[]
}

type DownloadId = PublicId | { readonly kind: 'virtual'; readonly id: string }

/** What `download` is asked for: ids as they are, with Navidrome's prefixes (`al-a1f`), and those of plugins' playlists. */
export function downloadIdOf(text: string): DownloadId | undefined {
  if (isVirtualId(text)) return { kind: 'virtual', id: text }
  const asked = coverIdOf(text)
  return asked?.disc === undefined ? asked?.id : undefined
}

/** Songs that are loaded at a time: only their names stay. */
const CHUNK = 250
/** More would be no download any more. */
const MAX_SONGS = 100_000
const MAX_DEPTH = 100

/**
 * The songs of an album (`01 - Artist - Title.mp3`, in `Disc 01/` where it has several), an artist (the same in folders of
 * albums), a folder (in its folders) or a playlist (numbered in its order), as far as the viewer may see them. Rejects
 * with NOT_FOUND for what is none of these, or not for them.
 */
export async function archiveContent(
  call: Call,
  viewer: Viewer,
  id: DownloadId,
  suffixOf: (song: Song) => string,
): Promise<ArchiveContent> {
  const { title, fill } = await contentOf(call, viewer, id)
  const list = async () => {
    const listing: Listing = { call, viewer, names: createArchiveNames(), suffixOf, entries: [] }
    await fill(listing)
    return listing.entries
  }
  return { title, list, isPlaylist: id.kind === 'playlist' || id.kind === 'virtual' }
}

interface Found {
  readonly title: string
  readonly fill: (listing: Listing) => Promise<void>
}

async function contentOf(call: Call, viewer: Viewer, id: DownloadId): Promise<Found> {
  const { albums, artists, folders, playlists } = call.services.repositories
  switch (id.kind) {
    case 'album': {
      const { name } = found(albums.find(viewer, id.key), 'Album')
      return { title: name, fill: (listing) => listAlbum(listing, '', id.key) }
    }
    case 'artist': {
      const { name } = found(artists.find(viewer, id.key), 'Artist')
      return { title: name, fill: (listing) => listArtist(listing, id.key) }
    }
    case 'folder': {
      const { name } = found(folders.find(viewer, id.key), 'Folder')
      return { title: name, fill: (listing) => listFolder(listing, '', id.key, 0) }
    }
    case 'playlist': {
      const { name } = found(playlists.find(viewer, id.key), 'Playlist')
      return { title: name, fill: (listing) => listPlaylist(listing, playlists.songIds(viewer, id.key)) }
    }
    case 'virtual': {
      const { name, songIds } = found(await virtualPlaylistSongs(call, id.id), 'Playlist')
      return { title: name, fill: (listing) => listPlaylist(listing, songIds) }
    }
    default:
      return unknownId('id')
  }
}

async function listArtist(listing: Listing, id: ArtistId): Promise<void> {
  const { viewer, names, entries } = listing
  const { albums, songs } = listing.call.services.repositories
  for (const album of albums.ofArtist(viewer, id)) {
    if (entries.length >= MAX_SONGS) return
    await listAlbum(listing, names.folder('', album.name), album.id)
  }
  if (entries.length > 0) return
  await listInOrder(listing, '', songs.idsOf(viewer, { artist: id }, MAX_SONGS), () => '')
}

async function listAlbum(listing: Listing, folder: string, id: AlbumId): Promise<void> {
  const { viewer, names } = listing
  const { songs } = listing.call.services.repositories
  const ids = songs.idsOf(viewer, { album: id }, MAX_SONGS)
  const [first, last] = [ids[0], ids.at(-1)].map((one) => (one === undefined ? undefined : songs.find(viewer, one)))
  // They are in order of discs.
  const isSeveral = first !== undefined && last !== undefined && first.discNumber !== last.discNumber
  const discs = new Map<number, string>()
  const discOf = (song: Song) => {
    if (!isSeveral) return folder
    const known = discs.get(song.discNumber)
    if (known !== undefined) return known
    const made = names.folder(folder, `Disc ${padded(song.discNumber, 2)}`)
    discs.set(song.discNumber, made)
    return made
  }
  await listInOrder(listing, discOf, ids, trackNumber)
}

async function listFolder(listing: Listing, path: string, id: FolderId, depth: number): Promise<void> {
  const { viewer, names } = listing
  const { folders, songs } = listing.call.services.repositories
  await listInOrder(listing, path, songs.idsOf(viewer, { folder: id }, MAX_SONGS), trackNumber)
  if (depth >= MAX_DEPTH || listing.entries.length >= MAX_SONGS) return
  for (const child of folders.children(viewer, id)) {
    await listFolder(listing, names.folder(path, child.name), child.id, depth + 1)
  }
}

async function listPlaylist(listing: Listing, ids: readonly SongId[]): Promise<void> {
  const digits = Math.max(2, String(ids.length).length)
  await listInOrder(listing, '', ids, (_song, index) => padded(index + 1, digits))
}

async function listInOrder(
  listing: Listing,
  folder: string | ((song: Song) => string),
  ids: readonly SongId[],
  numberOf: (song: Song, index: number) => string,
): Promise<void> {
  const { songs } = listing.call.services.repositories
  let index = 0
  for (let at = 0; at < ids.length; at += CHUNK) {
    for (const song of songs.findMany(listing.viewer, ids.slice(at, at + CHUNK))) {
      add(listing, typeof folder === 'string' ? folder : folder(song), song, numberOf(song, index++))
    }
    await pauseFor(listing)
  }
  // Folders with nothing in them take time as well.
  if (ids.length === 0) await pauseFor(listing)
}

function add({ entries, names, suffixOf }: Listing, folder: string, song: Song, number: string): void {
  if (entries.length >= MAX_SONGS) return
  const suffix = suffixOf(song)
  entries.push({ songId: song.id, suffix, name: names.file(folder, songFileName(song, suffix, number)) })
}

/** Others have their turn; nobody lists for a client that left. */
async function pauseFor({ call }: Listing): Promise<void> {
  await yieldToLoop()
  if (call.request.signal.aborted) throw new AppError('CANCELLED', 'Nobody waits for this archive any more.')
}

const trackNumber = (song: Song): string => (song.trackNumber > 0 ? padded(song.trackNumber, 2) : '')
const padded = (number: number, digits: number): string => String(number).padStart(digits, '0')
