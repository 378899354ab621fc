import { baseNameOf, isLyrics, suffixOf } from '../audio/formats.ts'
import type { SongId } from '../base/ids.ts'
import type { KnownFolder } from '../library/scan-folders.ts'
import type { ScanProblem, ScanRecords } from '../library/scan-records.ts'
import type { KnownSong, ScanSongs } from '../library/scan-songs.ts'
import { type FolderListing, joinPath, type ListedFile, nameOf, parentOf } from './folder-listing.ts'
import { type Part, treeAround } from './scan-job.ts'
import { foldersAbove, type WalkResult } from './walker.ts'

export interface FileToRead {
  readonly path: string
  readonly listed: ListedFile
  readonly lyricsFiles: readonly string[]
  /** The row that it belongs to; undefined = a file that was not there. */
  readonly song: SongId | undefined
  /** The row was at another name of this folder. */
  readonly renamed: boolean
}

/** A folder whose content is not what the last scan saw. */
export interface ChangedFolder {
  readonly listing: FolderListing
  readonly read: readonly FileToRead[]
  /** Files that are back as they were. */
  readonly returned: readonly SongId[]
  readonly lyrics: readonly { readonly song: SongId; readonly files: readonly string[] }[]
}

export interface FolderMove {
  readonly folder: KnownFolder
  readonly to: string
}

/** What a scan has to do, worked out before anything is written. */
export interface ScanPlan {
  readonly changed: readonly ChangedFolder[]
  readonly moves: readonly FolderMove[]
  /** Songs whose file is not there. */
  readonly vanished: readonly { readonly song: SongId; readonly folder: KnownFolder }[]
  readonly goneFolders: readonly KnownFolder[]
  /** Files that have no row at their path. */
  readonly appeared: number
  readonly toRead: number
  /** All sound files that were seen. */
  readonly seen: number
}

export interface PlannedFile {
  readonly changed: ChangedFolder
  readonly file: FileToRead
}

/** All files to read in order, so many at a time. */
export function* batchesOf({ changed }: ScanPlan, size: number): IterableIterator<readonly PlannedFile[]> {
  let batch: PlannedFile[] = []
  for (const folder of changed)
    for (const file of folder.read) {
      batch.push({ changed: folder, file })
      if (batch.length < size) continue
      yield batch
      batch = []
    }
  if (batch.length > 0) yield batch
}

export interface PlanInput {
  readonly walk: WalkResult
  readonly known: ReadonlyMap<string, KnownFolder>
  readonly problems: ReadonlyMap<string, ScanProblem>
  /** Every file is read again, in folders without a signature. */
  readonly full: boolean
  /** What alone was looked at; undefined = the whole library. */
  readonly only: Part | undefined
  /** Endings of lyrics files, best first. */
  readonly lyricsPriority: readonly string[]
  readonly songs: Pick<ScanSongs, 'inFolder'>
  readonly records: Pick<ScanRecords, 'songsInFolder'>
  /** Called between folders, so that the plan of a big library does not hold up the server. */
  readonly pause: () => Promise<void>
}

