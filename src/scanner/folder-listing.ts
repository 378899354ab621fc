import { createHash } from 'node:crypto'

export interface ListedFile {
  readonly name: string
  readonly size: number
  readonly mtimeMs: number
}

/** A folder as the walker found it. Names as on the disk, relative paths with `/`. */
export interface FolderListing {
  /** '' = the library's root. */
  readonly path: string
  readonly mtimeMs: number
  readonly audio: readonly ListedFile[]
  readonly images: readonly ListedFile[]
  readonly playlists: readonly ListedFile[]
  /** Names of lyrics files. */
  readonly lyrics: readonly string[]
  /** Paths of the folders in it that are not ignored. */
  readonly folders: readonly string[]
  /** Changes when any file that matters does; says nothing of where the folder lies. */
  readonly signature: string
}

export interface WalkProblem {
  readonly path: string
  readonly reason: string
  /** A folder that could not be read: nothing is known of what is below it. */
  readonly hidesBelow: boolean
}

export function signatureOf(listing: Pick<FolderListing, 'audio' | 'images' | 'lyrics'>): string {
  const parts = [listing.audio, listing.images].map((files) =>
    files.map(({ name, size, mtimeMs }) => `${name}\0${size}\0${mtimeMs}`).join('\n'),
  )
  return createHash('sha256')
    .update(`1\n${parts.join('\n\n')}\n\n${listing.lyrics.join('\n')}`)
    .digest('base64url')
    .slice(0, 22)
}

export function joinPath(folder: string, name: string): string {
  return folder === '' ? name : `${folder}/${name}`
}

/** The folder a path lies in; '' for the root and for what lies directly in it. */
export function parentOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')))
}

export function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1)
}
