import { AbstractTokenizer, EndOfStreamError, type IRandomAccessFileInfo, type IReadChunkOptions } from 'strtok3'
import type { FileWindows } from './file-windows.ts'
import { HEAVY_BYTES, type HeavyReads } from './heavy-reads.ts'

/** No tag is so big; a request beyond it is a damaged or hostile length. */
export const MAX_TAG_BYTES = 64 * 1024 * 1024

/** What is read in place of `length` bytes at `at` of the file. */
export interface Edit {
  readonly at: number
  readonly length: number
  readonly bytes: Uint8Array
}

/** A stretch of what is read: `bytes`, or the file from `from` on. */
interface Piece {
  readonly start: number
  readonly end: number
  readonly from: number
  readonly bytes: Uint8Array | undefined
}

/** Reads a file for the tag parser, with other bytes in places: `edits` in their order, none inside another. */
export class FileTokenizer extends AbstractTokenizer {
  readonly fileInfo: IRandomAccessFileInfo
  readonly #file: FileWindows
  readonly #heavy: HeavyReads
  readonly #pieces: readonly Piece[]

  /** With a `path` its ending tells the kind of file, else its content. */
  constructor(file: FileWindows, path: string | undefined, edits: readonly Edit[], heavy: HeavyReads) {
    super({ maxBufferSize: MAX_TAG_BYTES })
    const grown = edits.reduce((sum, { length, bytes }) => sum + bytes.length - length, 0)
    this.#file = file
    this.#heavy = heavy
    this.#pieces = piecesOf(edits)
    this.fileInfo = { size: file.size + grown, ...(path === undefined ? {} : { path }) }
  }

  supportsRandomAccess(): boolean {
    return true
  }

  setPosition(position: number): void {
    this.position = position
  }

  async readBuffer(target: Uint8Array, options?: IReadChunkOptions): Promise<number> {
    const { length, position, mayBeLess } = this.normalizeOptions(target, options)
    const count = await this.#fill(target, length, position)
    this.position = position + count
    if (count < length && !mayBeLess) throw new EndOfStreamError()
    return count
  }

  async peekBuffer(target: Uint8Array, options?: IReadChunkOptions): Promise<number> {
    const { length, position, mayBeLess } = this.normalizeOptions(target, options)
    const count = await this.#fill(target, length, position)
    if (count < length && !mayBeLess) throw new EndOfStreamError()
    return count
  }

  async #fill(target: Uint8Array, length: number, position: number): Promise<number> {
    if (length >= HEAVY_BYTES) await this.#heavy.take(length)
    let done = 0
    while (done < length) {
      const at = position + done
      const { start, end, from, bytes } = this.#pieces.find((piece) => at < piece.end) as Piece
      const wanted = Math.min(length - done, end - at)
      if (bytes) target.set(bytes.subarray(at - start, at - start + wanted), done)
      const found = bytes ? wanted : await this.#file.fill(target, done, wanted, from + at - start)
      done += found
      if (found < wanted) break
    }
    return done
  }
}

function piecesOf(edits: readonly Edit[]): readonly Piece[] {
  const pieces: Piece[] = []
  let start = 0
  let from = 0
  const push = (length: number, bytes: Uint8Array | undefined) => {
    if (length > 0) pieces.push({ start, end: start + length, from, bytes })
    start += length
  }
  for (const { at, length, bytes } of edits) {
    push(at - from, undefined)
    push(bytes.length, bytes)
    from = at + length
  }
  return [...pieces, { start, end: Number.POSITIVE_INFINITY, from, bytes: undefined }]
}
