import type { ReadBytes } from './iff-chunks.ts'
import type { Mended } from './mended.ts'

const MARK = 'APETAGEX'
const MARKED = 32
const ID3V1 = 128
/** The end of an APEv2 tag. */
const OWN_ZEROS = 8
const VERSION = 2000
const IS_HEADER = 0x20000000
const HAS_HEADER = 0x80000000
const SEARCH = 128 * 1024
const ZEROS = 64 * 1024
const MAX_ZEROS = 16 * 1024 * 1024
const MAX_TAG = 16 * 1024 * 1024
const MAX_ITEMS = 1000
const MAX_FLAGS = 15

export interface Tail {
  /** Where the sound ends. */
  readonly from: number
  /** A whole APEv2 tag of the items that can be read, and the ID3v1 tag; empty = neither. */
  readonly tags: Buffer
}

/** The tags behind the sound, also when they are broken, cut, or not at the end of the file. */
export async function readTail(read: ReadBytes, size: number, start: number): Promise<Tail> {
  const end = await endWithoutZeros(read, size, start)
  const base = Math.max(start, end - SEARCH)
  const tail = await read(base, end - base)
  const mark = tail.toString('latin1', Math.max(0, tail.length - ID3V1), tail.length - ID3V1 + 3)
  const id3v1 = mark === 'TAG' ? tail.subarray(-ID3V1) : Buffer.alloc(0)
  let from = end - id3v1.length
  for (let found = tail.lastIndexOf(MARK); found >= 0; found = found === 0 ? -1 : tail.lastIndexOf(MARK, found - 1)) {
    const marked = tail.subarray(found, found + MARKED)
    if (marked.length < MARKED) continue
    const isHeader = (marked.readUInt32LE(20) & IS_HEADER) !== 0
    const place = base + found
    const tag = isHeader ? { from: place + MARKED, to: from } : await itemsBefore(read, place, marked, start)
    from = Math.min(from, isHeader ? place : tag.from)
    const items = tag.to - tag.from <= MAX_TAG ? readItems(await read(tag.from, tag.to - tag.from)) : []
    if (items.length > 0) return { from, tags: Buffer.concat([tagOf(items), id3v1]) }
  }
  return { from, tags: id3v1 }
}

/** A file for the tag parser with the tags behind its sound as they can be read, and nothing else there. */
export async function mendTail(read: ReadBytes, size: number, start: number): Promise<Mended | undefined> {
  const { from, tags } = await readTail(read, size, start)
  if (from === size) return undefined
  const note = 'what lies behind the sound is damaged'
  return { edits: [{ at: from, length: size - from, bytes: tags }], format: {}, note }
}

/** Where the items lie that belong to a footer: a size that can't be right is found by the header instead. */
async function itemsBefore(
  read: ReadBytes,
  footer: number,
  marked: Buffer,
  start: number,
): Promise<{ readonly from: number; readonly to: number }> {
  const told = footer + MARKED - marked.readUInt32LE(12)
  if (told >= start && told < footer) {
    const hasHeader = (marked.readUInt32LE(20) & HAS_HEADER) !== 0
    const ahead = hasHeader && told - MARKED >= start ? await read(told - MARKED, MARKED) : undefined
    if (ahead?.toString('latin1', 0, 8) === MARK || !hasHeader) return { from: told, to: footer }
  }
  const base = Math.max(start, footer - SEARCH)
  const header = (await read(base, footer - base)).lastIndexOf(MARK)
  return header < 0 ? { from: footer, to: footer } : { from: base + header + MARKED, to: footer }
}

/** The items as they are written, up to the first that can't be one. */
function readItems(bytes: Buffer): readonly Buffer[] {
  const items: Buffer[] = []
  for (let at = 0; at + 11 <= bytes.length && items.length < MAX_ITEMS; ) {
    const length = bytes.readUInt32LE(at)
    const name = bytes.indexOf(0, at + 8)
    if (name < 0 || bytes.readUInt32LE(at + 4) > MAX_FLAGS) break
    if (!/^[\x20-\x7e]{2,255}$/.test(bytes.toString('latin1', at + 8, name))) break
    const end = name + 1 + length
    if (end > bytes.length) break
    items.push(bytes.subarray(at, end))
    at = end
  }
  return items
}

function tagOf(items: readonly Buffer[]): Buffer {
  const body = Buffer.concat(items)
  const footer = Buffer.alloc(MARKED)
  footer.write(MARK, 'latin1')
  footer.writeUInt32LE(VERSION, 8)
  footer.writeUInt32LE(body.length + MARKED, 12)
  footer.writeUInt32LE(items.length, 16)
  return Buffer.concat([body, footer])
}

/** Where the zeros begin that a file may end with; a tag's own few stay. */
export async function endWithoutZeros(read: ReadBytes, size: number, start: number): Promise<number> {
  for (let end = size; end > Math.max(start, size - MAX_ZEROS); ) {
    const base = Math.max(start, end - ZEROS)
    const bytes = await read(base, end - base)
    let last = bytes.length
    while (last > 0 && bytes[last - 1] === 0) last--
    const zeros = size - base - last
    if (last > 0) return zeros <= ID3V1 ? size : base + last + OWN_ZEROS
    end = base
  }
  return size
}