/** Compares what lies on the disk with what is known. Writes nothing. */
export async function makePlan(input: PlanInput): Promise<ScanPlan> {
  const { walk, known } = input
  const listed = new Map(walk.folders.map((listing) => [listing.path, listing]))
  const hidden = walk.problems.filter(({ hidesBelow }) => hidesBelow).map(({ path }) => path)
  const isHidden = (path: string) => hidden.some((folder) => path === folder || path.startsWith(`${folder}/`))
  const unreadable = new Set(walk.problems.map(({ path }) => path))
  const gone = goneFolders(input, listed).filter(({ path }) => !isHidden(path))
  const moves = findMoves(gone, walk.folders, known)
  const movedFrom = new Set(moves.map(({ folder }) => folder.path))
  const movedTo = new Map(moves.map(({ folder, to }) => [to, folder]))

  const changed: ChangedFolder[] = []
  const vanished: { song: SongId; folder: KnownFolder }[] = []
  let appeared = 0
  let seen = 0
  const wanted = withMusic(walk.folders, known)
  for (const listing of walk.folders) {
    seen += listing.audio.length
    if (!wanted.has(listing.path)) continue
    const moved = movedTo.get(listing.path)
    const row = moved ?? known.get(listing.path)
    if (row && !moved && !row.missing && row.signature === listing.signature) continue
    await input.pause()
    const songs = row ? input.songs.inFolder(row.id) : []
    const rows = matchRows(listing.audio, songs)
    const folder = compare(listing, rows, input, moved !== undefined || (input.full && (row?.signature ?? '') === ''))
    changed.push(folder)
    appeared += folder.read.filter(({ song }) => song === undefined).length
    const present = new Set([...rows.values()].map(({ id }) => id))
    if (row)
      for (const song of songs)
        if (!song.missing && !present.has(song.id) && !unreadable.has(song.path))
          vanished.push({ song: song.id, folder: row })
  }
  for (const folder of gone) {
    if (folder.missing || movedFrom.has(folder.path)) continue
    await input.pause()
    for (const song of input.records.songsInFolder(folder.id)) vanished.push({ song, folder })
  }
  return {
    changed,
    moves,
    vanished,
    goneFolders: gone.filter(({ path }) => !movedFrom.has(path)),
    appeared,
    toRead: changed.reduce((sum, { read }) => sum + read.length, 0),
    seen,
  }
}

/** Known folders that were looked for and not found. */
function goneFolders(input: PlanInput, listed: ReadonlyMap<string, FolderListing>): readonly KnownFolder[] {
  const { known, only, walk } = input
  const absent = [...known.values()].filter(({ path }) => !listed.has(path))
  if (!only) return absent
  const roots = new Set(walk.gone)
  for (const listing of listed.values()) {
    const inside = new Set(listing.folders)
    for (const folder of absent)
      if (folder.path !== '' && parentOf(folder.path) === listing.path && !inside.has(folder.path))
        roots.add(folder.path)
  }
  return absent.filter(
    ({ path }) =>
      roots.has(path) || foldersAbove(path).some((above) => roots.has(above)) || treeAround(only, path) !== undefined,
  )
}

/**
 * A folder that is gone and a new one with the very same files: it was renamed or moved. So were the folders above, as
 * far up as names stay in step.
 */
function findMoves(
  gone: readonly KnownFolder[],
  listings: readonly FolderListing[],
  known: ReadonlyMap<string, KnownFolder>,
): readonly FolderMove[] {
  const bySignature = new Map<string, KnownFolder | undefined>()
  for (const folder of gone)
    if (folder.songCount > 0 && folder.signature !== '')
      bySignature.set(folder.signature, bySignature.has(folder.signature) ? undefined : folder)
  if (bySignature.size === 0) return []
  const fresh = listings.filter(({ path, audio }) => audio.length > 0 && !known.has(path))
  const twice = new Set<string>()
  const once = new Set<string>()
  for (const { signature } of fresh) (once.has(signature) ? twice : once).add(signature)
  const goneByPath = new Map(gone.map((folder) => [folder.path, folder]))
  const moves = new Map<string, FolderMove>()
  for (const { signature, path } of fresh) {
    const folder = bySignature.get(signature)
    if (!folder || twice.has(signature)) continue
    moves.set(folder.path, { folder, to: path })
    let from = folder.path
    let to = path
    while (nameOf(from) === nameOf(to) && from !== '' && to !== '') {
      from = parentOf(from)
      to = parentOf(to)
      const above = goneByPath.get(from)
      if (!above || from === to || known.has(to) || moves.has(from)) break
      if ([...moves.values()].some((move) => move.to === to)) break
      moves.set(from, { folder: above, to })
    }
  }
  return [...moves.values()].sort((a, b) => (a.to < b.to ? -1 : 1))
}

