import type { AlbumId, ArtistId, GenreId, LibraryId } from '../base/ids.ts'
import type { ScanAlbums } from '../library/scan-albums.ts'
import type { KnownFolder, ScanFolders } from '../library/scan-folders.ts'
import type { ScanIdentity } from '../library/scan-identity.ts'
import type { ScanNames } from '../library/scan-names.ts'
import type { SongWrite } from '../library/scan-songs.ts'
import { genrePass, type ScanStats } from '../library/scan-stats.ts'
import type { CoverVersions } from './cover-versions.ts'
import type { TimeSlices } from './time-slices.ts'

export interface AggregatesOptions {
  readonly libraryId: LibraryId
  readonly albums: ScanAlbums
  readonly names: ScanNames
  readonly stats: ScanStats
  readonly folders: ScanFolders
  readonly identity: ScanIdentity
  readonly covers: CoverVersions
  readonly slices: TimeSlices
  readonly now: () => number
  readonly flushPlays: () => void
}

/** Albums and artists that changed so many songs ago are brought up to date while the scan goes on. */
const SETTLED_AFTER = 200
const AT_ONCE = 40

/** Old id → new id → songs that went that way. */
type Ways<Id> = Map<Id, Map<Id, number>>

/** Notes what songs that were written hang on, and brings albums, artists, genres and folders in step with them. */
export class Aggregates {
  readonly #options: AggregatesOptions
  /** With the number of the write that touched them last, in that order. */
  readonly #albums = new Map<AlbumId, number>()
  readonly #artists = new Map<ArtistId, number>()
  readonly #genres = new Set<GenreId>()
  readonly #folders = new Set<KnownFolder>()
  readonly #albumWays: Ways<AlbumId> = new Map()
  readonly #artistWays: Ways<ArtistId> = new Map()
  /** Albums of copies, with the songs that became older ones. */
  readonly #heirs = new Map<AlbumId, number>()
  #writes = 0

  constructor(options: AggregatesOptions) {
    this.#options = options
  }

