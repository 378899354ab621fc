import { isAbsolute, join, normalize, relative, sep } from 'node:path'
import { FULL_SCOPE } from '../base/access-scope.ts'
import type { SongId } from '../base/ids.ts'
import { fold } from '../base/text.ts'
import type { Library } from '../library/entities.ts'
import { nameOf, parentOf } from './folder-listing.ts'
import { pathsOfEntry } from './m3u.ts'
import type { ScanContext } from './scan-context.ts'

/** Finds songs by the entries of playlists, which others wrote on other systems: composed or not, in any case. */
export class SongFinder {
  readonly #context: ScanContext
  readonly #home: Library
  readonly #libraries: readonly Library[]
  /** Folded path → path, of the folders of a library. */
  readonly #folders = new Map<number, ReadonlyMap<string, readonly string[]>>()

  constructor(context: ScanContext, home: Library) {
    this.#context = context
    this.#home = home
    this.#libraries = context.libraries.list(FULL_SCOPE)
  }

  /** `folder`: where the playlist lies. */
  find(folder: string, entry: string): SongId | undefined {
    for (const path of pathsOfEntry(entry)) {
      const id = this.#at(isAbsolute(path) ? normalize(path) : normalize(join(this.#home.path, folder, path)))
      if (id !== undefined) return id
    }
    return undefined
  }

  #at(absolute: string): SongId | undefined {
    for (const library of this.#inOrder()) {
      const path = relative(library.path, absolute)
      if (path === '' || path === '..' || path.startsWith(`..${sep}`) || isAbsolute(path)) continue
      return this.#exact(library, path) ?? this.#folded(library, path)
    }
    return undefined
  }

  #inOrder(): readonly Library[] {
    return [...this.#libraries].sort((a, b) => b.path.length - a.path.length)
  }

  #exact(library: Library, path: string): SongId | undefined {
    for (const form of new Set([path, path.normalize('NFC'), path.normalize('NFD')])) {
      const id = this.#context.records.songAt(library.id, form)
      if (id !== undefined) return id
    }
    return undefined
  }

  #folded(library: Library, path: string): SongId | undefined {
    const wanted = fold(nameOf(path))
    for (const folder of this.#foldersOf(library).get(fold(parentOf(path))) ?? [])
      for (const song of this.#context.records.pathsIn(library.id, folder))
        if (fold(nameOf(song.path)) === wanted) return song.id
    return undefined
  }

  #foldersOf(library: Library): ReadonlyMap<string, readonly string[]> {
    const known = this.#folders.get(library.id)
    if (known) return known
    const folders = new Map<string, string[]>()
    for (const { path } of this.#context.folders.load(library.id))
      folders.set(fold(path), [...(folders.get(fold(path)) ?? []), path])
    this.#folders.set(library.id, folders)
    return folders
  }
}
