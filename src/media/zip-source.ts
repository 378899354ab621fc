import * as zlib from 'node:zlib'
import type { ByteSource, ByteStream } from '../base/byte-source.ts'
import { isAppError } from '../base/errors.ts'

export interface ZipEntry {
  /** File name inside, `/` between folders. */
  readonly name: string
  /** Called when the entry's turn has come: it must check then that it may still be read. */
  open(): Promise<ByteSource>
}

export interface ZipOptions {
  /** Of the archive: `Road trip.zip`. */
  readonly downloadName: string
  /** Taken one by one, once. */
  readonly entries: Iterable<ZipEntry>
  /** ms since 1970; the time of all entries. */
  readonly at: number
  readonly comment?: string
  /** Whether a song that could not be had for this reason is left out without being named. */
  readonly isUnnamed?: (error: unknown) => boolean
}

const MAX_32 = 0xffff_ffff
const MAX_16 = 0xffff
const VERSION = 45
/** Sizes and checksum follow the data; names are UTF-8. */
const FLAGS = 0x0808
const MAX_COMMENT = 2000
/** Songs that are named when they could not be sent. */
const MAX_PROBLEMS = 2000
const NOTES = 'Missing songs'
const EMPTY = new Uint8Array()

/**
 * A ZIP that is made while it is sent: entries stored as they are, one open at a time, ZIP64 where sizes or offsets need
 * it. Its memory is the central directory (some 100 bytes an entry) and the one buffer of the song that is read; the
 * buffers of songs go through without a copy, which is why this is no library's: those queue chunks, and ours are lent.
 * A song that can't be had when its turn comes is left out, one that breaks off ends there; a text at the end of the archive
 * names both, and the archive is whole without them.
 */
export function zipSource(options: ZipOptions): ByteSource {
  return {
    contentType: 'application/zip',
    cacheControl: 'no-store',
    downloadName: options.downloadName,
    open: async () => new ZipStream(options),
  }
}

class ZipStream implements ByteStream {
  readonly #options: ZipOptions
  readonly #parts: AsyncGenerator<Uint8Array, void>
  readonly #leaving = new AbortController()
  #current: ByteStream | undefined
  #closed = false

  constructor(options: ZipOptions) {
    this.#options = options
    this.#parts = this.#write()
  }

  async read(): Promise<Uint8Array | undefined> {
    const step = await this.#parts.next()
    return step.done === true ? undefined : step.value
  }

  close(): void {
    this.#closed = true
    this.#leaving.abort()
    this.#current?.close()
    this.#current = undefined
  }

