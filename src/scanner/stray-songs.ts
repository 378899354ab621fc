import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { systemErrorCode } from '../base/errors.ts'
import type { FolderId, LibraryId, SongId } from '../base/ids.ts'
import type { Library } from '../library/entities.ts'
import type { SongDraft } from '../library/scan-draft.ts'
import type { Heir, ScanStrays, Stray } from '../library/scan-strays.ts'
import { checkRoot } from './library-root.ts'

/** A copy in another library that is older than that was no move. */
const RECENT_MS = 7 * 24 * 60 * 60_000
const SAME_LENGTH_MS = 1000

/** Songs that come here from other libraries, and go there: with their ids, stars, plays and places in playlists. */
export class StraySongs {
  readonly #strays: ScanStrays
  readonly #home: Library
  readonly #others: ReadonlyMap<LibraryId, Library>
  readonly #hidden: ReadonlyMap<LibraryId, Library>
  readonly #roots = new Map<LibraryId, Promise<boolean>>()
  readonly #taken = new Set<SongId>()
  /** New folder → the folders that its songs came from. */
  readonly #ways = new Map<FolderId, Set<FolderId>>()
  /** Libraries that songs were taken from. */
  readonly sources = new Set<LibraryId>()

  /** `others` that are served; `hidden` left the configuration. */
  constructor(
    strays: ScanStrays,
    libraries: { readonly home: Library; readonly others: readonly Library[]; readonly hidden: readonly Library[] },
  ) {
    this.#strays = strays
    this.#home = libraries.home
    this.#others = new Map(libraries.others.map((library) => [library.id, library]))
    this.#hidden = new Map(libraries.hidden.map((library) => [library.id, library]))
  }

  /** A song of another library that a new file is, because its own is not there any more. */
  async find(
    draft: SongDraft,
    file: { readonly path: string; readonly size: number; readonly mtimeMs: number },
  ): Promise<Stray | undefined> {
    if (this.#others.size + this.#hidden.size === 0) return undefined
    const alike = this.#strays
      .byPid([...this.#others.keys(), ...this.#hidden.keys()], draft.pid)
      .filter(({ id, durationMs }) => !this.#taken.has(id) && Math.abs(durationMs - draft.durationMs) < SAME_LENGTH_MS)
    const isSame = (song: Stray) => Number(song.size === file.size && song.mtimeMs === file.mtimeMs)
    for (const song of [...alike].sort((a, b) => isSame(b) - isSame(a)))
      if (await this.#isFree(song, file.path)) return song
    return undefined
  }

  /** Call where it is written. @returns false when another file was it. */
  take(song: Stray, to: FolderId): boolean {
    if (this.#taken.has(song.id)) return false
    this.#taken.add(song.id)
    if (this.#others.has(song.libraryId)) this.sources.add(song.libraryId)
    if (!song.missing) this.#strays.left(song.folderId)
    this.#ways.set(to, (this.#ways.get(to) ?? new Set()).add(song.folderId))
    return true
  }

  /** Copies that were made of songs before these vanished. */
  heirs(vanished: readonly SongId[], now: number): ReadonlyMap<SongId, Heir> {
    const found = new Map<SongId, Heir>()
    const libraries = [...this.#others.keys()]
    if (libraries.length === 0) return found
    const given = new Set<SongId>()
    for (const id of vanished) {
      const heir = this.#strays.heirOf(id, libraries, now - RECENT_MS)
      if (!heir || given.has(heir.id)) continue
      given.add(heir.id)
      found.set(id, heir)
    }
    return found
  }

  /** New folders that are old ones of other libraries as a whole. Call when the songs are written. */
  movedFolders(): readonly { readonly old: FolderId; readonly fresh: FolderId }[] {
    const moved: { old: FolderId; fresh: FolderId }[] = []
    for (const [fresh, from] of this.#ways) {
      const [old, ...more] = from
      if (old !== undefined && more.length === 0 && !this.#strays.hasSongs(old)) moved.push({ old, fresh })
    }
    return moved
  }

  /** What is hidden is missing only by name: its file is gone, or it is this very file, which lies in both. */
  async #isFree({ libraryId, path, missing }: Stray, to: string): Promise<boolean> {
    const hidden = this.#hidden.get(libraryId)
    if (hidden) return join(hidden.path, path) === join(this.#home.path, to) || isGone(join(hidden.path, path))
    const library = this.#others.get(libraryId)
    if (missing || !library) return missing
    return (await isGone(join(library.path, path))) && this.#isThere(library)
  }

  /** Only the file of a disk that is there may be gone. */
  #isThere({ id, path }: Library): Promise<boolean> {
    let root = this.#roots.get(id)
    if (!root) {
      root = checkRoot(path).then(({ state }) => state === 'ok')
      this.#roots.set(id, root)
    }
    return root
  }
}

/** Only a clear answer counts. */
function isGone(path: string): Promise<boolean> {
  return stat(path).then(
    () => false,
    (error: unknown) => /^(ENOENT|ENOTDIR)$/.test(systemErrorCode(error) ?? ''),
  )
}
