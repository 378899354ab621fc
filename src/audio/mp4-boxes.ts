import type { ReadBytes } from './iff-chunks.ts'

/** A box ("atom") of an MP4 file, ISO/IEC 14496-12. */
export interface Box {
  readonly name: string
  readonly at: number
  /** Of its content. */
  readonly body: number
  /** As it tells; may lie behind the end of the file. */
  readonly end: number
}

const LONG = 16
const MAX_BOXES = 50_000

/**
 * The boxes between two places by their headers; ends where something else begins. The last may be longer than `end`.
 */
export async function boxesIn(read: ReadBytes, from: number, end: number): Promise<readonly Box[]> {
  const boxes: Box[] = []
  for (let at = from; at + 8 <= end && boxes.length < MAX_BOXES; ) {
    const box = boxIn(await read(at, LONG), 0, at, end)
    if (!box) break
    boxes.push(box)
    at = box.end
  }
  return boxes
}

/** The box at `from` of bytes that lie at `at` in the file; a size of 0 = to `end`. */
export function boxIn(bytes: Buffer, from: number, at: number, end: number): Box | undefined {
  if (from + 8 > bytes.length) return undefined
  const name = bytes.toString('latin1', from + 4, from + 8)
  if (!/^[\x20-\x7e\xa9]{4}$/.test(name)) return undefined
  const short = bytes.readUInt32BE(from)
  if (short === 0) return { name, at, body: at + 8, end }
  if (short !== 1) return short < 8 ? undefined : { name, at, body: at + 8, end: at + short }
  if (from + LONG > bytes.length) return undefined
  const long = Number(bytes.readBigUInt64BE(from + 8))
  return long < LONG || !Number.isSafeInteger(at + long) ? undefined : { name, at, body: at + LONG, end: at + long }
}
