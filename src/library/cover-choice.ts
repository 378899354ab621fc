import { createHash } from 'node:crypto'
import type { FolderId, SongId } from '../base/ids.ts'

/**
 * Which picture is whose: the scanner asks it for the versions it stores, the artwork room for what it opens, so both
 * agree. Pure: names in, candidates out, best first; the next one counts when a picture can't be read.
 */
export type CoverCandidate =
  | { readonly kind: 'file'; readonly folderId: FolderId; readonly name: string }
  | { readonly kind: 'embedded'; readonly songId: SongId }

type FileCandidate = Extract<CoverCandidate, { readonly kind: 'file' }>

/** A folder and the names of the pictures in it. */
export interface ImageFolder {
  readonly id: FolderId
  readonly images: readonly string[]
}

/**
 * The settings `artwork.*Priority`: patterns of file names with `*` and `?`, any case, best first; `embedded` stands for
 * the picture in the music file, and `album/artist.*` of `artist` for a file in the folders of the artist's albums.
 */
export interface CoverPriority {
  readonly album: readonly string[]
  readonly disc: readonly string[]
  readonly artist: readonly string[]
}

export const EMBEDDED = 'embedded'
const IMAGE_NAME = /^[^.].*\.(jpe?g|jfif|png|gif|webp|avif)$/i

/** Whether a file counts as a picture by its name. Hidden files (`._cover.jpg` of macOS) do not; SVG never does. */
export function isImageName(name: string): boolean {
  return IMAGE_NAME.test(name)
}

/**
 * An album's cover.
 * `folders`: the album's own folder (of several discs: their common parent), then those of its discs in order.
 * `embedded`: its first song, by disc and track, that has a picture.
 */
export function albumCover(
  album: { readonly folders: readonly ImageFolder[]; readonly embedded: SongId | undefined },
  priority: CoverPriority,
): readonly CoverCandidate[] {
  return priority.album.flatMap((pattern): readonly CoverCandidate[] => {
    if (pattern !== EMBEDDED) return album.folders.flatMap((folder) => matching(folder, pattern))
    return album.embedded === undefined ? [] : [{ kind: 'embedded' as const, songId: album.embedded }]
  })
}

/** A disc of an album, as one folder of its songs shows it. */
export interface Disc {
  readonly number: number
  /** Where its songs lie. */
  readonly folder: ImageFolder
  /** The album's own folder. */
  readonly albumFolder: ImageFolder | undefined
  /** Its first song that has a picture. */
  readonly embedded: SongId | undefined
  /** As `albumCover` answered. */
  readonly album: readonly CoverCandidate[]
}

/**
 * A disc's cover, else its album's. A name with a number must name the disc, and may lie in the album's folder as well; one
 * without counts only in a folder of the disc's own, below the album's.
 */
export function discCover(disc: Disc, priority: CoverPriority): readonly CoverCandidate[] {
  return unique([...ofDisc(disc, priority, true), ...disc.album])
}

/**
 * A song's cover: its own picture (`embedded`), else its disc's, else its album's. What is in other songs of the disc
 * counts where the disc has a folder of its own.
 */
export function songCover(
  song: { readonly embedded: SongId | undefined; readonly disc: Disc },
  priority: CoverPriority,
): readonly CoverCandidate[] {
  const { embedded, disc } = song
  const own: readonly CoverCandidate[] =
    embedded !== undefined && priority.album.includes(EMBEDDED) ? [{ kind: 'embedded', songId: embedded }] : []
  const inDiscFolder = disc.folder.id !== disc.albumFolder?.id
  return unique([...own, ...ofDisc(disc, priority, inDiscFolder), ...disc.album])
}

function ofDisc(disc: Disc, priority: CoverPriority, withEmbedded: boolean): readonly CoverCandidate[] {
  const { folder, albumFolder, embedded } = disc
  const inDiscFolder = folder.id !== albumFolder?.id
  const numberOf = ({ name }: FileCandidate) => /^[a-z]+[ _-]?(\d+)/i.exec(name)?.[1]
  return priority.disc.flatMap((pattern): readonly CoverCandidate[] => {
    if (pattern === EMBEDDED)
      return withEmbedded && embedded !== undefined ? [{ kind: 'embedded', songId: embedded }] : []
    const here = matching(folder, pattern).filter((candidate) => {
      const number = numberOf(candidate)
      return number === undefined ? inDiscFolder : Number(number) === disc.number
    })
    const above = inDiscFolder && albumFolder ? matching(albumFolder, pattern) : []
    return [...here, ...above.filter((candidate) => Number(numberOf(candidate) ?? -1) === disc.number)]
  })
}

/**
 * An artist's own picture.
 * `folders`: the artist's folders (above those of the albums that are theirs alone), nearest first.
 * `albumFolders`: the folders of these albums.
 */
export function artistCover(
  artist: { readonly folders: readonly ImageFolder[]; readonly albumFolders: readonly ImageFolder[] },
  priority: CoverPriority,
): readonly CoverCandidate[] {
  return unique(
    priority.artist.flatMap((pattern) =>
      pattern.startsWith('album/')
        ? artist.albumFolders.flatMap((folder) => matching(folder, pattern.slice('album/'.length)))
        : artist.folders.flatMap((folder) => matching(folder, pattern)),
    ),
  )
}

/** A folder's cover: a picture in it, else that of the album of its first song (`album`; [] when it holds none). */
export function folderCover(
  folder: ImageFolder,
  album: readonly CoverCandidate[],
  priority: CoverPriority,
): readonly CoverCandidate[] {
  const own = [...priority.album, ...priority.artist].flatMap((pattern) =>
    pattern === EMBEDDED ? [] : matching(folder, pattern),
  )
  return unique([...own, ...album])
}

/**
 * The version of a cover: 16 hex digits. Equal versions promise the equal picture, so give it what tells the bytes:
 * of a file its library, path, size and mtime; of an embedded picture a hash of its bytes, so that all songs of an album
 * share one version and one stored thumbnail.
 */
export function coverVersion(facts: readonly (string | number)[]): string {
  return createHash('sha256').update(JSON.stringify(facts)).digest('hex').slice(0, 16)
}

/** Shorter names first: `cover.jpg` is the cover, `cover.1.jpg` and `cover-back.jpg` come after it. */
function matching(folder: ImageFolder, pattern: string): readonly FileCandidate[] {
  const matcher = toMatcher(pattern)
  return folder.images
    .filter((name) => isImageName(name) && matcher.test(name))
    .sort((a, b) => a.length - b.length || (a < b ? -1 : 1))
    .map((name) => ({ kind: 'file', folderId: folder.id, name }))
}

function toMatcher(pattern: string): RegExp {
  const source = pattern
    .replace(/[\\^$.+()[\]{}|]/g, '\\$&')
    .replace(/\*+/g, '.*')
    .replace(/\?/g, '.')
  return new RegExp(`^${source}$`, 'iu')
}

function unique(candidates: readonly CoverCandidate[]): readonly CoverCandidate[] {
  const seen = new Set<string>()
  return candidates.filter((candidate) => {
    const key = candidate.kind === 'file' ? `f${candidate.folderId}/${candidate.name}` : `e${candidate.songId}`
    return !seen.has(key) && seen.add(key)
  })
}