/** Folders that hold music in or below them, and those that did. */
function withMusic(listings: readonly FolderListing[], known: ReadonlyMap<string, KnownFolder>): ReadonlySet<string> {
  const wanted = new Set<string>([''])
  for (const { path, audio } of listings) {
    if (known.has(path)) wanted.add(path)
    if (audio.length === 0) continue
    for (let at = path; !wanted.has(at); at = parentOf(at)) wanted.add(at)
  }
  return wanted
}

/**
 * Which row is which file: those that are as they were, then files that took another name with their size and time (also
 * when names were swapped or shifted), then files that changed under their name.
 */
function matchRows(files: readonly ListedFile[], songs: readonly KnownSong[]): ReadonlyMap<ListedFile, KnownSong> {
  const matched = new Map<ListedFile, KnownSong>()
  const free = new Map(songs.map((song) => [nameOf(song.path), song]))
  const open: ListedFile[] = []
  for (const file of files) {
    const song = free.get(file.name)
    if (song && song.size === file.size && song.mtimeMs === file.mtimeMs) {
      matched.set(file, song)
      free.delete(file.name)
    } else open.push(file)
  }
  const byStamp = new Map<string, KnownSong | undefined>()
  for (const song of free.values()) {
    const stamp = `${song.size} ${song.mtimeMs}`
    byStamp.set(stamp, byStamp.has(stamp) ? undefined : song)
  }
  for (const file of open) {
    const song = byStamp.get(`${file.size} ${file.mtimeMs}`)
    if (!song || !free.delete(nameOf(song.path))) continue
    matched.set(file, song)
  }
  for (const file of open) {
    const song = matched.has(file) ? undefined : free.get(file.name)
    if (!song) continue
    matched.set(file, song)
    free.delete(file.name)
  }
  return matched
}

function compare(
  listing: FolderListing,
  rows: ReadonlyMap<ListedFile, KnownSong>,
  input: PlanInput,
  forced: boolean,
): ChangedFolder {
  const lyricsByBase = groupLyrics(listing.lyrics, input.lyricsPriority)
  const read: FileToRead[] = []
  const returned: SongId[] = []
  const lyrics: { song: SongId; files: readonly string[] }[] = []
  for (const listed of listing.audio) {
    const path = joinPath(listing.path, listed.name)
    const song = rows.get(listed)
    const renamed = song !== undefined && nameOf(song.path) !== listed.name
    const lyricsFiles = lyricsByBase.get(baseNameOf(listed.name)) ?? []
    const unchanged = song && !renamed && song.size === listed.size && song.mtimeMs === listed.mtimeMs
    if (unchanged && !forced) {
      if (song.missing) returned.push(song.id)
      if (song.lyricsFiles !== JSON.stringify(lyricsFiles)) lyrics.push({ song: song.id, files: lyricsFiles })
      continue
    }
    const problem = input.problems.get(path)
    if (!forced && problem && problem.size === listed.size && problem.mtimeMs === listed.mtimeMs) continue
    read.push({ path, listed, lyricsFiles, song: song?.id, renamed })
  }
  return { listing, read, returned, lyrics }
}

/** `Song.lrc`, `Song.en.lrc` and `Song.lyricsfile.yaml` belong to `Song.mp3`; in the order of the setting. */
function groupLyrics(names: readonly string[], priority: readonly string[]): ReadonlyMap<string, readonly string[]> {
  const rank = (name: string) => priority.indexOf(`.${suffixOf(name)}`)
  const groups = new Map<string, string[]>()
  for (const name of names.filter((one) => isLyrics(suffixOf(one)) && rank(one) >= 0)) {
    const base = baseNameOf(name).replace(/\.lyricsfile$/i, '')
    const withoutLanguage = base.replace(/\.[a-z]{2,3}(-[a-z]{2,4})?$/i, '')
    for (const key of new Set([base, withoutLanguage])) groups.set(key, [...(groups.get(key) ?? []), name])
  }
  for (const list of groups.values()) list.sort((a, b) => rank(a) - rank(b) || a.length - b.length || (a < b ? -1 : 1))
  return groups
}
