import { stat } from 'node:fs/promises'
import { checkRoot, type RootState } from './library-root.ts'

/** More of what lies there than this part could not be read: it is the disk, not some bad places on it. */
const FAILING_PART = 0.2

/** Whether the disk of a library stays what it was while a scan reads it. */
export class DiskWatch {
  readonly #root: string
  #device: bigint | undefined
  #failures = 0

  constructor(root: string) {
    this.#root = root
  }

  /** Files that could not be read because of the disk. */
  get failures(): number {
    return this.#failures
  }

  /** Looks at the root before anything is concluded from it. */
  async begin(): Promise<RootState> {
    this.#device = await deviceOf(this.#root)
    return checkRoot(this.#root)
  }

  failed(): void {
    this.#failures++
  }

  /** Whether the root is still there, and still on the same device. */
  async look(): Promise<RootState> {
    const root = await checkRoot(this.#root)
    if (root.state === 'lost') return root
    return (await deviceOf(this.#root)) === this.#device
      ? root
      : { state: 'lost', reason: 'another disk lies at the folder than when the scan began', confirmable: false }
  }

  /** After reading: `files` = all that lie there. */
  async verdict(files: number): Promise<RootState> {
    if (this.#failures === 0) return { state: 'ok' }
    const root = await this.look()
    if (root.state === 'lost' || this.#failures <= files * FAILING_PART) return root
    const reason = `${this.#failures} of ${files} files could not be read; check its disk`
    return { state: 'lost', reason, confirmable: false, listed: true }
  }
}

async function deviceOf(root: string): Promise<bigint | undefined> {
  const found = await stat(root, { bigint: true }).catch(() => undefined)
  return found?.dev
}
