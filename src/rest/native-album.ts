import { encodeId } from '../base/ids.ts'
import type { Album } from '../library/entities.ts'
import type { AlbumDetails } from '../library/query/details.ts'
import type { RecordOptions } from './native-song.ts'
import {
  annotationFields,
  genreFields,
  imageFields,
  iso,
  participants,
  seconds,
  tagFields,
  unlessZero,
  yearOf,
} from './native-values.ts'

/** An album as Navidrome's native API writes it: counts and lists tell of the songs that the reader may see. */
export function nativeAlbum(album: Album, details: AlbumDetails, { serverPaths }: RecordOptions) {
  const original = yearOf(album.originalDate)
  return {
    id: encodeId('album', album.id),
    libraryId: album.libraryId,
    libraryPath: serverPaths ? details.libraryPath : '',
    libraryName: details.libraryName,
    name: album.name,
    albumArtistId: encodeId('artist', album.artistId),
    albumArtist: album.artist,
    maxYear: album.maxYear,
    minYear: album.minYear,
    date: unlessZero(album.date),
    maxOriginalYear: original,
    minOriginalYear: original,
    originalDate: unlessZero(album.originalDate),
    releaseDate: unlessZero(album.releaseDate),
    compilation: album.compilation,
    songCount: album.songCount,
    duration: seconds(album.durationMs),
    size: album.size,
    discs:
      album.discTitles.length === 0
        ? undefined
        : Object.fromEntries(album.discTitles.map(({ disc, title }) => [String(disc), title])),
    sortAlbumName: unlessZero(album.sortName),
    sortAlbumArtistName: unlessZero(details.sortAlbumArtistName),
    orderAlbumName: details.orderAlbumName,
    orderAlbumArtistName: details.orderAlbumArtistName,
    catalogNum: unlessZero(album.catalogNumber),
    mbzAlbumId: unlessZero(album.musicBrainzId),
    mbzAlbumArtistId: unlessZero(details.albumArtistMusicBrainzId),
    mbzAlbumType: album.releaseTypes[0],
    mbzAlbumComment: unlessZero(album.version),
    mbzReleaseGroupId: unlessZero(album.musicBrainzReleaseGroupId),
    explicitStatus: album.explicit,
    rgAlbumGain: null,
    rgAlbumPeak: null,
    externalInfoUpdatedAt: null,
    ...genreFields(album.genres, details.genreIds),
    tags: tagFields(
      {
        genre: album.genres,
        mood: album.moods,
        recordlabel: album.recordLabels,
        releasetype: album.releaseTypes,
        albumversion: album.version === '' ? [] : [album.version],
      },
      details.tags,
    ),
    participants: participants(details.participants),
    missing: false,
    importedAt: iso(album.createdAt),
    createdAt: iso(album.createdAt),
    updatedAt: iso(album.updatedAt),
    ...annotationFields(album, details.ratedAt),
    ...imageFields(album.coverVersion),
  }
}

export type NativeAlbum = ReturnType<typeof nativeAlbum>
