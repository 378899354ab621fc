/**
 * Figures for plugins: about the library as a user sees it, about the server, and what plays count for. Part of
 * `tonearm/plugin`. Times are ms since 1970.
 */
export interface Statistics {
  /** As the user `as` sees it; walks the library when it has changed since it was asked for last. */
  library(as: string, options?: StatisticsScope): Promise<LibraryFigures>
  /** Those that the user `as` sees, in the order given; ids are public ones, of genres their number. At most 500 a call. */
  names(kind: NamedKind, ids: readonly (string | number)[], as: string): Promise<readonly NamedItem[]>
  /** Songs that the user `as` sees and never played; with `everybody` those that nobody did. Newest first. */
  unplayed(as: string, query?: UnplayedQuery): Promise<{ readonly count: number; readonly ids: readonly string[] }>
}

export type NamedKind = 'song' | 'album' | 'artist' | 'genre'

export interface StatisticsScope {
  /** Only these, of those that the user may see. */
  readonly libraries?: readonly number[]
}

export interface UnplayedQuery extends StatisticsScope {
  readonly everybody?: boolean
  /** Default 0: the count alone; at most 500. */
  readonly limit?: number
  readonly offset?: number
}

export interface NamedItem {
  readonly id: string | number
  readonly name: string
  /** Of songs and albums; else ''. */
  readonly artist: string
  /** Of songs; else ''. */
  readonly album: string
}

export interface LibraryFigures {
  readonly songs: number
  readonly albums: number
  readonly artists: number
  readonly durationMs: number
  readonly bytes: number
  readonly formats: readonly {
    readonly suffix: string
    readonly songs: number
    readonly durationMs: number
    readonly bytes: number
  }[]
  /** kbit/s, from the lower bound on; 0 = unknown or less than the next. */
  readonly bitRates: readonly { readonly from: number; readonly songs: number }[]
  /** 0 = without a year. */
  readonly decades: readonly { readonly decade: number; readonly songs: number }[]
  readonly genres: readonly { readonly name: string; readonly songs: number }[]
  /** When songs came, by quarter of an hour: every time zone begins its days at such. */
  readonly added: readonly { readonly at: number; readonly songs: number; readonly bytes: number }[]
  /** Same artist, title and length to the second; `ids` of at most 100 groups. */
  readonly duplicates: {
    readonly groups: number
    readonly songs: number
    readonly ids: readonly (readonly string[])[]
  }
  /** Neither artist nor album. */
  readonly untagged: number
  readonly withoutGenre: number
  readonly withoutYear: number
  readonly withoutCover: number
  readonly albumsWithoutCover: number
  /** Songs whose files are gone and wait to come back; undefined where rules narrow what the user sees. */
  readonly missing: number | undefined
}

/** What the plays of a song count for. Ids alone: names are for those who may see them. */
export interface PlayCredits {
  readonly mediaId: string
  readonly libraryId: number
  readonly albumId: string
  readonly artistIds: readonly string[]
  readonly genreIds: readonly number[]
  readonly durationMs: number
}

/** The server as it runs now. Behind the permission `server:read`. */
export interface ServerReader {
  /** As it is now. */
  figures(): Promise<ServerFigures>
}

export interface ServerFigures {
  readonly version: string
  readonly startedAt: number
  readonly node: string
  readonly platform: string
  readonly arch: string
  readonly memory: { readonly rss: number; readonly heapUsed: number; readonly external: number }
  readonly cpuMs: number
  readonly database: { readonly bytes: number; readonly walBytes: number }
  readonly scan: {
    readonly scanning: boolean
    readonly count: number
    readonly lastScanAt: number | undefined
    readonly lastError: string | undefined
  }
  readonly users: number
  readonly libraries: number
  /** Streams that are being sent. */
  readonly streams: number
  /** Undefined without an engine. */
  readonly transcoding:
    | {
        readonly engine: string
        readonly running: number
        readonly waiting: number
        readonly cacheBytes: number
        readonly cachedSongs: number
      }
    | undefined
}
