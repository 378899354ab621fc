import { encodeId } from '../../base/ids.ts'
import type { Song } from '../../library/entities.ts'
import type { Tree } from '../tree.ts'
import { inView, type Rendering } from './rendering.ts'
import { averageRating, coverId, date, explicitStatus, known, names, seconds } from './values.ts'

/** A song as `Child`. */
export function songChild(song: Song, rendering: Rendering): Tree {
  const id = encodeId('song', song.id)
  if (rendering.view === 'minimal') return { id, isDir: false, title: song.title }
  const alias = rendering.flacAsMp3 && song.suffix === 'flac' ? 'mp3' : song.suffix
  const transcoded = rendering.transcodedAs(song)
  const { artists, albumArtists, contributors, displayComposer } = sortCredits(song)
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
    sortName: song.sortTitle || rendering.sortName(song.title),
    musicBrainzId: song.musicBrainzRecordingId,
    isrc: song.isrc,
    genres: names(song.genres),
    replayGain: { ...song.replayGain },
    channelCount: song.channels,
    samplingRate: song.sampleRate,
    bitDepth: song.bitDepth,
    moods: song.moods,
    artists,
    displayArtist: song.artist,
    albumArtists,
    displayAlbumArtist: song.albumArtist,
    contributors,
    displayComposer,
    explicitStatus: explicitStatus(song.explicit),
    groupings: song.groupings,
    works: song.works.map((work) => ({ name: work.name, musicBrainzId: work.musicBrainzId })),
    movements: song.movements.map(({ name, number, count }) => ({ name, number, count })),
  }
  return rendering.view === 'full' ? full : inView('child', full, rendering.view)
}

/** Whatever it shows, its own, its disc's or its album's picture: the album's id and the version, so that one picture has one id. */
export function songCover(song: Song, rendering: Rendering): string | undefined {
  return coverId('album', { id: song.albumId, coverVersion: song.coverVersion }, rendering)
}

interface Credits {
  readonly artists: Tree[]
  readonly albumArtists: Tree[]
  readonly contributors: Tree[]
  readonly displayComposer: string
}

/** One walk: songs are the most of what clients ask for. */
function sortCredits({ credits }: Song): Credits {
  const artists: Tree[] = []
  const albumArtists: Tree[] = []
  const contributors: Tree[] = []
  let displayComposer = ''
  for (const { role, subRole, id, name } of credits) {
    const artist = { id: encodeId('artist', id), name }
    if (role === 'artist') artists.push(artist)
    else if (role === 'albumartist') albumArtists.push(artist)
    else contributors.push({ role, subRole: known(subRole), artist })
    if (role === 'composer') displayComposer += displayComposer === '' ? name : `, ${name}`
  }
  return { artists, albumArtists, contributors, displayComposer }
}

/** `Album artist/Album/[D-]NN - Title.ext`: clients name downloads by it, and it hides how the disk is laid out. */
function syntheticPath(song: Song): string {
  const track = song.trackNumber > 0 ? `${String(song.trackNumber).padStart(2, '0')} - ` : ''
  const disc = song.discNumber > 1 && track ? `${song.discNumber}-` : ''
  const file = `${disc}${track}${song.title}.${song.suffix}`
  return `${pathSegment(song.albumArtist)}/${pathSegment(song.album)}/${pathSegment(file)}`
}

/** Nothing in it that could lead elsewhere: the usual case, by one look. */
const HARMLESS = /^[^\s./\\\u0000-\u001f][^/\\\u0000-\u001f]*$/

function pathSegment(name: string): string {
  if (HARMLESS.test(name) && !name.endsWith(' ')) return name
  const safe = name.replace(/[/\\\u0000-\u001f]/g, '_').trim()
  return safe === '' || /^\.+$/.test(safe) ? '_' : safe
}
