import { nameKey } from '../library/name-key.ts'
import type { SongDraft } from '../library/scan-draft.ts'
import type { KnownFolder } from '../library/scan-folders.ts'
import type { KnownSong } from '../library/scan-songs.ts'
import { nameOf, parentOf } from './folder-listing.ts'
import type { ChangedFolder, FileToRead } from './scan-plan.ts'
import type { ReadOutcome } from './tag-reader.ts'
import { albumFolderOf } from './untagged.ts'

export interface ReadSong {
  readonly work: FileToRead
  readonly outcome: Extract<ReadOutcome, { readonly ok: true }>
  readonly draft: SongDraft
}

/** The folders of one album, discs with it, until all of their files are read. */
export interface AlbumUnit {
  readonly path: string
  readonly folders: ChangedFolder[]
  songs: ReadSong[]
  /** Files that are still to be read. */
  left: number
  /** More files than an album has: what is read of them does not wait for the rest. */
  readonly isHeap: boolean
}

/** Drafts wait in memory; a folder of more files is no album. */
const MAX_FILES = 1000
/** Songs of an album that are read again because of one that came to them. */
const MAX_AGAIN = 200

/** Which folders of a scan are albums together. */
export class AlbumUnits {
  readonly #byFolder = new Map<ChangedFolder, AlbumUnit>()
  readonly #known: ReadonlyMap<string, KnownFolder>
  #knownByUnit: ReadonlyMap<string, readonly KnownFolder[]> | undefined

  constructor(known: ReadonlyMap<string, KnownFolder>) {
    this.#known = known
  }

  /** All folders of the scan, once. */
  async put(changed: readonly ChangedFolder[], pause: () => Promise<void>): Promise<void> {
    const units = new Map<string, { folders: ChangedFolder[]; left: number }>()
    for (const folder of changed) {
      if (folder.read.length === 0) continue
      await pause()
      const path = albumFolderOf(folder.listing.path)
      const unit = units.get(path) ?? { folders: [], left: 0 }
      unit.folders.push(folder)
      unit.left += folder.read.length
      units.set(path, unit)
    }
    for (const [path, { folders, left }] of units) {
      await pause()
      const unit: AlbumUnit = { path, folders, left, songs: [], isHeap: left > MAX_FILES }
      for (const folder of folders) this.#byFolder.set(folder, unit)
    }
  }

  of(folder: ChangedFolder): AlbumUnit {
    return this.#byFolder.get(folder) as AlbumUnit
  }

  /** Those that were not read to the end. */
  unfinished(): readonly AlbumUnit[] {
    return [...new Set(this.#byFolder.values())].filter(({ left, songs }) => left > 0 && songs.length > 0)
  }

  /**
   * Songs that lie there, name an album that was read, and are on another than these songs would be by themselves: they
   * are read again, so that it is decided by all of them.
   */
  disagreeing(
    { path, songs, folders }: AlbumUnit,
    albumsIn: (folder: KnownFolder) => readonly (KnownSong & { readonly album: string; readonly albumKey: string })[],
  ): readonly FileToRead[] {
    const readIn = new Map<string, number>()
    for (const { work } of songs) readIn.set(parentOf(work.path), (readIn.get(parentOf(work.path)) ?? 0) + 1)
    const whole = new Set(
      folders.flatMap(({ listing }) => (readIn.get(listing.path) === listing.audio.length ? [listing.path] : [])),
    )
    const read = new Set(songs.map(({ work }) => work.path))
    const others = this.#foldersOf(path)
      .filter((folder) => !folder.missing && !whole.has(folder.path))
      .flatMap((folder) => albumsIn(folder))
      .filter((song) => !read.has(song.path))
    if (others.length === 0) return []
    const keys = new Map<string, Set<string>>()
    for (const { draft } of songs) {
      const name = draft.album.facts.nameKey
      keys.set(name, (keys.get(name) ?? new Set()).add(draft.album.key))
    }
    const concerned = others.filter(({ album, albumKey }) => keys.get(nameKey(album))?.add(albumKey))
    const again = concerned.filter(({ album }) => (keys.get(nameKey(album))?.size ?? 0) > 1)
    return again.length > MAX_AGAIN ? [] : again.map(toFile)
  }

  #foldersOf(path: string): readonly KnownFolder[] {
    if (!this.#knownByUnit) {
      const byUnit = new Map<string, KnownFolder[]>()
      for (const folder of this.#known.values()) {
        const unit = albumFolderOf(folder.path)
        const list = byUnit.get(unit)
        if (list) list.push(folder)
        else byUnit.set(unit, [folder])
      }
      this.#knownByUnit = byUnit
    }
    return this.#knownByUnit.get(path) ?? []
  }
}

function toFile({ id, path, size, mtimeMs, lyricsFiles }: KnownSong): FileToRead {
  const listed = { name: nameOf(path), size, mtimeMs }
  return { path, listed, lyricsFiles: JSON.parse(lyricsFiles) as readonly string[], song: id, renamed: false }
}
