import { join } from 'node:path'
import { suffixOf } from '../audio/formats.ts'
import { FULL_SCOPE } from '../base/access-scope.ts'
import { type AlbumId, encodeId, type SongId } from '../base/ids.ts'
import type { Library } from '../library/entities.ts'
import { createScanAlbums } from '../library/scan-albums.ts'
import { createScanCovers } from '../library/scan-covers.ts'
import type { SongDraft } from '../library/scan-draft.ts'
import { createScanIdentity } from '../library/scan-identity.ts'
import { createScanNames } from '../library/scan-names.ts'
import { createScanSongs } from '../library/scan-songs.ts'
import { createScanStats } from '../library/scan-stats.ts'
import { createScanStrays, type Heir, type Stray } from '../library/scan-strays.ts'
import { Aggregates } from './aggregates.ts'
import { type AlbumUnit, AlbumUnits, type ReadSong } from './album-units.ts'
import type { ChangeList } from './change-list.ts'
import { CoverVersions } from './cover-versions.ts'
import { DiskWatch } from './disk-watch.ts'
import { joinAlbums } from './folder-albums.ts'
import { joinPath, nameOf, parentOf } from './folder-listing.ts'
import { FolderRows } from './folder-rows.ts'
import { looksLost, lostBy, type RootState } from './library-root.ts'
import { type LibraryScanResult, type ScanProgress, unscanned } from './library-scan-result.ts'
import { mapSong } from './map-song.ts'
import { Names } from './names.ts'
import { importPlaylists } from './playlist-import.ts'
import { ProblemNotes } from './problem-notes.ts'
import type { ScanContext, ScanTally } from './scan-context.ts'
import { type Part, treeAround } from './scan-job.ts'
import { batchesOf, type ChangedFolder, type FileToRead, makePlan, type ScanPlan } from './scan-plan.ts'
import type { ScanKind } from './scanner.ts'
import { SongMoves } from './song-moves.ts'
import { StraySongs } from './stray-songs.ts'
import type { ReadOutcome, TagReader } from './tag-reader.ts'
import { TimeSlices } from './time-slices.ts'
import { EMPTY_WALK, type WalkResult, walk } from './walker.ts'

export interface LibraryScanOptions {
  readonly kind: ScanKind
  readonly acceptMissing: boolean
  /** Other libraries are scanned after it: one that looks lost may be asked for again. */
  readonly mayWait: boolean
  /** Only this; undefined = the whole library. */
  readonly only: Part | undefined
  /** A killed full scan goes on where it was. */
  readonly resume: boolean
  readonly signal: AbortSignal
  readonly reader: () => TagReader
  readonly tally: ScanTally
  readonly changes: ChangeList
  readonly onProgress: (progress: ScanProgress) => void
  /** Called with each folder right before it is listed. */
  readonly beforeList: (folder: string) => void
}

/** Files that are asked of the readers together; two such batches are under way. */
const BATCH = 48
/** A file written so recently may be half of what it will be, if it can't be read. */
const YOUNG_MS = 3000

interface ReadResult {
  readonly work: FileToRead
  readonly changed: ChangedFolder
  readonly outcome: ReadOutcome
}

/** One scan of one library: walk, compare, read, write, and bring the totals in step. */
export class LibraryScan {
  readonly #context: ScanContext
  readonly #library: Library
  readonly #options: LibraryScanOptions
  readonly #slices: TimeSlices
  readonly #names: Names
  readonly #songs
  readonly #albums
  readonly #aggregates: Aggregates
  readonly #ownCovers: boolean
  readonly #rows: FolderRows
  readonly #unsettled = new Set<string>()
  /** Files still to be written, by folder: its signature is set when none is left. */
  readonly #pending = new Map<ChangedFolder, number>()
  /** Folders with files that the disk did not give: they get no signature, so that the next scan reads them. */
  readonly #unread = new Set<ChangedFolder>()
  readonly #stats
  readonly #identity
  readonly #strayRows
  readonly #strays: StraySongs
  /** Copies in other libraries of songs that vanished. */
  #heirs: ReadonlyMap<SongId, Heir> = new Map()
  readonly #notes: ProblemNotes
  readonly #disk: DiskWatch
  /** What became of the root while files were read. */
  #root: RootState = { state: 'ok' }
  #moves: SongMoves | undefined
  #units: AlbumUnits | undefined