  async *#write(): AsyncGenerator<Uint8Array, void> {
    const { entries, at, comment = '' } = this.#options
    const time = dosTime(at)
    const directory: Uint8Array[] = []
    const problems: string[] = []
    const likeNotes = new Set<string>()
    let offset = 0
    const put = async function* (name: Buffer, chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void> {
      const head = localHeader(name, time)
      yield head
      let crc = 0
      let size = 0
      for await (const chunk of chunks) {
        crc = crc32(chunk, crc)
        size += chunk.length
        yield chunk
      }
      const tail = descriptor(crc, size)
      yield tail
      directory.push(centralHeader({ name, time, crc, size, offset }))
      offset += head.length + size + tail.length
    }
    for (const entry of entries) {
      // A client that left waits for no more songs.
      if (this.#closed) return
      if (entry.name.toLowerCase().startsWith(NOTES.toLowerCase())) likeNotes.add(entry.name.toLowerCase())
      const chunks = this.#songOf(entry, (problem) => {
        if (problems.length < MAX_PROBLEMS) problems.push(`${entry.name}: ${problem}`)
        else if (problems.length === MAX_PROBLEMS) problems.push('… and more.')
      })
      const first = await chunks.next()
      if (first.done !== true) yield* put(Buffer.from(entry.name), withFirst(first.value, chunks))
    }
    if (problems.length > 0) yield* put(Buffer.from(unusedName(likeNotes)), textOf(problems))
    const missing = problems.length > 0 ? `${NOTES} names songs that are not in here or not whole.` : ''
    const note = Buffer.from([comment, missing].filter(Boolean).join('\n').slice(0, MAX_COMMENT))
    let directorySize = 0
    for (const header of directory) {
      directorySize += header.length
      yield header
    }
    yield endOfArchive({ count: directory.length, size: directorySize, offset, note })
  }

  /** Its bytes; none where it can't be had. An empty file gives one empty chunk. */
  async *#songOf(entry: ZipEntry, onProblem: (problem: string) => void): AsyncGenerator<Uint8Array, void> {
    let begun = false
    try {
      const stream = await (await entry.open()).open(undefined, this.#leaving.signal)
      if (this.#closed) return stream.close()
      this.#current = stream
      for (let chunk = await stream.read(); chunk || !begun; chunk = await stream.read()) {
        begun = true
        yield chunk ?? EMPTY
        if (!chunk) break
      }
    } catch (error) {
      if (this.#closed) throw error
      if (!begun && this.#options.isUnnamed?.(error)) return
      const reason = isAppError(error) ? error.message : 'It could not be read.'
      onProblem(begun ? `not whole. ${reason}` : reason)
    } finally {
      this.#current?.close()
      this.#current = undefined
    }
  }
}

async function* withFirst(first: Uint8Array, rest: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void> {
  yield first
  yield* rest
}

async function* textOf(lines: readonly string[]): AsyncGenerator<Uint8Array, void> {
  yield Buffer.from(`These songs are missing or not whole:\r\n\r\n${lines.join('\r\n')}\r\n`)
}

/** `taken` in lower case. */
function unusedName(taken: ReadonlySet<string>): string {
  let name = `${NOTES}.txt`
  for (let number = 2; taken.has(name.toLowerCase()); number++) name = `${NOTES} ${number}.txt`
  return name
}

interface Written {
  readonly name: Buffer
  readonly time: number
  readonly crc: number
  readonly size: number
  readonly offset: number
}

function localHeader(name: Buffer, time: number): Uint8Array {
  const head = Buffer.alloc(30 + name.length)
  head.writeUInt32LE(0x04034b50, 0)
  head.writeUInt16LE(VERSION, 4)
  head.writeUInt16LE(FLAGS, 6)
  head.writeUInt32LE(time, 10)
  head.writeUInt16LE(name.length, 26)
  name.copy(head, 30)
  return head
}

/** Readers find sizes in the central directory; the long form is only for entries that need it. */
function descriptor(crc: number, size: number): Uint8Array {
  const long = size >= MAX_32
  const tail = Buffer.alloc(long ? 24 : 16)
  tail.writeUInt32LE(0x08074b50, 0)
  tail.writeUInt32LE(crc, 4)
  if (long) {
    tail.writeBigUInt64LE(BigInt(size), 8)
    tail.writeBigUInt64LE(BigInt(size), 16)
  } else {
    tail.writeUInt32LE(size, 8)
    tail.writeUInt32LE(size, 12)
  }
  return tail
}

function centralHeader({ name, time, crc, size, offset }: Written): Uint8Array {
  const long = [...(size >= MAX_32 ? [size, size] : []), ...(offset >= MAX_32 ? [offset] : [])]
  const extra = long.length > 0 ? 4 + long.length * 8 : 0
  const header = Buffer.alloc(46 + name.length + extra)
  header.writeUInt32LE(0x02014b50, 0)
  // Made on Unix, so that the permissions below count.
  header.writeUInt16LE((3 << 8) | VERSION, 4)
  header.writeUInt16LE(VERSION, 6)
  header.writeUInt16LE(FLAGS, 8)
  header.writeUInt32LE(time, 12)
  header.writeUInt32LE(crc, 16)
  header.writeUInt32LE(Math.min(size, MAX_32), 20)
  header.writeUInt32LE(Math.min(size, MAX_32), 24)
  header.writeUInt16LE(name.length, 28)
  header.writeUInt16LE(extra, 30)
  header.writeUInt32LE((0o100644 << 16) >>> 0, 38)
  header.writeUInt32LE(Math.min(offset, MAX_32), 42)
  name.copy(header, 46)
  if (extra > 0) {
    let place = 46 + name.length
    header.writeUInt16LE(0x0001, place)
    header.writeUInt16LE(extra - 4, place + 2)
    for (const value of long) {
      header.writeBigUInt64LE(BigInt(value), place + 4)
      place += 8
    }
  }
  return header
}

function endOfArchive(end: {
  readonly count: number
  readonly size: number
  readonly offset: number
  readonly note: Buffer
}): Uint8Array {
  const { count, size, offset, note } = end
  const last = Buffer.alloc(22 + note.length)
  last.writeUInt32LE(0x06054b50, 0)
  last.writeUInt16LE(Math.min(count, MAX_16), 8)
  last.writeUInt16LE(Math.min(count, MAX_16), 10)
  last.writeUInt32LE(Math.min(size, MAX_32), 12)
  last.writeUInt32LE(Math.min(offset, MAX_32), 16)
  last.writeUInt16LE(note.length, 20)
  note.copy(last, 22)
  if (count < MAX_16 && size < MAX_32 && offset < MAX_32) return last
  const long = Buffer.alloc(56 + 20)
  long.writeUInt32LE(0x06064b50, 0)
  long.writeBigUInt64LE(44n, 4)
  long.writeUInt16LE((3 << 8) | VERSION, 12)
  long.writeUInt16LE(VERSION, 14)
  long.writeBigUInt64LE(BigInt(count), 24)
  long.writeBigUInt64LE(BigInt(count), 32)
  long.writeBigUInt64LE(BigInt(size), 40)
  long.writeBigUInt64LE(BigInt(offset), 48)
  long.writeUInt32LE(0x07064b50, 56)
  long.writeBigUInt64LE(BigInt(offset + size), 64)
  long.writeUInt32LE(1, 72)
  return Buffer.concat([long, last])
}

/** UTC: the archive's reader may be anywhere. */
function dosTime(at: number): number {
  const date = new Date(at)
  const day = (Math.max(0, date.getUTCFullYear() - 1980) << 9) | ((date.getUTCMonth() + 1) << 5) | date.getUTCDate()
  const time = (date.getUTCHours() << 11) | (date.getUTCMinutes() << 5) | (date.getUTCSeconds() >> 1)
  return ((day << 16) | time) >>> 0
}

/** Node's own where it has one (20.15 and later). */
const crc32: (data: Uint8Array, before: number) => number =
  typeof zlib.crc32 === 'function' ? (data, before) => zlib.crc32(data, before) : crcByTable()

function crcByTable(): (data: Uint8Array, before: number) => number {
  const table = new Uint32Array(256)
  for (let index = 0; index < 256; index++) {
    let value = index
    for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1
    table[index] = value
  }
  return (data, before) => {
    let crc = ~before
    for (let index = 0; index < data.length; index++)
      crc = (crc >>> 8) ^ (table[(crc ^ (data[index] as number)) & 0xff] as number)
    return ~crc >>> 0
  }
}
