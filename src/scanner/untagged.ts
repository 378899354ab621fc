import { baseNameOf } from '../audio/formats.ts'

export interface PathNames {
  readonly title: string
  readonly track: number
  readonly disc: number
  /** '' = the path does not tell. */
  readonly album: string
  readonly artist: string
}

const DISC_FOLDER = /^(?:cd|dis[ck]|lp|vinyl|side|part|vol(?:ume)?)[ ._-]*0*(\d{1,2})\b/i

/** The folder of an album whose songs lie in this one: of a disc the folder above. */
export function albumFolderOf(folder: string): string {
  const at = folder.lastIndexOf('/')
  return at > 0 && DISC_FOLDER.test(folder.slice(at + 1).normalize('NFC')) ? folder.slice(0, at) : folder
}

/** `1-03 - Title`, `03. Title`, `03 Title`; without a mark only numbers that look like tracks (`99 Luftballons` is a title). */
const NUMBERED = /^(?:(\d{1,2})[-.](?=\d))?(?:(\d{1,3})\s*[-.)]\s*|(0\d|[1-3]\d)\s+)(?=\S)(.+)$/

/**
 * What a path tells of a song without tags: `Artist/Album/1-03 - Title.mp3`, with or without the parts. A folder named
 * like a disc belongs to the album above it.
 */
export function namesFromPath(path: string): PathNames {
  const parts = path.split('/').map((part) => part.normalize('NFC'))
  const file = baseNameOf(parts.pop() ?? '')
    .replace(/_/g, ' ')
    .trim()
  let disc = 0
  const discFolder = DISC_FOLDER.exec(parts.at(-1) ?? '')
  if (discFolder && parts.length > 1) {
    disc = Number(discFolder[1])
    parts.pop()
  }
  const album = parts.pop() ?? ''
  const folderArtist = parts.pop() ?? ''
  const numbered = NUMBERED.exec(file)
  const rest = numbered?.[4] ?? file
  if (numbered?.[1]) disc = Number(numbered[1])
  const track = Number(numbered?.[2] ?? numbered?.[3] ?? 0)
  const dashed = / - /.test(album) && folderArtist === '' ? album.split(' - ') : undefined
  return {
    title: rest || file,
    track,
    disc,
    album: dashed ? dashed.slice(1).join(' - ') : album,
    artist: dashed ? (dashed[0] as string) : folderArtist,
  }
}
