import type { LibraryId } from '../base/ids.ts'
import { parentOf } from './folder-listing.ts'
import type { ScanKind, ScanTarget } from './scanner.ts'

/** Parts of a library, by their paths in it. */
export interface Part {
  /** Folders that changed: each is looked at, and what is below only where it is new. */
  readonly folders: ReadonlySet<string>
  /** Folders that somebody asked for: each is looked at with all below it, and every file of it is read if it says `full`. */
  readonly trees: ReadonlyMap<string, ScanKind>
}

/** What is to be scanned. */
export interface Job {
  readonly kind: ScanKind
  readonly libraries: readonly LibraryId[] | undefined
  readonly acceptMissing: boolean
  /** By library: only they are looked at. */
  readonly only: ReadonlyMap<LibraryId, Part> | undefined
}

export function partsOf(targets: readonly ScanTarget[], kind: ScanKind): ReadonlyMap<LibraryId, Part> {
  const parts = new Map<LibraryId, Part>()
  for (const { library, folder } of targets)
    parts.set(library, unionOfParts(parts.get(library), { folders: new Set(), trees: new Map([[folder, kind]]) }))
  return parts
}

/** Whether somebody asked for parts of libraries, and not only the watch. */
export function isSelective({ only }: Job): boolean {
  return only !== undefined && [...only.values()].some(({ trees }) => trees.size > 0)
}

/** Whether a running scan does all that is asked. Partial ones may have passed the folders already. */
export function covers(running: Job, wanted: Job): boolean {
  if (running.only || wanted.only) return false
  if (wanted.kind === 'full' && running.kind !== 'full') return false
  if (wanted.acceptMissing && !running.acceptMissing) return false
  if (running.libraries === undefined) return true
  return wanted.libraries?.every((id) => running.libraries?.includes(id)) ?? false
}

/** One job that does what both ask for; undefined when it would have to do more than that. */
export function union(a: Job, b: Job): Job | undefined {
  if (a.only && b.only) {
    const only = new Map(a.only)
    for (const [id, part] of b.only) only.set(id, unionOfParts(only.get(id), part))
    return { ...a, kind: widest(a, b), only }
  }
  if (a.only || b.only) {
    const [whole, part] = a.only ? [b, a] : [a, b]
    const hasAll = [...(part.only?.keys() ?? [])].every((id) => whole.libraries?.includes(id) ?? true)
    return hasAll && (part.kind === 'quick' || whole.kind === 'full') ? whole : undefined
  }
  return {
    kind: widest(a, b),
    libraries: a.libraries && b.libraries ? [...new Set([...a.libraries, ...b.libraries])] : undefined,
    acceptMissing: a.acceptMissing || b.acceptMissing,
    only: undefined,
  }
}

/** Whether a folder lies in a tree of the part, and whether the files in it are all to be read. */
export function treeAround({ trees }: Part, folder: string): ScanKind | undefined {
  let kind = trees.get(folder)
  for (let at = folder; at !== '' && kind !== 'full'; ) {
    at = parentOf(at)
    kind = trees.get(at) ?? kind
  }
  return kind
}

function unionOfParts(a: Part | undefined, b: Part): Part {
  const trees = new Map(a?.trees)
  for (const [tree, kind] of b.trees) if (trees.get(tree) !== 'full') trees.set(tree, kind)
  return { folders: new Set([...(a?.folders ?? []), ...b.folders]), trees }
}

function widest(a: Job, b: Job): ScanKind {
  return a.kind === 'full' || b.kind === 'full' ? 'full' : 'quick'
}
