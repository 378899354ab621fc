import type { LibraryId } from '../base/ids.ts'
import type { ScanProblem } from '../library/scan-records.ts'
import type { ScanContext, ScanTally } from './scan-context.ts'
import type { FileToRead } from './scan-plan.ts'
import type { TimeSlices } from './time-slices.ts'
import type { WalkResult } from './walker.ts'

/** In the row of a song that is listed with a reason: no file has this time. */
const LISTED_MTIME = -1

/** What could not be read of a library, as scans find it. Calls belong into a transaction, but for `walked`. */
export class ProblemNotes {
  readonly #context: Pick<ScanContext, 'records' | 'clock' | 'log'>
  readonly #library: LibraryId
  readonly #tally: ScanTally

  constructor(context: Pick<ScanContext, 'records' | 'clock' | 'log'>, library: LibraryId, tally: ScanTally) {
    this.#context = context
    this.#library = library
    this.#tally = tally
  }

  /** What the walk met; what it met before and meets no more is no problem any more. */
  async walked(walk: WalkResult, scan: { readonly whole: boolean; readonly slices: TimeSlices }): Promise<void> {
    const { records, log } = this.#context
    const known = records.problems(this.#library)
    this.#tally.problems += walk.problems.length
    const fresh = walk.problems.filter(({ path, reason }) => known.get(path)?.reason !== reason)
    if (fresh.length > 0)
      log.warn('parts of a library can not be read', { library: this.#library, count: fresh.length })
    await scan.slices.write(fresh, ({ path, reason }) => this.#set({ path, reason, size: 0, mtimeMs: 0 }))
    const now = new Set(walk.problems.map(({ path }) => path))
    const solved = [...known.values()].filter(
      ({ path, size, mtimeMs }) => size === 0 && mtimeMs === 0 && !now.has(path),
    )
    if (walk.complete && scan.whole)
      await scan.slices.write(solved, ({ path }) => records.clearProblem(this.#library, path))
  }

  /** A file that is left alone until it changes. */
  setAside({ path, listed: { size, mtimeMs } }: FileToRead, reason: string): void {
    this.#set({ path, size, mtimeMs, reason })
    this.#tally.problems++
    this.#context.log.warn('file set aside', { library: this.#library, file: path, reason })
  }

  /** A file that its disk did not give: told for as long as it lasts. */
  notRead({ path }: FileToRead, reason: string): void {
    this.#set({ path, size: 0, mtimeMs: 0, reason })
    this.#tally.problems++
    this.#context.log.warn('file not read because of its disk', { library: this.#library, file: path, reason })
  }

  /** A song that is read in part is listed and its reason kept; that row never matches a file, so it hides none. '' = whole. */
  read(path: string, size: number, reason: string): void {
    if (reason === '') this.#context.records.clearProblem(this.#library, path)
    else {
      this.#set({ path, size, mtimeMs: LISTED_MTIME, reason })
      this.#context.log.warn('file read in part', { library: this.#library, file: path, reason })
    }
  }

  #set(problem: ScanProblem): void {
    this.#context.records.setProblem(this.#library, problem, this.#context.clock.now())
  }
}
