import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { baseNameOf } from '../audio/formats.ts'
import { systemErrorCode } from '../base/errors.ts'
import type { Library } from '../library/entities.ts'
import { joinPath, type ListedFile, nameOf, parentOf } from './folder-listing.ts'
import { readM3u } from './m3u.ts'
import type { ScanContext } from './scan-context.ts'
import { type Part, treeAround } from './scan-job.ts'
import { SongFinder } from './song-finder.ts'
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
  scan: { readonly only: Part | undefined; readonly foundSongs: boolean },
): Promise<void> {
  const { playlists, settings, firstAdmin, clock, log, db } = context
  if (!settings.playlists.import) return
  const found = new Map<string, ListedFile>()
  for (const listing of walked.folders)
    for (const file of listing.playlists) found.set(joinPath(listing.path, file.name), file)
  const { only } = scan
  const listed = new Set(walked.folders.map(({ path }) => path))
  const wasSeen = (folder: string) => !only || listed.has(folder) || treeAround(only, folder) !== undefined
  if (walked.complete) detachGone(context, library, found, wasSeen)
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
    const find = (entry: string) => songs.find(parentOf(path), entry)
    const { name, entries } = readM3u(bytes, (entry) => find(entry) !== undefined)
    const matched = entries.flatMap((entry) => find(entry) ?? [])
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

function detachGone(
  { playlists }: ScanContext,
  library: Library,
  present: ReadonlyMap<string, ListedFile>,
  wasSeen: (folder: string) => boolean,
): void {
  for (const path of playlists.importedPaths(library.id)) {
    if (present.has(path) || !wasSeen(parentOf(path))) continue
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
