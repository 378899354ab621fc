import { yieldToLoop } from '../../base/deadline.ts'
import { AppError } from '../../base/errors.ts'
import type { AlbumId, FolderId, PublicId, SongId } from '../../base/ids.ts'
import type { Song, Viewer } from '../../library/entities.ts'
import { type ArchiveNames, createArchiveNames, songFileName } from '../../media/archive-names.ts'
import type { Call } from '../call.ts'
import { unknownId } from '../params.ts'
import { coverIdOf } from './cover-id.ts'
import { found } from './found.ts'
import { isVirtualId, virtualPlaylistSongs } from './virtual-playlists.ts'

/** What an id stands for, as names in an archive. */
export interface ArchiveContent {
  readonly title: string
  readonly entries: readonly { readonly songId: SongId; readonly name: string }[]
  /** Whether there is an order that only a playlist tells. */
  readonly isPlaylist: boolean
}

interface Listing {
  readonly call: Call
  readonly viewer: Viewer
  readonly names: ArchiveNames
  /** What a song is sent as. */
  readonly suffixOf: (song: Song) => string
  readonly entries: { readonly songId: SongId; readonly name: string }[]
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
  const listing: Listing = { call, viewer, names: createArchiveNames(), suffixOf, entries: [] }
  const title = await list(listing, id)
  return { title, entries: listing.entries, isPlaylist: id.kind === 'playlist' || id.kind === 'virtual' }
}

async function list(listing: Listing, id: DownloadId): Promise<string> {
  const { call, viewer } = listing
  const { albums, artists, folders, playlists } = call.services.repositories
  switch (id.kind) {
    case 'album': {
      const album = found(albums.find(viewer, id.key), 'Album')
      await listAlbum(listing, '', id.key)
      return album.name
    }
    case 'artist': {
      const artist = found(artists.find(viewer, id.key), 'Artist')
      for (const album of albums.ofArtist(viewer, id.key)) {
        await listAlbum(listing, listing.names.folder('', album.name), album.id)
      }
      if (listing.entries.length === 0) {
        const ids = call.services.repositories.songs.idsOf(viewer, { artist: id.key }, MAX_SONGS)
        await listInOrder(listing, '', ids, () => '')
      }
      return artist.name
    }
    case 'folder': {
      const folder = found(folders.find(viewer, id.key), 'Folder')
      await listFolder(listing, '', id.key, 0)
      return folder.name
    }
    case 'playlist': {
      const playlist = found(playlists.find(viewer, id.key), 'Playlist')
      await listPlaylist(listing, playlists.songIds(viewer, id.key))
      return playlist.name
    }
    case 'virtual': {
      const playlist = found(await virtualPlaylistSongs(call, id.id), 'Playlist')
      await listPlaylist(listing, playlist.songIds)
      return playlist.name
    }
    default:
      return unknownId('id')
  }
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
  for (const song of songs.ofFolder(viewer, id)) add(listing, path, song, trackNumber(song))
  await pauseFor(listing)
  if (depth >= MAX_DEPTH) return
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
}

function add({ entries, names, suffixOf }: Listing, folder: string, song: Song, number: string): void {
  if (entries.length >= MAX_SONGS) return
  entries.push({ songId: song.id, name: names.file(folder, songFileName(song, suffixOf(song), number)) })
}

/** Others have their turn; nobody lists for a client that left. */
async function pauseFor({ call }: Listing): Promise<void> {
  await yieldToLoop()
  if (call.request.signal.aborted) throw new AppError('CANCELLED', 'Nobody waits for this archive any more.')
}

const trackNumber = (song: Song): string => (song.trackNumber > 0 ? padded(song.trackNumber, 2) : '')
const padded = (number: number, digits: number): string => String(number).padStart(digits, '0')
