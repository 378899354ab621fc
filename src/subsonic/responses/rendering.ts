import type { Song } from '../../library/entities.ts'
import type { Tree } from '../tree.ts'

/**
 * How much a client is told. `legacy`: what the schema 1.16.1 knows, for clients that stumble over anything else.
 * `minimal`: songs are id, title and isDir, for clients with a few KB of memory; the rest as `legacy`.
 */
export type View = 'full' | 'legacy' | 'minimal'

/** What the constructors in this folder need to know about the request and the server. */
export interface Rendering {
  readonly view: View
  /** Song paths as on disk. */
  readonly realPaths: boolean
  /** `coverArt` also of what has no picture: a placeholder will be sent. */
  readonly placeholderCovers: boolean
  /** Jamstash plays flac only when it is told that it is mp3. */
  readonly flacAsMp3: boolean
  contentTypeOf(suffix: string): string
  /** What has no sort tag is sorted by: clients build their A to Z of it. */
  sortName(name: string): string
  /** What the client would get unasked; undefined = the file as it is. */
  transcodedAs(song: Song): { readonly suffix: string; readonly contentType: string } | undefined
}

const CHILD = new Set(
  (
    'id parent isDir title album artist track year genre coverArt size contentType suffix transcodedContentType ' +
    'transcodedSuffix duration bitRate path isVideo userRating averageRating playCount discNumber created starred ' +
    'albumId artistId type bookmarkPosition'
  ).split(' '),
)

/** The fields of each type that the schema 1.16.1 knows. */
const CLASSIC = {
  child: CHILD,
  album: new Set('id name artist artistId coverArt songCount duration playCount created starred year genre'.split(' ')),
  artist: new Set('id name coverArt albumCount starred'.split(' ')),
  folderArtist: new Set('id name starred userRating averageRating'.split(' ')),
  playlist: new Set('id name comment owner public songCount duration created changed coverArt'.split(' ')),
  radio: new Set('id name streamUrl homePageUrl'.split(' ')),
  scanStatus: new Set(['scanning', 'count']),
  player: new Set(['username', 'minutesAgo', 'playerId', 'playerName']),
} as const satisfies Record<string, ReadonlySet<string>>

const MINIMAL_CHILD: ReadonlySet<string> = new Set(['id', 'isDir', 'title'])

/** The whole answer, or what the client's view leaves of it. */
export function inView(type: keyof typeof CLASSIC, full: Tree, view: View): Tree {
  if (view === 'full') return full
  const kept = view === 'minimal' && type === 'child' ? MINIMAL_CHILD : CLASSIC[type]
  return Object.fromEntries(Object.entries(full).filter(([key]) => kept.has(key)))
}
