import type { FolderId } from '../base/ids.ts'
import type { Library } from '../library/entities.ts'
import type { KnownFolder, ScanFolders } from '../library/scan-folders.ts'
import { nameOf, parentOf } from './folder-listing.ts'

/** Rows that are read at a time. */
const PAGE = 1000

/** The folders of a library by path, in memory and in the table alike. Calls that write belong into a transaction. */
export class FolderRows {
  readonly #library: Library
  readonly #folders: ScanFolders
  readonly #order: (name: string) => string
  readonly #now: () => number
  readonly #known = new Map<string, KnownFolder>()

  constructor(
    library: Library,
    folders: ScanFolders,
    options: { readonly order: (name: string) => string; readonly now: () => number },
  ) {
    this.#library = library
    this.#folders = folders
    this.#order = options.order
    this.#now = options.now
  }

  /** Before anything else. A big library has ten thousands of them, so others get turns between. */
  async load(pause: () => Promise<void>): Promise<void> {
    let after = 0
    for (;;) {
      const page = this.#folders.page(this.#library.id, after, PAGE)
      for (const folder of page) this.#known.set(folder.path, folder)
      const last = page.at(-1)
      if (!last || page.length < PAGE) return
      after = last.id
      await pause()
    }
  }

  /** Rows that were made since. */
  readonly made = new Set<FolderId>()

  get known(): ReadonlyMap<string, KnownFolder> {
    return this.#known
  }

  /** The row of a folder, made with those above it when there is none. */
  get(path: string): KnownFolder {
    const known = this.#known.get(path)
    if (known) return known
    const parentId = path === '' ? undefined : this.get(parentOf(path)).id
    const added = this.#folders.add({ libraryId: this.#library.id, parentId, path, ...this.#names(path) }, this.#now())
    this.#known.set(path, added)
    this.made.add(added.id)
    return added
  }

  /** Gives a row another path, where there is none. */
  move(folder: KnownFolder, path: string): void {
    this.#known.delete(folder.path)
    const parentId = path === '' ? undefined : this.get(parentOf(path)).id
    this.#folders.move(folder, { path, parentId, ...this.#names(path) }, this.#now())
    this.#known.set(path, folder)
  }

  #names(path: string): { readonly name: string; readonly orderName: string } {
    const name = path === '' ? this.#library.name : nameOf(path)
    return { name, orderName: this.#order(name) }
  }
}
