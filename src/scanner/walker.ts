import { type BigIntStats, type Dirent, type Stats, stat as statCallback } from 'node:fs'
import { lstat, readdir, readFile, realpath, stat } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { isAudio, isLyrics, isPlaylist, suffixOf } from '../audio/formats.ts'
import { systemErrorCode } from '../base/errors.ts'
import { isImageName } from '../library/cover-choice.ts'
import {
  type FolderListing,
  joinPath,
  type ListedFile,
  parentOf,
  signatureOf,
  type WalkProblem,
} from './folder-listing.ts'
import { IGNORE_FILE, IgnoreRules, isSkippedName, NO_MEDIA_FILE } from './ignore-rules.ts'

export interface WalkOptions {
  /** Absolute. */
  readonly root: string
  readonly recursive: boolean
  readonly followSymlinks: boolean
  readonly excludePatterns: readonly string[]
  /** Absolute paths of folders that are never music, wherever they lie: Tonearm's own, with its converted songs. */
  readonly ownFolders: readonly string[]
  readonly signal: AbortSignal
  readonly only?: WalkedPart
  /** Called with each folder right before it is listed: what changes in it from then on may not be in the listing. */
  readonly beforeList?: (folder: string) => void
  readonly onFolder?: (folders: number, files: number) => void
}

/** Looks only at these folders. */
export interface WalkedPart {
  readonly folders: readonly string[]
  /** Below them it goes down into folders that are new, and into those that are asked for with all below them. */
  readonly isKnown: (path: string) => boolean
  readonly isInTree: (path: string) => boolean
}

export interface WalkResult {
  /** Parents before children. */
  readonly folders: readonly FolderListing[]
  readonly problems: readonly WalkProblem[]
  /** Folders of `only` that are not there (any more). */
  readonly gone: readonly string[]
  /** False when it was stopped: then nothing may be concluded from what is absent. */
  readonly complete: boolean
}

/** Of a root in which nothing lies, or that is gone for good. */
export const EMPTY_WALK: WalkResult = { folders: [], problems: [], gone: [], complete: true }

/** Folders listed at the same time; each asks for many files at once. */
const PARALLEL = 6
/** Files of one folder asked for at the same time. */
const STATS = 32
const MAX_DEPTH = 100
/** An ignore file is short; more of it is not read. */
const MAX_IGNORE_FILE = 64 * 1024

interface Task {
  readonly path: string
  readonly rules: IgnoreRules
  readonly depth: number
  /** Reached through a link: real folders come first, so that a link to one of them is seen as such. */
  readonly linked: boolean
}

/**
 * Lists the folders of a library with the files that matter, without opening one. Rejects only when the root itself
 * can't be read; other folders that can't be read are problems.
 */
export async function walk(options: WalkOptions): Promise<WalkResult> {
  const walker = new Walk(options)
  return walker.run()
}

class Walk {
  readonly #options: WalkOptions
  readonly #folders: FolderListing[] = []
  readonly #problems: WalkProblem[] = []
  readonly #gone: string[] = []
  readonly #queue: Task[] = []
  readonly #links: Task[] = []
  /** Of `only`, which may name a folder and one below it. */
  readonly #queued = new Set<string>()
  /** Device and inode of what was listed. */
  readonly #seen = new Set<string>()
  readonly #own = new Set<string>()
  #realRoot: string | undefined
  #files = 0

  constructor(options: WalkOptions) {
    this.#options = options
  }

