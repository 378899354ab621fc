import { encodeId } from '../../base/ids.ts'
import type { CreditRole, Song } from '../../library/entities.ts'
import type { Tree } from '../tree.ts'
import { inView, type Rendering } from './rendering.ts'
import { averageRating, coverId, date, explicitStatus, known, names, seconds } from './values.ts'

/** A song as `Child`. */
export function songChild(song: Song, rendering: Rendering): Tree {
  const id = encodeId('song', song.id)
  if (rendering.view === 'minimal') return { id, isDir: false, title: song.title }
  const alias = rendering.flacAsMp3 && song.suffix === 'flac' ? 'mp3' : song.suffix
  const transcoded = rendering.transcodedAs(song)
  const full = {
    id,
    parent: encodeId('folder', song.folderId),
    isDir: false,
    title: song.title,
    album: song.album,
    artist: song.artist,
    track: known(song.trackNumber),
    year: known(song.year),
    genre: song.genres[0],
    coverArt: songCover(song, rendering),
    size: song.size,
    contentType: rendering.contentTypeOf(alias),
    suffix: alias,
    transcodedContentType: transcoded?.contentType,
    transcodedSuffix: transcoded?.suffix,
    duration: seconds(song.durationMs),
    bitRate: song.bitRate,
    path: rendering.realPaths ? song.path : syntheticPath(song),
    isVideo: false,
    userRating: known(song.rating),
    averageRating: averageRating(song),
    playCount: song.playCount,
    discNumber: song.discNumber,
    created: date(song.createdAt),
    starred: date(song.starredAt),
    albumId: encodeId('album', song.albumId),
    artistId: encodeId('artist', song.artistId),
    type: 'music',
    bookmarkPosition: song.bookmarkPositionMs,
    mediaType: 'song',
    played: date(song.playedAt),
    bpm: song.bpm,
    comment: song.comment,
    sortName: song.sortTitle,
    musicBrainzId: song.musicBrainzRecordingId,
    isrc: song.isrc,
    genres: names(song.genres),
    replayGain: { ...song.replayGain },
    channelCount: song.channels,
    samplingRate: song.sampleRate,
    bitDepth: song.bitDepth,
    moods: song.moods,
    artists: credited(song, 'artist'),
    displayArtist: song.artist,
    albumArtists: credited(song, 'albumartist'),
    displayAlbumArtist: song.albumArtist,
    contributors: contributors(song),
    displayComposer: song.credits
      .filter((credit) => credit.role === 'composer')
      .map((credit) => credit.name)
      .join(', '),
    explicitStatus: explicitStatus(song.explicit),
    groupings: song.groupings,
    works: song.works.map((work) => ({ name: work.name, musicBrainzId: work.musicBrainzId })),
    movements: song.movements.map(({ name, number, count }) => ({ name, number, count })),
  }
  return rendering.view === 'full' ? full : inView('child', full, rendering.view)
}

/** Its own picture, else its album's: clients keep one picture for an album whose songs have none of their own. */
function songCover(song: Song, rendering: Rendering): string | undefined {
  return song.hasEmbeddedCover
    ? coverId('song', song, rendering)
    : coverId('album', { id: song.albumId, coverVersion: song.coverVersion }, rendering)
}

function credited(song: Song, role: CreditRole): readonly Tree[] {
  return song.credits
    .filter((credit) => credit.role === role)
    .map((credit) => ({ id: encodeId('artist', credit.id), name: credit.name }))
}

function contributors(song: Song): readonly Tree[] {
  return song.credits
    .filter((credit) => credit.role !== 'artist' && credit.role !== 'albumartist')
    .map((credit) => ({
      role: credit.role,
      subRole: known(credit.subRole),
      artist: { id: encodeId('artist', credit.id), name: credit.name },
    }))
}

/** `Album artist/Album/[D-]NN - Title.ext`: clients name downloads by it, and it hides how the disk is laid out. */
function syntheticPath(song: Song): string {
  const track = song.trackNumber > 0 ? `${String(song.trackNumber).padStart(2, '0')} - ` : ''
  const disc = song.discNumber > 1 && track ? `${song.discNumber}-` : ''
  const file = `${disc}${track}${song.title}.${song.suffix}`
  return [song.albumArtist, song.album, file].map(pathSegment).join('/')
}

function pathSegment(name: string): string {
  const safe = name.replace(/[/\\\u0000-\u001f]/g, '_').trim()
  return safe === '' || /^\.+$/.test(safe) ? '_' : safe
}
