import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { AudioFormat, AudioSpec, AudioTags } from './audio/spec.ts'
import { writeAudio } from './audio.ts'

/** A song by its tags, or a whole spec under `audio`, or the bytes or text of any other file. */
export type LibraryEntry =
  | AudioTags
  | { readonly audio: Omit<AudioSpec, 'format'> & { format?: AudioFormat } }
  | Uint8Array
  | string

export type LibrarySpec = Readonly<Record<string, LibraryEntry>>

/** Writes files below `dir`: `{'Artist/Album/01 - Song.mp3': {title: 'Song'}, 'Artist/Album/cover.jpg': coverJpeg()}`. */
export async function makeMusicLibrary(dir: string, spec: LibrarySpec): Promise<void> {
  for (const [path, entry] of Object.entries(spec)) {
    const target = join(dir, path)
    if (typeof entry === 'string' || entry instanceof Uint8Array) {
      await mkdir(dirname(target), { recursive: true })
      await writeFile(target, entry)
    } else if (isAudio(entry)) await writeAudio(target, entry.audio)
    else await writeAudio(target, { tags: entry as AudioTags })
  }
}

function isAudio(entry: object): entry is { readonly audio: Omit<AudioSpec, 'format'> & { format?: AudioFormat } } {
  return 'audio' in entry
}

/** A temporary folder and how to remove it. */
export async function temporaryFolder(
  prefix = 'tonearm-music-',
): Promise<{ path: string; remove: () => Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), prefix))
  return { path, remove: () => rm(path, { recursive: true, force: true, maxRetries: 3 }) }
}

export interface GeneratedLibrary {
  readonly songs: number
  readonly albums: number
  readonly artists: number
}

const WORDS =
  'amber river stone cloud winter signal harbour velvet paper engine garden mirror northern silver echo'.split(' ')
const GENRES = ['Rock', 'Jazz', 'Electronic', 'Classical', 'Folk', 'Hip-Hop', 'Ambient', 'Metal']

/** A big library of small tagged MP3 files: 10 songs an album, 3 albums an artist, names from a seed-free pattern. */
export async function generateLibrary(
  dir: string,
  songs: number,
  formats: readonly AudioFormat[] = ['mp3'],
): Promise<GeneratedLibrary> {
  const albums = Math.ceil(songs / 10)
  const artists = Math.ceil(albums / 3)
  const word = (n: number) => WORDS[n % WORDS.length] as string
  for (let index = 0; index < songs; index++) {
    const album = Math.floor(index / 10)
    const artist = Math.floor(album / 3)
    const artistName = `${word(artist)} ${word(artist * 7 + 3)} ${artist}`
    const albumName = `${word(album * 3 + 1)} of ${word(album * 5)} ${album}`
    const title = `${word(index * 11)} ${word(index + 5)} ${index}`
    const track = (index % 10) + 1
    const format = formats[index % formats.length] as AudioFormat
    const path = join(dir, artistName, albumName, `${String(track).padStart(2, '0')} - ${title}.${format}`)
    await writeAudio(path, {
      format,
      tags: {
        title,
        artist: artistName,
        albumartist: artistName,
        album: albumName,
        tracknumber: track,
        date: 1960 + (album % 60),
        genre: GENRES[album % GENRES.length] as string,
      },
    })
  }
  return { songs, albums, artists }
}
