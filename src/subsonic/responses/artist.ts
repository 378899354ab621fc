import { encodeId } from '../../base/ids.ts'
import type { Album, Artist } from '../../library/entities.ts'
import { mapList, type Tree } from '../tree.ts'
import { albumItem } from './album.ts'
import { inView, type Rendering } from './rendering.ts'
import { averageRating, coverId, date, known } from './values.ts'

/** An artist as `ArtistID3`. */
export function artistId3(artist: Artist, rendering: Rendering): Tree {
  const full = {
    id: encodeId('artist', artist.id),
    name: artist.name,
    coverArt: coverId('artist', artist, rendering),
    albumCount: artist.albumCount,
    starred: date(artist.starredAt),
    userRating: artist.rating,
    averageRating: averageRating(artist),
    musicBrainzId: artist.musicBrainzId,
    sortName: artist.sortName || rendering.sortName(artist.name),
    roles: artist.roles,
  }
  return rendering.view === 'full' ? full : inView('artist', full, rendering.view)
}

/** `albumCount` is that of the albums listed: an artist without own albums is shown with those they appear on. */
export function artistWithAlbums(artist: Artist, albums: readonly Album[], rendering: Rendering): Tree {
  return {
    ...artistId3(artist, rendering),
    albumCount: albums.length,
    album: mapList(albums, (album) => albumItem(album, rendering)),
  }
}

/** An artist of the tags as the `Artist` of folder clients. Their getMusicDirectory accepts the id. */
export function artistAsFolder(artist: Artist, rendering: Rendering): Tree {
  const full = {
    id: encodeId('artist', artist.id),
    name: artist.name,
    coverArt: coverId('artist', artist, rendering),
    starred: date(artist.starredAt),
    userRating: known(artist.rating),
    averageRating: averageRating(artist),
  }
  return inView('folderArtist', full, rendering.view)
}

/** An artist as a directory: `Child` in lists of things of several kinds. */
export function artistChild(artist: Artist, rendering: Rendering): Tree {
  const full = {
    id: encodeId('artist', artist.id),
    isDir: true,
    title: artist.name,
    name: artist.name,
    artist: artist.name,
    artistId: encodeId('artist', artist.id),
    coverArt: coverId('artist', artist, rendering),
    isVideo: false,
    userRating: known(artist.rating),
    averageRating: averageRating(artist),
    playCount: artist.playCount,
    created: date(artist.createdAt),
    starred: date(artist.starredAt),
    mediaType: 'artist',
    played: date(artist.playedAt),
    sortName: artist.sortName || rendering.sortName(artist.name),
    musicBrainzId: artist.musicBrainzId,
    displayArtist: artist.name,
  }
  return inView('child', full, rendering.view)
}

/** An artist that is not in the library: named as similar to one that is. */
export function absentArtist(name: string): Tree {
  return { id: '-1', name, albumCount: 0 }
}
