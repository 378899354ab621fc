import type { LibraryId } from '../base/ids.ts'
import type { ScanKind } from './scanner.ts'

/** What is to be scanned. */
export interface Job {
  readonly kind: ScanKind
  readonly libraries: readonly LibraryId[] | undefined
  readonly acceptMissing: boolean
  /** Folders by library: only they are looked at. */
  readonly only: ReadonlyMap<LibraryId, ReadonlySet<string>> | undefined
}

/** Whether a running scan does all that is asked. Partial ones may have passed the folders already. */
export function covers(running: Job, wanted: Job): boolean {
  if (running.only || wanted.only) return false
  if (wanted.kind === 'full' && running.kind !== 'full') return false
  if (wanted.acceptMissing && !running.acceptMissing) return false
  if (running.libraries === undefined) return true
  return wanted.libraries?.every((id) => running.libraries?.includes(id)) ?? false
}

/** One job that does what both ask for. */
export function union(a: Job, b: Job): Job {
  if (a.only && b.only) {
    const only = new Map([...a.only].map(([id, folders]) => [id, new Set(folders)]))
    for (const [id, folders] of b.only) only.set(id, new Set([...(only.get(id) ?? []), ...folders]))
    return { ...a, only }
  }
  const libraries = (job: Job) => (job.only ? [...job.only.keys()] : job.libraries)
  const [x, y] = [libraries(a), libraries(b)]
  return {
    kind: a.kind === 'full' || b.kind === 'full' ? 'full' : 'quick',
    libraries: x && y ? [...new Set([...x, ...y])] : undefined,
    acceptMissing: a.acceptMissing || b.acceptMissing,
    only: undefined,
  }
}