  constructor(context: ScanContext, library: Library, options: LibraryScanOptions) {
    const { db, settings, artwork, folders, records, clock } = context
    this.#context = context
    this.#library = library
    this.#options = options
    this.#disk = new DiskWatch(library.path)
    this.#notes = new ProblemNotes(context, library.id, options.tally)
    this.#slices = new TimeSlices(db, clock)
    this.#names = new Names(settings)
    const order = (name: string) => this.#names.order(name)
    const names = createScanNames(db, order)
    this.#songs = createScanSongs(db, names)
    this.#albums = createScanAlbums(db, names, order)
    this.#ownCovers = settings.coverPriority.album.includes('embedded')
    const served = context.libraries.list(FULL_SCOPE)
    const covers = new CoverVersions({
      libraries: new Map(served.map(({ path, id }) => [path, id])),
      artwork,
      covers: createScanCovers(db),
      folders,
      records,
      slices: this.#slices,
      ownCovers: this.#ownCovers,
    })
    this.#stats = createScanStats(db, names)
    this.#identity = createScanIdentity(db)
    this.#strayRows = createScanStrays(db)
    this.#strays = new StraySongs(this.#strayRows, {
      home: library,
      others: served.filter(({ id }) => id !== library.id),
      hidden: context.libraries.hidden(),
    })
    this.#aggregates = new Aggregates({
      libraryId: library.id,
      albums: this.#albums,
      names,
      stats: this.#stats,
      folders,
      identity: this.#identity,
      covers,
      slices: this.#slices,
      now: () => clock.now(),
      flushPlays: () => context.flushPlays?.(),
    })
    this.#rows = new FolderRows(library, folders, { order, now: () => clock.now() })
  }

  async run(): Promise<LibraryScanResult> {
    const { kind, resume, only, acceptMissing, mayWait, signal, onProgress } = this.#options
    const { records, folders, clock } = this.#context
    await this.#rows.load(this.#slices.pause)
    const walked = await this.#walk()
    if ('root' in walked) return walked
    const fullAnew = kind === 'full' && !resume && only === undefined
    // Of a part this is not written down: if it is killed, nobody has asked for the rest.
    for (const folder of this.#rows.known.values())
      if (only ? treeAround(only, folder.path) === 'full' : fullAnew) folder.signature = ''
    const plan = await makePlan({
      walk: walked,
      known: this.#rows.known,
      problems: records.problems(this.#library.id),
      full: kind === 'full',
      only,
      lyricsPriority: this.#context.settings.lyricsPriority,
      songs: this.#songs,
      records,
      pause: this.#slices.pause,
    })
    const vanished = plan.vanished.map(({ song }) => song)
    this.#heirs = walked.complete ? this.#strays.heirs(vanished, clock.now()) : new Map()
    const gone = Math.max(0, plan.vanished.length - plan.appeared - this.#heirs.size)
    const root = looksLost({ before: records.countSongs(this.#library.id), gone, seen: only ? 1 : plan.seen })
    if (signal.aborted) return unscanned({ state: 'ok' })
    // What seems lost may be found in a library that is still to be scanned.
    if (root.state === 'lost' && mayWait && !acceptMissing) return { ...unscanned({ state: 'ok' }), waits: true }
    onProgress({ seen: plan.seen, toRead: plan.toRead })

    const wasBehind = records.isBehind(this.#library.id)
    await this.#slices.write([fullAnew], (anew) => {
      if (anew) folders.forgetSignatures(this.#library.id)
      if (only === undefined || changesAnything(plan))
        records.begin(this.#library.id, { at: clock.now(), whole: only === undefined })
    })
    if (wasBehind) this.#aggregates.touchEverything(records.everything(this.#library.id), this.#rows.known.values())
    await this.#notes.walked(walked, { whole: only === undefined, slices: this.#slices })
    await this.#moveFolders(plan)
    await this.#prepare(plan)
    await this.#read(plan)
    const mayMark = walked.complete && this.#root.state === 'ok' && (root.state === 'ok' || acceptMissing)
    if (mayMark && !signal.aborted) await this.#markMissing(plan)
    await this.#aggregates.refreshAll(this.#rows.known)
    await this.#settleStrays()
    if (!signal.aborted && this.#root.state === 'ok') {
      const { added, moved, returned } = this.#options.tally
      const foundSongs = added + moved + returned > 0
      await importPlaylists(this.#context, this.#library, walked, { only, foundSongs })
    }
    if (this.#root.state === 'lost') return { root: this.#root, failing: true, unsettled: [], walked: walked.folders }
    const unsettled = [...this.#unsettled]
    const { sources } = this.#strays
    const after: RootState = mayMark ? { state: 'ok' } : root
    const empty = walked === EMPTY_WALK
    return { root: after, failing: false, empty, unsettled, sources, walked: walked.folders }
  }

  async #walk(): Promise<WalkResult | LibraryScanResult> {
    const { path, recursive, followSymlinks, excludePatterns } = this.#library
    const { only, signal, acceptMissing, onProgress, beforeList } = this.#options
    const root = await this.#disk.begin()
    const confirmed = root.state === 'lost' && root.confirmable && acceptMissing
    const isNew = this.#context.records.countSongs(this.#library.id) === 0 && root.state === 'lost' && root.confirmable
    if (root.state === 'lost' && !confirmed && !(isNew && root.reason.includes('empty'))) return unscanned(root)
    if (root.state === 'lost') beforeList('')
    if (root.state === 'lost') return EMPTY_WALK
    const walked = await walk({
      root: path,
      recursive,
      followSymlinks,
      excludePatterns,
      ownFolders: this.#context.settings.ownFolders,
      signal,
      ...(only
        ? {
            only: {
              folders: [...only.trees.keys(), ...only.folders],
              isKnown: (folder) => this.#rows.known.get(folder)?.missing === false,
              isInTree: (folder) => treeAround(only, folder) !== undefined,
            },
          }
        : {}),
      beforeList,
      onFolder: () => onProgress({ folders: 1 }),
    }).catch((error: unknown) => unscanned(lostBy(error), true))
    // A mount that went meanwhile looks like deleted files.
    const after = await this.#disk.look()
    return after.state === 'ok' ? walked : unscanned(after, true)
  }

  async #moveFolders(plan: ScanPlan): Promise<void> {
    await this.#slices.write(plan.moves, ({ folder, to }) => {
      this.#rows.move(folder, to)
      this.#aggregates.touchFolder(folder)
      for (const song of this.#songs.inFolder(folder.id))
        this.#songs.setPlace(song.id, folder.id, joinPath(to, nameOf(song.path)))
    })
  }

  /** Everything that needs no file to be read: folders, returned songs, lyrics files, pictures. */
  async #prepare(plan: ScanPlan): Promise<void> {
    const { folders, records, clock } = this.#context
    const vanished = plan.vanished.map(({ song }) => song)
    if (plan.appeared > 0) this.#moves = SongMoves.of(this.#library.id, vanished, records, this.#songs)
    for (const changed of plan.changed) for (const { song } of changed.read) if (song) this.#moves?.isBack(song)
    await this.#slices.write(plan.changed, (changed) => {
      const { listing, read, returned, lyrics } = changed
      const folder = this.#rows.get(listing.path)
      const images = JSON.stringify(listing.images.map(({ name }) => name))
      this.#aggregates.touchFolder(folder)
      if (images !== '[]' || folder.images !== '[]') {
        const covered = records.coveredBy(folder.id)
        for (const album of covered.albums) this.#aggregates.touchAlbum(album)
        for (const artist of covered.artists) this.#aggregates.touchArtist(artist)
      }
      folders.setSeen(folder, { mtimeMs: listing.mtimeMs, images }, clock.now())
      for (const id of returned) {
        this.#moves?.isBack(id)
        this.#aggregates.touch(this.#songs.setMissing(id, false, clock.now()))
        this.#options.tally.returned++
        this.#options.changes.added(encodeId('song', id))
      }
      // Names may have been swapped: their rows make way before the first is written.
      for (const { song, renamed, path } of read)
        if (song !== undefined && renamed) this.#songs.setPlace(song, folder.id, `${path}\u0001${song}`)
      for (const { song, files } of lyrics) this.#songs.setLyricsFiles(song, files, clock.now())
      if (read.length === 0) folders.setSignature(folder, listing.signature)
      else this.#pending.set(changed, read.length)
    })
  }

  async #read(plan: ScanPlan): Promise<void> {
    this.#units = new AlbumUnits(this.#rows.known)
    await this.#units.put(plan.changed, this.#slices.pause)
    const batches = batchesOf(plan, BATCH)
    const start = (): Promise<readonly ReadResult[]> | undefined => {
      const batch = this.#options.signal.aborted ? undefined : batches.next()
      if (!batch || batch.done) return undefined
      const reading = Promise.all(
        batch.value.map(async ({ changed, file }) => ({ work: file, changed, outcome: await this.#readFile(file) })),
      )
      // A failure is met where the batch is awaited.
      reading.catch(() => {})
      return reading
    }
    let [current, next] = [start(), start()]
    while (current) {
      const results = await current
      current = next
      next = this.#root.state === 'ok' ? start() : undefined
      const failures = this.#disk.failures
      await this.#write(await this.#hooked(results))
      // A disk that is gone need not be asked for each of its files.
      if (this.#disk.failures > failures && this.#root.state === 'ok') this.#root = await this.#disk.look()
      await this.#aggregates.refreshSettled()
    }
    await this.#writeUnits(this.#units.unfinished())
    if (this.#root.state === 'lost' || this.#options.only) return
    this.#root = await this.#disk.verdict(plan.seen)
  }

  async #readFile(file: FileToRead): Promise<ReadOutcome> {
    try {
      return await this.#options.reader().read(join(this.#library.path, file.path))
    } catch (error) {
      if (this.#options.signal.aborted) return { ok: false, reason: 'the scan was cancelled', unstable: true }
      throw error
    }
  }

  /** Plugins may change tags before they are mapped. */
  async #hooked(results: readonly ReadResult[]): Promise<readonly ReadResult[]> {
    const { hooks } = this.#context
    if (!hooks.has('scan.tags')) return results
    const batch = results.flatMap(({ work, outcome }) =>
      outcome.ok ? [{ path: work.path, tags: outcome.file.tags }] : [],
    )
    const changed = await hooks.transform('scan.tags', batch)
    const byPath = new Map(changed.map(({ path, tags }) => [path, tags]))
    return results.map((result) => {
      const { work, outcome } = result
      const tags = byPath.get(work.path)
      return outcome.ok && tags ? { ...result, outcome: { ...outcome, file: { ...outcome.file, tags } } } : result
    })
  }

  /** What was read waits for the rest of its album. */
  async #write(results: readonly ReadResult[]): Promise<void> {
    const ready = new Set<AlbumUnit>()
    await this.#slices.write(results, (result) => {
      const { outcome, changed } = result
      if (this.#options.signal.aborted && !outcome.ok && outcome.unstable) return
      const unit = this.#unitOf(changed)
      if (outcome.ok) unit.songs.push(this.#mapped(result.work, outcome))
      else if (outcome.disk !== undefined)
        this.#notRead(result.work, changed, { disk: outcome.disk, reason: outcome.reason })
      else if (!outcome.unstable && !this.#isYoung(result.work)) this.#notes.setAside(result.work, outcome.reason)
      else this.#unsettled.add(changed.listing.path)
      this.#pending.set(changed, (this.#pending.get(changed) ?? 1) - 1)
      unit.left--
      if (unit.left === 0 || unit.isHeap) ready.add(unit)
    })
    await this.#writeUnits([...ready])
    this.#options.onProgress({ read: results.length })
  }

  async #writeUnits(units: readonly AlbumUnit[]): Promise<void> {
    const ready: { song: ReadSong; draft: SongDraft; stray: Stray | undefined }[] = []
    for (const unit of units) {
      await this.#readAgain(unit)
      const songs = unit.songs.splice(0)
      const joined = joinAlbums(songs.map(({ work, draft }) => ({ path: work.path, draft })))
      for (const song of songs) {
        const { work, outcome, draft } = song
        const file = { path: work.path, size: outcome.size, mtimeMs: outcome.mtimeMs }
        const stray = work.song === undefined ? await this.#strays.find(draft, file) : undefined
        ready.push({ song, draft: joined.get(work.path) ?? draft, stray })
      }
    }
    await this.#slices.write(ready, ({ song, draft, stray }) => this.#writeSong(song, draft, stray))
    const settled = units
      .flatMap(({ folders }) => folders)
      .filter(
        (folder) =>
          this.#pending.get(folder) === 0 && !this.#unsettled.has(folder.listing.path) && !this.#unread.has(folder),
      )
    await this.#slices.write(settled, ({ listing }) =>
      this.#context.folders.setSignature(this.#rows.get(listing.path), listing.signature),
    )
  }

  async #readAgain(unit: AlbumUnit): Promise<void> {
    const again = unit.isHeap ? [] : (this.#units?.disagreeing(unit, ({ id }) => this.#songs.albumsIn(id)) ?? [])
    if (again.length === 0) return
    const changed = unit.folders[0] as ChangedFolder
    const reading = again.map(async (work) => ({ work, changed, outcome: await this.#readFile(work) }))
    for (const { work, outcome } of await this.#hooked(await Promise.all(reading)))
      if (outcome.ok) unit.songs.push(this.#mapped(work, outcome))
  }

  #unitOf(changed: ChangedFolder): AlbumUnit {
    return (this.#units as AlbumUnits).of(changed)
  }

  #mapped(work: FileToRead, outcome: ReadSong['outcome']): ReadSong {
    const draft = mapSong({ path: work.path, ...outcome.file }, this.#names, this.#context.settings)
    return { work, outcome, draft }
  }

  #isYoung(file: FileToRead): boolean {
    const age = this.#context.clock.now() - file.listed.mtimeMs
    return age >= 0 && age < YOUNG_MS
  }

  /** Says nothing about the file: it is read again by the next scan. */
  #notRead(file: FileToRead, changed: ChangedFolder, { disk, reason }: { disk: string; reason: string }): void {
    this.#disk.failed()
    this.#unread.add(changed)
    // Deleted since it was listed, as far as one file tells.
    if (disk === 'ENOENT') this.#unsettled.add(changed.listing.path)
    else this.#notes.notRead(file, reason)
  }

  #writeSong({ work, outcome }: ReadSong, draft: SongDraft, stray: Stray | undefined): void {
    const { tally, changes } = this.#options
    const { clock } = this.#context
    const { path } = work
    const suffix = suffixOf(work.listed.name)
    const file = { path, size: outcome.size, mtimeMs: outcome.mtimeMs, suffix, lyricsFiles: work.lyricsFiles }
    const at = clock.now()
    const folderId = this.#rows.get(parentOf(path)).id
    const known = work.song === undefined ? this.#moves?.take(draft, file) : undefined
    const moved = known ?? (stray && this.#strays.take(stray, folderId) ? stray : undefined)
    const id: SongId | undefined = work.song ?? moved?.id
    const oldFolder = known && this.#rows.known.get(parentOf(known.path))
    if (oldFolder) this.#aggregates.touchFolder(oldFolder)
    const write = this.#songs.write(
      draft,
      {
        libraryId: this.#library.id,
        folderId,
        albumId: this.#albums.find(this.#library.id, draft, at),
        file,
        ownCovers: this.#ownCovers,
        at,
      },
      id,
    )
    this.#aggregates.touch(write)
    this.#notes.read(path, outcome.size, outcome.file.note)
    if (id === undefined) {
      tally.added++
      changes.added(encodeId('song', write.id))
    } else if (moved || work.renamed) {
      tally.moved++
      changes.changed(encodeId('song', write.id))
    } else if (write.changed) {
      tally.changed++
      changes.changed(encodeId('song', write.id))
    }
  }

  async #markMissing(plan: ScanPlan): Promise<void> {
    const { folders, clock, flushPlays } = this.#context
    if (this.#heirs.size > 0) flushPlays?.()
    await this.#slices.write(plan.vanished, ({ song, folder }) => {
      if (this.#moves?.wasTaken(song)) return
      const hidden = this.#songs.setMissing(song, true, clock.now())
      this.#aggregates.touch(hidden)
      this.#aggregates.touchFolder(folder)
      const heir = this.#heirs.get(song)
      if (heir) return this.#handOver(song, heir, hidden.albums)
      this.#options.tally.removed++
      this.#options.changes.removed(encodeId('song', song))
    })
    await this.#slices.write(
      plan.goneFolders.filter((folder) => !folder.missing),
      (folder) => {
        folders.setMissing(folder, true, clock.now())
        this.#aggregates.touchFolder(folder)
      },
    )
  }

  /** A song that was copied to another library before it vanished here goes on there. */
  #handOver(song: SongId, heir: Heir, albums: readonly AlbumId[]): void {
    const { tally, changes } = this.#options
    this.#strayRows.handOver(song, heir.id)
    this.#identity.mergeMarks('song', heir.id, song)
    this.#aggregates.touch(this.#songs.setMissing(song, false, this.#context.clock.now()))
    for (const album of albums) this.#aggregates.inherited(album, heir.albumId)
    tally.moved++
    changes.removed(encodeId('song', heir.id))
    changes.changed(encodeId('song', song))
  }

  /** Folders of other libraries that came as a whole stay what they are, and these libraries are counted anew. */
  async #settleStrays(): Promise<void> {
    const { records, clock } = this.#context
    await this.#slices.write(this.#strays.movedFolders(), ({ old, fresh }) => {
      if (this.#rows.made.has(fresh)) this.#strayRows.adoptFolder(old, fresh)
      else this.#identity.mergeMarks('folder', old, fresh)
    })
    await this.#slices.write(this.#strays.sources, (source) => {
      this.#stats.refreshLibrary(source)
      records.interrupt(source, { at: clock.now(), changed: true })
    })
  }
}

function changesAnything({ changed, moves, vanished, goneFolders }: ScanPlan): boolean {
  return changed.length + moves.length + vanished.length > 0 || goneFolders.some(({ missing }) => !missing)
}
