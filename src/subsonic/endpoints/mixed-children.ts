import { type AlbumId, type ArtistId, decodeId, encodeId, type FolderId, type SongId } from '../../base/ids.ts'
import { albumChild } from '../responses/album.ts'
import { artistChild } from '../responses/artist.ts'
import { songChild } from '../responses/song.ts'
import type { Tree } from '../tree.ts'
import { folderChildren } from './folder-children.ts'
import { type Asker, albumOfFolder, songsOfFolder } from './stands-for.ts'

/** Songs, albums, artists and folders as `Child`, in the order given; what is unknown or not visible is left out. */
export function mixedChildren(asker: Asker, ids: readonly string[]): readonly Tree[] {
  const { services, viewer, rendering } = asker
  const { songs, albums, artists, folders } = services.repositories
  const keys = { song: [] as SongId[], album: [] as AlbumId[], artist: [] as ArtistId[], folder: [] as FolderId[] }
  for (const text of ids) {
    const id = decodeId(text)
    if (id?.kind === 'song') keys.song.push(id.key)
    else if (id?.kind === 'album') keys.album.push(id.key)
    else if (id?.kind === 'artist') keys.artist.push(id.key)
    else if (id?.kind === 'folder') keys.folder.push(id.key)
  }
  const trees = new Map<string, Tree>()
  for (const song of songs.findMany(viewer, keys.song)) trees.set(encodeId('song', song.id), songChild(song, rendering))
  for (const album of albums.findMany(viewer, keys.album))
    trees.set(encodeId('album', album.id), albumChild(album, rendering))
  for (const key of keys.artist) {
    const artist = artists.find(viewer, key)
    if (artist) trees.set(encodeId('artist', key), artistChild(artist, rendering))
  }
  const found = folders.findMany(viewer, keys.folder)
  for (const [index, tree] of folderChildren(asker, viewer, found).entries())
    trees.set(encodeId('folder', (found[index] as (typeof found)[number]).id), tree)
  return ids.map((id) => trees.get(id)).filter((tree) => tree !== undefined)
}

/** What a folder's id means to those who know albums, artists and songs; other ids are themselves. */
export function idsFor(asker: Asker, text: string): readonly string[] {
  const id = decodeId(text)
  if (id?.kind !== 'folder') return [text]
  const folder = asker.services.repositories.folders.find(asker.viewer, id.key)
  if (!folder) return []
  if (folder.artistId !== undefined) return [encodeId('artist', folder.artistId)]
  const standIn = albumOfFolder(asker, id.key)
  if (standIn.item) return [encodeId('album', standIn.item.id)]
  return songsOfFolder(standIn, asker).map((song) => encodeId('song', song.id))
}
