import { inflateSync } from 'node:zlib'
import { id3v24Name } from './id3v2-names.ts'

export interface Id3Frame {
  /** Of ID3v2.4, whatever version the tag has. */
  readonly id: string
  readonly body: Buffer
}

export interface Id3Frames {
  /** 2, 3 or 4. */
  readonly version: number
  readonly frames: readonly Id3Frame[]
  /** Whether the tag is an ID3v2.4 one without anything that is read in more than one way. */
  readonly plain: boolean
  /** Where the frames end, counted from the start of the tag. */
  readonly end: number
}

export const ID3_HEADER = 10
/** What all compressed frames of a tag may unfold to. */
const MAX_INFLATED = 32 * 1024 * 1024
const MAX_FRAMES = 10_000

/** Bytes of the tag behind its header, as the header says; undefined where no ID3v2 header is. */
export function id3Size(head: Uint8Array): number | undefined {
  if (head.length < ID3_HEADER || head[0] !== 0x49 || head[1] !== 0x44 || head[2] !== 0x33) return undefined
  if (head[3] === 0xff || head[4] === 0xff) return undefined
  return [6, 7, 8, 9].reduce((sum, index) => (sum << 7) | ((head[index] as number) & 127), 0)
}

/**
 * The frames of an ID3v2 tag (2.2 to 2.4) as writers really leave them: unsynchronised as a whole or by frame, with
 * sizes of either kind, compressed, behind an extended header. `tag` begins with its header. Never throws.
 */
export function readId3Frames(tag: Buffer): Id3Frames {
  const version = tag[3] as number
  const size = id3Size(tag)
  const nothing = { version, frames: [], plain: false, end: ID3_HEADER }
  if (size === undefined || version < 2 || version > 4) return nothing
  const flags = tag[5] as number
  const written = tag.subarray(ID3_HEADER, ID3_HEADER + size)
  const unsynchronised = (flags & 0x80) !== 0
  const bytes = unsynchronised && version < 4 ? synchronised(written) : written
  const start = version > 2 && flags & 0x40 ? behindExtendedHeader(bytes, version) : 0
  const walked = walk(bytes, start, version, version === 4)
  const other = version > 2 && !walked.whole ? walk(bytes, start, version, version === 3) : undefined
  const chosen = other && (other.whole || other.heads.length > walked.heads.length) ? other : walked
  const reader = new FrameReader(bytes, version, unsynchronised)
  const frames = chosen.heads.flatMap((head) => reader.read(head) ?? [])
  const asWritten = version === 4 && (flags & 0xe0) === 0 && chosen === walked && reader.asWritten
  return { version, frames, plain: asWritten && walked.whole, end: ID3_HEADER + Math.min(chosen.end, written.length) }
}

interface FrameHead {
  readonly id: string
  readonly at: number
  readonly length: number
  readonly format: number
}

/** `whole`: the frames end where the tag or its padding does. */
interface Walk {
  readonly heads: readonly FrameHead[]
  readonly whole: boolean
  readonly end: number
}

function walk(bytes: Buffer, start: number, version: number, syncsafe: boolean): Walk {
  const headLength = version === 2 ? 6 : 10
  const heads: FrameHead[] = []
  let at = start
  while (at + headLength <= bytes.length && heads.length < MAX_FRAMES) {
    const id = frameId(bytes, at, version)
    if (id === undefined) return { heads, whole: bytes[at] === 0, end: at }
    if (syncsafe && bytes.readUInt32BE(at + 4) & 0x80808080) return { heads, whole: false, end: at }
    const length = lengthOf(bytes, at, version, syncsafe)
    const format = version === 2 ? 0 : (bytes[at + 9] as number)
    heads.push({ id, at: at + headLength, length, format })
    at += headLength + length
  }
  const left = bytes.length - at
  return { heads, whole: left >= 0 && left < headLength, end: at }
}

/** Undefined where no frame begins. Players wrote the three letters of ID3v2.2 into later tags, filled up with NUL. */
function frameId(bytes: Buffer, at: number, version: number): string | undefined {
  const id = bytes.toString('latin1', at, at + (version === 2 ? 3 : 4))
  if (version === 2) return /^[A-Z][A-Z0-9]{2}$/.test(id) ? id : undefined
  return /^[A-Z][A-Z0-9]{2}[A-Z0-9 \0]$/.test(id) ? id.replace(/[ \0]$/, '') : undefined
}

function lengthOf(bytes: Buffer, at: number, version: number, syncsafe: boolean): number {
  if (version === 2) return bytes.readUIntBE(at + 3, 3)
  return syncsafe ? syncsafeAt(bytes, at + 4) : bytes.readUInt32BE(at + 4)
}

