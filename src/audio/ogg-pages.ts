import type { ReadBytes } from './iff-chunks.ts'

/** A page of an Ogg file (RFC 3533): of one stream, with pieces of packets. */
export interface OggPage {
  /** Of its first byte. */
  readonly at: number
  /** Of the first byte behind it. */
  readonly end: number
  /** Of its first packet's bytes. */
  readonly body: number
  readonly serial: number
  /** Counts the pages of a stream from 0. */
  readonly number: number
  /** Where the stream is when the page has been played; below 0 = no packet ends here. */
  readonly granule: number
  readonly isFirst: boolean
  /** Begins with the rest of a packet. */
  readonly continues: boolean
  /** Lengths of the pieces; below 255 = a packet ends. */
  readonly segments: Uint8Array
}

const HEADER = 27
const LONGEST = HEADER + 255
const FIRST = 2
const CONTINUES = 1

/** The page that begins at a place; undefined = none does, or it is cut off. */
export async function oggPageAt(read: ReadBytes, at: number): Promise<OggPage | undefined> {
  return pageIn(await read(at, LONGEST), 0, at)
}

/** The page at `from` of bytes that lie at `base` + `from` in the file. */
export function pageIn(bytes: Buffer, from: number, base: number): OggPage | undefined {
  if (from + HEADER > bytes.length || bytes.toString('latin1', from, from + 4) !== 'OggS') return undefined
  const count = bytes[from + 26] as number
  const segments = bytes.subarray(from + HEADER, from + HEADER + count)
  if (segments.length < count || bytes[from + 4] !== 0) return undefined
  const flags = bytes[from + 5] as number
  const body = base + HEADER + count
  return {
    at: base,
    body,
    end: body + segments.reduce((sum, length) => sum + length, 0),
    serial: bytes.readUInt32LE(from + 14),
    number: bytes.readUInt32LE(from + 18),
    granule: Number(bytes.readBigInt64LE(from + 6)),
    isFirst: (flags & FIRST) !== 0,
    continues: (flags & CONTINUES) !== 0,
    segments,
  }
}

/** The last page of some stream that begins within the bytes, which lie at `base` in the file. */
export function lastPageIn(bytes: Buffer, base: number, isWanted: (page: OggPage) => boolean): OggPage | undefined {
  for (let at = bytes.lastIndexOf('OggS'); at >= 0; at = at === 0 ? -1 : bytes.lastIndexOf('OggS', at - 1)) {
    const page = pageIn(bytes, at, base + at)
    if (page && isWanted(page)) return page
  }
  return undefined
}
