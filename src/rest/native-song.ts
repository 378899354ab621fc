import { encodeId } from '../base/ids.ts'
import type { EmbeddedLyrics, Song } from '../library/entities.ts'
import type { SongDetails } from '../library/query/details.ts'
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

export interface RecordOptions {
  /** Tell where a library lies on the server's disk: for administrators. */
  readonly serverPaths: boolean
}

/** A song as Navidrome's native API writes it. Fields that are `undefined` are left out of the JSON. */
export function nativeSong(song: Song, details: SongDetails, { serverPaths }: RecordOptions) {
  const { genre, genres } = genreFields(song.genres, details.genreIds)
  return {
    id: encodeId('song', song.id),
    libraryId: song.libraryId,
    libraryPath: serverPaths ? details.libraryPath : '',
    libraryName: details.libraryName,
    folderId: encodeId('folder', song.folderId),
    path: song.path,
    title: song.title,
    album: song.album,
    artistId: encodeId('artist', song.artistId),
    artist: song.artist,
    albumArtistId: encodeId('artist', song.albumArtistId),
    albumArtist: song.albumArtist,
    albumId: encodeId('album', song.albumId),
    hasCoverArt: song.hasEmbeddedCover,
    trackNumber: song.trackNumber,
    discNumber: song.discNumber,
    discSubtitle: unlessZero(song.discSubtitle),
    year: song.year,
    date: unlessZero(song.date),
    originalYear: yearOf(song.originalDate),
    originalDate: unlessZero(song.originalDate),
    releaseYear: yearOf(song.releaseDate),
    releaseDate: unlessZero(song.releaseDate),
    size: song.size,
    suffix: song.suffix,
    duration: seconds(song.durationMs),
    bitRate: song.bitRate,
    sampleRate: song.sampleRate,
    bitDepth: unlessZero(song.bitDepth),
    channels: song.channels,
    codec: song.codec,
    genre,
    genres: genres.length === 0 ? undefined : genres,
    sortTitle: unlessZero(song.sortTitle),
    sortAlbumName: unlessZero(details.sortAlbumName),
    sortArtistName: unlessZero(details.sortArtistName),
    sortAlbumArtistName: unlessZero(details.sortAlbumArtistName),
    orderTitle: unlessZero(details.orderTitle),
    orderAlbumName: details.orderAlbumName,
    orderArtistName: details.orderArtistName,
    orderAlbumArtistName: details.orderAlbumArtistName,
    compilation: song.compilation,
    comment: unlessZero(song.comment),
    lyrics: lyricsText(details.lyrics),
    bpm: unlessZero(song.bpm),
    explicitStatus: song.explicit,
    catalogNum: unlessZero(details.catalogNumber),
    mbzRecordingID: unlessZero(song.musicBrainzRecordingId),
    mbzReleaseTrackId: unlessZero(song.musicBrainzTrackId),
    mbzAlbumId: unlessZero(details.albumMusicBrainzId),
    mbzReleaseGroupId: unlessZero(details.releaseGroupMusicBrainzId),
    mbzArtistId: unlessZero(details.artistMusicBrainzId),
    mbzAlbumArtistId: unlessZero(details.albumArtistMusicBrainzId),
    mbzAlbumType: details.tags.releasetype?.[0],
    mbzAlbumComment: unlessZero(details.albumVersion),
    rgAlbumGain: song.replayGain.albumGain ?? null,
    rgAlbumPeak: song.replayGain.albumPeak ?? null,
    rgTrackGain: song.replayGain.trackGain ?? null,
    rgTrackPeak: song.replayGain.trackPeak ?? null,
    tags: tagFields(
      { genre: song.genres, mood: song.moods, grouping: song.groupings, isrc: song.isrc, ...workTags(song) },
      details.tags,
    ),
    participants: participants(song.credits),
    missing: song.missing,
    birthTime: iso(song.createdAt),
    createdAt: iso(song.createdAt),
    updatedAt: iso(song.mtimeMs) ?? iso(song.updatedAt),
    bookmarkPosition: song.bookmarkPositionMs ?? 0,
    ...annotationFields(song, details.ratedAt),
    ...imageFields(song.coverVersion),
  }
}

export type NativeSong = ReturnType<typeof nativeSong>

function workTags({ works, movements }: Song): Readonly<Record<string, readonly string[]>> {
  return { work: works.map(({ name }) => name), movementname: movements.map(({ name }) => name) }
}

/** Structured lyrics as a text of JSON, which is how clients read it. */
function lyricsText(versions: readonly EmbeddedLyrics[]): string {
  const sung = versions.filter(({ kind = 'main' }) => kind === 'main')
  if (sung.length === 0) return '[]'
  return JSON.stringify(
    sung.map(({ lang, synced, offsetMs, lines }) => ({
      lang: lang === 'und' ? 'xxx' : lang,
      line: lines.map(({ ms, text }) => ({ start: ms, value: text })),
      offset: unlessZero(offsetMs),
      synced,
    })),
  )
}
