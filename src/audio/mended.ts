import type { IFormat, IPicture } from 'music-metadata'
import type { Edit } from './file-tokenizer.ts'

/** What the tag parser shall see in place of a file, and what it would tell wrong. */
export interface Mended {
  /** In the order of the file, apart from each other. */
  readonly edits: readonly Edit[]
  /** Counts in place of what the parser tells. */
  readonly format: Partial<IFormat>
  /** The part of the sound that is there, where the parser tells the length of all of it. */
  readonly share?: number
  /** What is wrong with the file, in one line for people; '' = nothing. */
  readonly note: string
  /** The ending of the format that the parser sees, when it isn't the file's own. */
  readonly as?: string
  /** Pictures that the parser can't be shown. */
  readonly pictures?: readonly IPicture[]
}

/** Keeps only these parts of a file of `size` bytes. They are in order and apart from each other. */
export function keepOnly(parts: readonly { readonly at: number; readonly end: number }[], size: number): Edit[] {
  const edits: Edit[] = []
  let from = 0
  for (const { at, end } of [...parts, { at: size, end: size }]) {
    if (at > from) edits.push({ at: from, length: at - from, bytes: NOTHING })
    from = end
  }
  return edits
}

export const NOTHING = new Uint8Array(0)