  touch(write: Pick<SongWrite, 'albums' | 'artists' | 'genres'> & Partial<Pick<SongWrite, 'before' | 'after'>>): void {
    this.#writes++
    for (const id of write.albums) this.touchAlbum(id)
    for (const id of write.artists) this.touchArtist(id)
    for (const id of write.genres) this.#genres.add(id)
    const { before, after } = write
    if (!before || !after) return
    if (before.albumId !== after.albumId) count(this.#albumWays, before.albumId, after.albumId)
    if (before.artistId !== after.artistId) count(this.#artistWays, before.artistId, after.artistId)
    if (before.albumArtistId !== after.albumArtistId) count(this.#artistWays, before.albumArtistId, after.albumArtistId)
  }

  /** A song of an album became its copy on another one, with all that people did with it. */
  inherited(from: AlbumId, to: AlbumId): void {
    count(this.#albumWays, from, to)
    this.#heirs.set(to, (this.#heirs.get(to) ?? 0) + 1)
    this.touchAlbum(to)
  }

  touchAlbum(id: AlbumId): void {
    this.#albums.delete(id)
    this.#albums.set(id, this.#writes)
  }

  touchArtist(id: ArtistId): void {
    this.#artists.delete(id)
    this.#artists.set(id, this.#writes)
  }

  touchFolder(folder: KnownFolder): void {
    this.#folders.add(folder)
  }

  /** After a scan that was killed: nobody knows any more what it had touched. */
  touchEverything(all: Pick<SongWrite, 'albums' | 'artists' | 'genres'>, folders: Iterable<KnownFolder>): void {
    this.touch(all)
    for (const folder of folders) this.#folders.add(folder)
  }

  /** While songs are still coming: what has been quiet for a while, so that a first scan shows albums early. */
  async refreshSettled(): Promise<void> {
    const limit = this.#writes - SETTLED_AFTER
    // A retag may bring songs back to where they were: nothing may be removed before all ways are known.
    if (this.#albumWays.size > 0 || this.#artistWays.size > 0) return
    await this.#refreshAlbums(takeSettled(this.#albums, limit, AT_ONCE))
    await this.#refreshArtists(takeSettled(this.#artists, limit, AT_ONCE))
  }

  /** When all songs are written. `all` are the folders of the library by path. */
  async refreshAll(all: ReadonlyMap<string, KnownFolder>): Promise<void> {
    const { slices } = this.#options
    await this.#keepIdentities()
    await this.#refreshAlbums(takeSettled(this.#albums, this.#writes))
    await this.#refreshArtists(takeSettled(this.#artists, this.#writes))
    const passes = [...this.#genres].map(genrePass)
    while (passes.length > 0)
      await slices.write(passes.splice(0), (pass) => {
        if (this.#options.stats.refreshGenre(pass)) passes.push(pass)
      })
    await slices.write([this.#genres], (genres) => this.#options.names.removeUnusedGenres(genres))
    await this.#countFolders(all)
    await this.#options.covers.refreshFolders([...this.#folders])
    await slices.write([this.#options.libraryId], (id) => {
      this.#options.folders.prune(id)
      this.#options.stats.refreshLibrary(id)
    })
  }

  async #refreshAlbums(ids: readonly AlbumId[]): Promise<void> {
    const { slices, albums, covers, now } = this.#options
    const visible: AlbumId[] = []
    await slices.write(ids, (id) => {
      if (albums.refresh(id, now())) visible.push(id)
    })
    await covers.refreshAlbums(visible)
  }

  async #refreshArtists(ids: readonly ArtistId[]): Promise<void> {
    const { slices, stats, covers, now } = this.#options
    const visible: ArtistId[] = []
    await slices.write(ids, (id) => {
      if (stats.refreshArtist(id, now())) visible.push(id)
    })
    await covers.refreshArtists(visible)
  }

  /** Albums and artists that a retag renamed as a whole keep their row; of others the marks go along. */
  async #keepIdentities(): Promise<void> {
    const { slices, identity, albums, names } = this.#options
    if (this.#albumWays.size === 0 && this.#artistWays.size === 0) return
    this.#options.flushPlays()
    /** New album → the old one that took its place. */
    const adopted = new Map<number, number>()
    await slices.write(this.#albumWays, ([from, ways]) => {
      if (identity.albumHasSongs(from)) return
      const [to, several] = widest(ways)
      const isHeir = this.#heirs.has(to) && this.#heirs.get(to) === identity.songsOf(to)
      if (!several && (albums.newAlbums.has(to) || isHeir) && !adopted.has(to)) {
        if (isHeir) identity.mergeMarks('album', to, from)
        identity.adoptAlbum(from, to)
        adopted.set(to, from)
        this.#albums.delete(to)
      } else {
        const heir = (adopted.get(to) ?? to) as AlbumId
        identity.mergeMarks('album', from, heir)
        this.touchAlbum(heir)
      }
      this.touchAlbum(from)
    })
    albums.forget()
    adopted.clear()
    await slices.write(this.#artistWays, ([from, ways]) => {
      if (identity.artistHasSongs(from)) return
      const [to, several] = widest(ways)
      if (!several && names.newArtists.has(to) && !adopted.has(to)) {
        for (const album of identity.adoptArtist(from, to)) this.touchAlbum(album)
        adopted.set(to, from)
        this.#artists.delete(to)
      } else {
        const heir = (adopted.get(to) ?? to) as ArtistId
        identity.mergeMarks('artist', from, heir)
        this.touchArtist(heir)
      }
      this.touchArtist(from)
    })
    names.forget()
    this.#albumWays.clear()
    this.#artistWays.clear()
  }

  /** Own counts of the folders that were touched, then the sums up to the root. */
  async #countFolders(all: ReadonlyMap<string, KnownFolder>): Promise<void> {
    const { slices, folders } = this.#options
    const own = new Map<KnownFolder, number>()
    await slices.write(this.#folders, (folder) => own.set(folder, folder.missing ? 0 : folders.countSongs(folder.id)))
    const byId = new Map([...all.values()].map((folder) => [folder.id, folder]))
    const totals = new Map<KnownFolder, number>()
    for (const folder of all.values()) {
      const songs = own.get(folder) ?? folder.songCount
      if (songs === 0) continue
      let at: KnownFolder | undefined = folder
      for (let depth = 0; at && depth < 200; depth++) {
        totals.set(at, (totals.get(at) ?? 0) + songs)
        at = at.parentId === undefined ? undefined : byId.get(at.parentId)
      }
    }
    const stale = [...all.values()].filter(
      (folder) =>
        (own.get(folder) ?? folder.songCount) !== folder.songCount || (totals.get(folder) ?? 0) !== folder.totalSongs,
    )
    await slices.write(stale, (folder) =>
      folders.setCounts(folder, own.get(folder) ?? folder.songCount, totals.get(folder) ?? 0),
    )
  }
}

function count<Id>(ways: Ways<Id>, from: Id, to: Id): void {
  const targets = ways.get(from) ?? new Map<Id, number>()
  targets.set(to, (targets.get(to) ?? 0) + 1)
  ways.set(from, targets)
}

/** Where most songs went, and whether others went elsewhere. */
function widest<Id>(ways: ReadonlyMap<Id, number>): readonly [Id, boolean] {
  const sorted = [...ways].sort((a, b) => b[1] - a[1])
  return [(sorted[0] as [Id, number])[0], sorted.length > 1]
}

/** Takes out what was last touched at `limit` or before; nothing when that is less than `least`. */
function takeSettled<Id>(touched: Map<Id, number>, limit: number, least = 0): readonly Id[] {
  const settled: Id[] = []
  for (const [id, at] of touched) {
    if (at > limit) break
    settled.push(id)
  }
  if (settled.length < least) return []
  for (const id of settled) touched.delete(id)
  return settled
}
