import { readFile } from 'node:fs/promises'
import { isAbsolute, join, normalize, relative, sep } from 'node:path'
import { baseNameOf } from '../audio/formats.ts'
import { FULL_SCOPE } from '../base/access-scope.ts'
import { systemErrorCode } from '../base/errors.ts'
import type { SongId } from '../base/ids.ts'
import { fold } from '../base/text.ts'
import type { Library } from '../library/entities.ts'
import { joinPath, type ListedFile, nameOf, parentOf } from './folder-listing.ts'
import { parseM3u } from './m3u.ts'
import type { ScanContext } from './scan-context.ts'
import type { WalkResult } from './walker.ts'

/** A playlist file beyond this is none. */
const MAX_BYTES = 8 * 1024 * 1024

/**
 * Takes over the playlist files of a library: new and changed ones are read, those that are gone leave an ordinary
 * playlist behind. A playlist whose owner ended the connection (`sync` off) is left alone.
 */
export async function importPlaylists(
  context: ScanContext,
  library: Library,
  walked: WalkResult,
  scan: { readonly partial: boolean; readonly foundSongs: boolean },
): Promise<void> {
  const { playlists, settings, firstAdmin, clock, log, db } = context
  if (!settings.playlists.import) return
  const found = new Map<string, ListedFile>()
  for (const listing of walked.folders)
    for (const file of listing.playlists) found.set(joinPath(listing.path, file.name), file)
  const looked = scan.partial ? new Set(walked.folders.map(({ path }) => path)) : undefined
  if (walked.complete) detachGone(context, library, found, looked)
  const owner = firstAdmin()
  if (owner === undefined) return
  const songs = new SongFinder(context, library)
  for (const [path, file] of found) {
    const signature = `${file.size}.${file.mtimeMs}`
    const known = playlists.findByFile(library.id, path)
    if (known && !known.sync) continue
    // With entries that were not there it is read again when songs have come.
    if (known?.fileSignature === signature) continue
    if (known?.fileSignature.startsWith(`${signature}.`) && !scan.foundSongs) continue
    const bytes = file.size > MAX_BYTES ? undefined : await readOrNothing(join(library.path, path))
    if (!bytes) {
      log.warn('playlist can not be read', { library: library.id, file: path })
      continue
    }
    const { name, entries } = parseM3u(bytes)
    const matched = entries.flatMap((entry) => songs.find(parentOf(path), entry) ?? [])
    const absent = entries.length - matched.length
    const fileSignature = absent > 0 ? `${signature}.${absent}` : signature
    if (known?.fileSignature === fileSignature) continue
    db.transaction(() =>
      playlists.importFile({
        libraryId: library.id,
        path,
        name: name || baseNameOf(nameOf(path)).normalize('NFC'),
        fileSignature,
        owner,
        public: settings.playlists.public,
        songs: matched,
        at: clock.now(),
      }),
    )
    log.info('playlist imported', { library: library.id, file: path, songs: matched.length, absent })
  }
}

/** `looked`: the folders that a partial scan saw; undefined = all. */
function detachGone(
  { playlists }: ScanContext,
  library: Library,
  present: ReadonlyMap<string, ListedFile>,
  looked: ReadonlySet<string> | undefined,
): void {
  for (const path of playlists.importedPaths(library.id)) {
    if (present.has(path) || (looked && !looked.has(parentOf(path)))) continue
    const known = playlists.findByFile(library.id, path)
    if (known) playlists.detachFile(known.id)
  }
}

async function readOrNothing(path: string): Promise<Uint8Array | undefined> {
  try {
    return await readFile(path)
  } catch (error) {
    if (systemErrorCode(error) === undefined) throw error
    return undefined
  }
}

/** Finds songs by the paths in playlists, which others wrote on other systems: composed or not, in any case. */
class SongFinder {
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

  find(folder: string, entry: string): SongId | undefined {
    const slashed = entry.includes('/') ? entry : entry.replaceAll('\\', '/')
    const absolute = isAbsolute(slashed) ? normalize(slashed) : normalize(join(this.#home.path, folder, slashed))
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