  async run(): Promise<WalkResult> {
    const { only, excludePatterns, ownFolders, signal } = this.#options
    for (const folder of ownFolders) {
      const found = await stat(folder, { bigint: true }).catch(() => undefined)
      if (found && found.ino !== 0n) this.#own.add(identityOf(found))
    }
    const rules = IgnoreRules.of(excludePatterns)
    if (only) for (const path of only.folders) await this.#start(path, rules)
    else this.#queue.push({ path: '', rules, depth: 0, linked: false })
    while (!signal.aborted && (this.#queue.length > 0 || this.#links.length > 0)) {
      // Links one by one and last: what one of them listed the next must know.
      if (this.#queue.length === 0) this.#queue.push(this.#links.shift() as Task)
      await Promise.all(Array.from({ length: PARALLEL }, () => this.#work()))
    }
    const folders = this.#folders.sort((a, b) => (a.path < b.path ? -1 : 1))
    return { folders, problems: this.#problems, gone: this.#gone, complete: !signal.aborted }
  }

  /** A single folder: what would keep a walk over the whole library from reaching it counts as well. */
  async #start(path: string, rules: IgnoreRules): Promise<void> {
    let above = rules
    let linked = false
    const parts = path === '' ? [] : path.split('/')
    if (parts.length > 0 && !this.#options.recursive) return void this.#gone.push(path)
    for (let depth = 0; depth < parts.length; depth++) {
      const folder = parts.slice(0, depth).join('/')
      const next = joinPath(folder, parts[depth] as string)
      const own = await this.#ownRules(folder, above).catch((error: unknown) => this.#unreadable(path, error))
      if (own === null) return
      if (!own || isSkippedName(parts[depth] as string)) return void this.#gone.push(path)
      above = own
      if (above.ignores(next, true)) return void this.#gone.push(path)
      const found = await lstat(join(this.#options.root, next), { bigint: true }).catch(() => undefined)
      if (found && this.#own.has(identityOf(found))) return
      if (found?.isSymbolicLink() && !this.#options.followSymlinks) return void this.#gone.push(path)
      linked ||= found?.isSymbolicLink() ?? false
    }
    this.#enqueue({ path, rules: above, depth: parts.length, linked })
  }

  async #work(): Promise<void> {
    for (let task = this.#queue.shift(); task && !this.#options.signal.aborted; task = this.#queue.shift())
      await this.#list(task)
  }

  async #list(task: Task): Promise<void> {
    const { path, depth } = task
    const absolute = join(this.#options.root, path)
    try {
      const own = await stat(absolute, { bigint: true })
      if (!own.isDirectory()) return void (path === '' ? this.#rootFailed('ENOTDIR') : this.#gone.push(path))
      const identity = identityOf(own)
      if (path !== '' && this.#own.has(identity)) return
      // Only behind links: some network file systems give one inode to several folders.
      if (task.linked && own.ino !== 0n && this.#seen.has(identity)) return
      if (task.linked && this.#options.only && (await this.#hasRealPlace(path))) return
      this.#seen.add(identity)
      this.#options.beforeList?.(path)
      const entries = await readdir(absolute, { withFileTypes: true })
      const rules = await this.#rulesIn(task, entries)
      if (!rules) return
      const listing = await this.#sort(task, entries, rules, Number(own.mtimeMs))
      this.#folders.push(listing)
      this.#files += listing.audio.length
      this.#options.onFolder?.(this.#folders.length, this.#files)
    } catch (error) {
      const code = systemErrorCode(error)
      if (path === '') throw error
      if (code === 'ENOENT' || code === 'ENOTDIR') this.#gone.push(path)
      else this.#unreadable(path, error)
    }
    if (depth > MAX_DEPTH) this.#problems.push({ path, reason: 'folders too deep', hidesBelow: true })
  }

  #unreadable(path: string, error: unknown): null {
    const code = systemErrorCode(error) ?? 'error'
    this.#problems.push({ path, reason: `the folder can't be read (${code})`, hidesBelow: true })
    return null
  }

  #rootFailed(code: string): never {
    throw Object.assign(new Error('the root is no folder'), { code })
  }

  /** The rules below the folder; undefined when its owner wants nothing of it shown. */
  async #rulesIn(task: Task, entries: readonly Dirent[]): Promise<IgnoreRules | undefined> {
    if (entries.some(({ name }) => name === NO_MEDIA_FILE)) return undefined
    return entries.some(({ name }) => name === IGNORE_FILE) ? this.#ownRules(task.path, task.rules) : task.rules
  }

  async #ownRules(folder: string, above: IgnoreRules): Promise<IgnoreRules | undefined> {
    const base = join(this.#options.root, folder)
    const exists = (name: string) =>
      stat(join(base, name)).then(
        () => true,
        () => false,
      )
    if (await exists(NO_MEDIA_FILE)) return undefined
    const text = await readFile(join(base, IGNORE_FILE), 'utf8').catch((error: unknown) => {
      if (systemErrorCode(error) === 'ENOENT') return undefined
      throw error
    })
    if (text === undefined) return above
    return text.trim() === '' ? undefined : above.with(folder, text.slice(0, MAX_IGNORE_FILE))
  }

  async #sort(task: Task, entries: readonly Dirent[], rules: IgnoreRules, mtimeMs: number): Promise<FolderListing> {
    const { path } = task
    const wanted: string[] = []
    const folders: string[] = []
    const lyrics: string[] = []
    const broken = await this.#brokenNames(path, entries)
    for (const entry of entries) {
      const { name } = entry
      if (isSkippedName(name) || broken.has(name)) continue
      const below = joinPath(path, name)
      const kind = await this.#kindOf(entry, below)
      if (kind === undefined || rules.ignores(below, kind === 'folder' || kind === 'link')) continue
      if (kind === 'file') {
        const suffix = suffixOf(name)
        if (isLyrics(suffix)) lyrics.push(name)
        else if (isAudio(suffix) || isPlaylist(suffix) || isImageName(name)) wanted.push(name)
      } else if (this.#options.recursive) {
        folders.push(below)
        this.#descend({ path: below, rules, depth: task.depth + 1, linked: task.linked || kind === 'link' })
      }
    }
    const files = await this.#statAll(path, wanted.sort())
    const audio = files.filter(({ name }) => isAudio(suffixOf(name)))
    const images = files.filter(({ name }) => isImageName(name))
    const playlists = files.filter(({ name }) => isPlaylist(suffixOf(name)))
    const sorted = lyrics.sort()
    const signature = signatureOf({ audio, images, lyrics: sorted })
    return { path, mtimeMs: Math.trunc(mtimeMs), audio, images, playlists, lyrics: sorted, folders, signature }
  }

  #descend(task: Task): void {
    const { only } = this.#options
    if (task.depth > MAX_DEPTH || (only?.isKnown(task.path) && !only.isInTree(task.path))) return
    this.#enqueue(task)
  }

  #enqueue(task: Task): void {
    if (this.#options.only && this.#queued.has(task.path)) return
    if (this.#options.only) this.#queued.add(task.path)
    if (task.linked) this.#links.push(task)
    else this.#queue.push(task)
  }

  /** Whether a folder behind a link is one of this library, which a walk over all of it would have come to before. */
  async #hasRealPlace(path: string): Promise<boolean> {
    const { root, only } = this.#options
    this.#realRoot ??= await realpath(root)
    const real = relative(this.#realRoot, await realpath(join(root, path)))
    return real !== path && (real === '' || only?.isKnown(real) === true)
  }

  async #kindOf(entry: Dirent, path: string): Promise<'file' | 'folder' | 'link' | undefined> {
    if (entry.isFile()) return 'file'
    if (entry.isDirectory()) return 'folder'
    if (
      !entry.isSymbolicLink() &&
      (entry.isFIFO() || entry.isSocket() || entry.isBlockDevice() || entry.isCharacterDevice())
    )
      return undefined
    if (entry.isSymbolicLink() && !this.#options.followSymlinks) return undefined
    // Links, and entries of file systems that don't tell kinds.
    const target = await stat(join(this.#options.root, path)).catch((error: unknown) => {
      // Dangling links and links to themselves lead nowhere; other errors tell nothing of what lies there.
      const code = systemErrorCode(error) ?? 'error'
      if (!/^(ENOENT|ENOTDIR|ELOOP)$/.test(code))
        this.#problems.push({ path, reason: `it can't be read (${code})`, hidesBelow: true })
      return undefined
    })
    if (target?.isDirectory()) return entry.isSymbolicLink() ? 'link' : 'folder'
    return target?.isFile() ? 'file' : undefined
  }

  async #statAll(folder: string, names: readonly string[]): Promise<readonly ListedFile[]> {
    const files: ListedFile[] = []
    for (let at = 0; at < names.length; at += STATS) {
      const part = names.slice(at, at + STATS)
      const found = await Promise.all(part.map((name) => statOf(join(this.#options.root, folder, name))))
      found.forEach((stats, index) => {
        const name = part[index] as string
        if (stats instanceof Error)
          this.#problems.push({ path: joinPath(folder, name), reason: stats.message, hidesBelow: false })
        else if (stats) files.push({ name, size: stats.size, mtimeMs: Math.trunc(stats.mtimeMs) })
      })
    }
    return files
  }

  /** Names that are no UTF-8 can't be opened again by their text: they are told and left alone. */
  async #brokenNames(folder: string, entries: readonly Dirent[]): Promise<ReadonlySet<string>> {
    const suspects = new Set(entries.map(({ name }) => name).filter((name) => name.includes('\ufffd')))
    if (suspects.size === 0) return suspects
    const raw = await readdir(join(this.#options.root, folder), { encoding: 'buffer' })
    for (const bytes of raw) {
      const name = bytes.toString('utf8')
      if (suspects.has(name) && Buffer.from(name, 'utf8').equals(bytes)) suspects.delete(name)
    }
    for (const name of suspects)
      this.#problems.push({ path: joinPath(folder, name), reason: 'the name is no valid UTF-8', hidesBelow: false })
    return suspects
  }
}

function identityOf({ dev, ino }: BigIntStats): string {
  return `${dev}:${ino}`
}

/** Undefined for what vanished or is no file; an Error (told without its path) for what can't be asked. */
function statOf(path: string): Promise<Stats | Error | undefined> {
  return new Promise((resolve) => {
    statCallback(path, (error, stats) => {
      if (!error) return resolve(stats.isFile() ? stats : undefined)
      resolve(error.code === 'ENOENT' ? undefined : new Error(`the file can't be read (${error.code ?? 'error'})`))
    })
  })
}

/** The paths of all folders above a path, the nearest first, the root ('') last. */
export function foldersAbove(path: string): readonly string[] {
  const above: string[] = []
  for (let at = path; at !== ''; ) {
    at = parentOf(at)
    above.push(at)
  }
  return above
}