function syncsafeAt(bytes: Buffer, at: number): number {
  return [0, 1, 2, 3].reduce((sum, index) => (sum << 7) | ((bytes[at + index] as number) & 127), 0)
}

/** The header's own size counts in 2.4 and does not in 2.3; where a frame begins at once there is none. */
function behindExtendedHeader(bytes: Buffer, version: number): number {
  if (bytes.length < 10 || frameId(bytes, 0, version) !== undefined) return 0
  const size = version === 4 ? syncsafeAt(bytes, 0) : bytes.readUInt32BE(0)
  const ends = version === 4 ? [size, size + 4] : [size + 4, size]
  return (
    ends.find((end) => end >= 6 && frameId(bytes, end, version) !== undefined) ??
    Math.min(ends[0] as number, bytes.length)
  )
}

/** Takes the zeros away that stand behind 0xff; what holds a sync signal was never unsynchronised, whatever a flag says. */
function synchronised(bytes: Buffer): Buffer {
  let first = bytes.indexOf(0xff)
  let zeros = 0
  for (let at = first; at >= 0; at = bytes.indexOf(0xff, at + 1)) {
    if ((bytes[at + 1] ?? 0) >= 0xe0) return bytes
    if (bytes[at + 1] === 0) zeros++
  }
  if (zeros === 0) return bytes
  const clean = Buffer.allocUnsafe(bytes.length - zeros)
  let from = 0
  let to = 0
  for (; first >= 0; first = bytes.indexOf(0xff, first + 1))
    if (bytes[first + 1] === 0) {
      to += bytes.copy(clean, to, from, first + 1)
      from = first + 2
    }
  bytes.copy(clean, to, from)
  return clean
}

class FrameReader {
  readonly #bytes: Buffer
  readonly #version: number
  readonly #unsynchronised: boolean
  #inflated = 0
  /** No frame was anything but its plain content. */
  asWritten = true

  constructor(bytes: Buffer, version: number, unsynchronised: boolean) {
    this.#bytes = bytes
    this.#version = version
    this.#unsynchronised = unsynchronised && version === 4
  }

  /** Undefined for a frame that is empty, encrypted, or can't be unfolded. */
  read({ id: written, at, length, format }: FrameHead): Id3Frame | undefined {
    const body = this.#bytes.subarray(at, at + length)
    const content =
      this.#version === 2 ? body : this.#version === 3 ? this.#unfold3(body, format) : this.#unfold4(body, format)
    const id = id3v24Name(written)
    if (content !== body || id !== written) this.asWritten = false
    if (!content || content.length === 0) return undefined
    return { id, body: written === 'PIC' ? pictureOf22(content) : content }
  }

  /** Flags `%ijk00000`: compressed (and the size before), encrypted, in a group, in this order. */
  #unfold3(body: Buffer, format: number): Buffer | undefined {
    if (format & 0x40) return undefined
    const plain = body.subarray((format & 0x80 ? 4 : 0) + (format & 0x20 ? 1 : 0))
    return format & 0x80 ? this.#inflate(plain) : format & 0x20 ? plain : body
  }

  /** Flags `%0h00kmnp`: in a group, compressed, encrypted, unsynchronised, with the size before all that. */
  #unfold4(body: Buffer, format: number): Buffer | undefined {
    if (format & 0x04) return undefined
    const grouped = format & 0x40 ? body.subarray(1) : body
    const sized = format & 0x01 ? grouped.subarray(4) : grouped
    const plain = format & 0x02 || this.#unsynchronised ? synchronised(sized) : sized
    // Some writers put the size ahead without saying so.
    return format & 0x08 ? (this.#inflate(plain) ?? this.#inflate(plain.subarray(4))) : plain
  }

  #inflate(bytes: Buffer): Buffer | undefined {
    try {
      const plain = inflateSync(bytes, { maxOutputLength: Math.max(1, MAX_INFLATED - this.#inflated) })
      this.#inflated += plain.length
      return plain
    } catch {
      return undefined
    }
  }
}

/** ID3v2.2 names a picture's format in three letters, later versions by its MIME type. */
function pictureOf22(body: Buffer): Buffer {
  const format = body.toString('latin1', 1, 4).toLowerCase()
  const mime = format === '-->' ? format : `image/${format === 'jpg' ? 'jpeg' : format}`
  return Buffer.concat([body.subarray(0, 1), Buffer.from(`${mime}\0`, 'latin1'), body.subarray(4)])
}
