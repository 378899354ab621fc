import { encodeId } from '../../base/ids.ts'
import type { Album, Song } from '../../library/entities.ts'
import { Kept, type ListItem, mapList, type Tree } from '../tree.ts'
import { inView, type Rendering } from './rendering.ts'
import { songChild } from './song.ts'
import { averageRating, coverId, date, explicitStatus, itemDate, known, names, seconds } from './values.ts'

/** An album as `AlbumID3`. */
export function albumId3(album: Album, rendering: Rendering): Tree {
  const cover = coverId('album', album, rendering)
  const full = {
    id: encodeId('album', album.id),
    name: album.name,
    artist: album.artist,
    artistId: encodeId('artist', album.artistId),
    coverArt: cover,
    songCount: album.songCount,
    duration: seconds(album.durationMs),
    playCount: album.playCount,
    created: date(album.createdAt),
    starred: date(album.starredAt),
    year: known(yearOf(album)),
    genre: album.genres[0],
    version: album.version,
    played: date(album.playedAt),
    userRating: album.rating,
    averageRating: averageRating(album),
    recordLabels: names(album.recordLabels),
    musicBrainzId: album.musicBrainzId,
    genres: names(album.genres),
    artists: album.artists.map((artist) => ({ id: encodeId('artist', artist.id), name: artist.name })),
    displayArtist: album.artist,
    releaseTypes: album.releaseTypes,
    moods: album.moods,
    sortName: album.sortName || rendering.sortName(album.name),
    originalReleaseDate: itemDate(album.originalDate),
    releaseDate: itemDate(album.releaseDate),
    isCompilation: album.compilation,
    explicitStatus: explicitStatus(album.explicit),
    discTitles: album.discTitles.map(({ disc, title, cover: own }) => ({
      disc,
      title,
      coverArt: own ? coverId('album', { id: album.id, coverVersion: own }, rendering) : cover,
    })),
  }
  return rendering.view === 'full' ? full : inView('album', full, rendering.view)
}

const kept = new WeakMap<Album, { readonly item: Kept; readonly placeholderCovers: boolean }>()

/**
 * An album in a list. The library hands out the same entity until something about it changes, and the start pages of
 * clients ask for the same albums again and again: what was written once is kept as long as the entity.
 */
export function albumItem(album: Album, rendering: Rendering): ListItem {
  if (rendering.view !== 'full') return albumId3(album, rendering)
  const { placeholderCovers } = rendering
  const known = kept.get(album)
  if (known?.placeholderCovers === placeholderCovers) return known.item
  const item = new Kept(albumId3(album, rendering))
  kept.set(album, { item, placeholderCovers })
  return item
}

export function albumWithSongs(album: Album, songs: readonly Song[], rendering: Rendering): Tree {
  return { ...albumId3(album, rendering), song: mapList(songs, (song) => songChild(song, rendering)) }
}

/** An album as a directory: `Child` in lists of folder clients, with the fields of an album that they read as well. */
export function albumChild(album: Album, rendering: Rendering): Tree {
  const full = {
    id: encodeId('album', album.id),
    parent: encodeId('artist', album.artistId),
    isDir: true,
    title: album.name,
    name: album.name,
    coverArt: coverId('album', album, rendering),
    duration: seconds(album.durationMs),
    songCount: album.songCount,
    isVideo: false,
    userRating: known(album.rating),
    averageRating: averageRating(album),
    playCount: album.playCount,
    created: date(album.createdAt),
    starred: date(album.starredAt),
    played: date(album.playedAt),
    ...childOfAlbum(album, rendering),
  }
  return inView('child', full, rendering.view)
}

/** What a `Child` tells of the album that it is. */
export function childOfAlbum(album: Album, rendering: Rendering): Tree {
  return {
    album: album.name,
    artist: album.artist,
    year: known(yearOf(album)),
    genre: album.genres[0],
    albumId: encodeId('album', album.id),
    artistId: encodeId('artist', album.artistId),
    mediaType: 'album',
    sortName: album.sortName || rendering.sortName(album.name),
    musicBrainzId: album.musicBrainzId,
    genres: names(album.genres),
    moods: album.moods,
    artists: album.artists.map((artist) => ({ id: encodeId('artist', artist.id), name: artist.name })),
    displayArtist: album.artist,
    explicitStatus: explicitStatus(album.explicit),
  }
}

function yearOf(album: Album): number {
  return album.maxYear || album.minYear
}
