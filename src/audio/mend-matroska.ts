import type { Edit } from './file-tokenizer.ts'
import type { ReadBytes } from './iff-chunks.ts'
import { keepOnly, type Mended, NOTHING } from './mended.ts'

const EBML = 0x1a45dfa3
const SEGMENT = 0x18538067
const INFO = 0x1549a966
const TRACKS = 0x1654ae6b
const TAGS = 0x1254c367
const ATTACHMENTS = 0x1941a469
const CLUSTER = 0x1f43b675
const CLUSTER_TIME = 0xe7
const SIMPLE_BLOCK = 0xa3
const BLOCK_GROUP = 0xa0
const BLOCK = 0xa1
const TIMESTAMP_SCALE = 0x2ad7b1
const DURATION = 0x4489

/** What the tag parser is shown. */
const WANTED = new Set([INFO, TRACKS, TAGS, ATTACHMENTS])
/** What may lie in a segment, also behind a cluster that doesn't tell its size. */
const IN_SEGMENT = new Set([...WANTED, CLUSTER, 0x114d9b74, 0x1c53bb6b, 0x1043a770, 0xec, 0xbf])
const IN_CLUSTER = new Set([CLUSTER_TIME, SIMPLE_BLOCK, BLOCK_GROUP, 0xa7, 0xab, 0xaf, 0x5854, 0xec, 0xbf])
/** Elements that are looked at in a file: hours of music. */
const MAX_ELEMENTS = 200_000
const HEADER = 12
const MAX_INFO = 64 * 1024

interface Element {
  readonly id: number
  readonly at: number
  readonly body: number
  /** Infinity = it doesn't tell. */
  readonly end: number
}

/**
 * Shows the tag parser a Matroska or WebM file without its sound: it stumbles over what lies behind the segment and over
 * sizes that are open, as in what was recorded from a stream. The length comes from the blocks where the file doesn't
 * tell it or is cut.
 */
export async function mendMatroska(read: ReadBytes, size: number, start: number): Promise<Mended | undefined> {
  const head = await elementAt(read, start)
  if (head?.id !== EBML) return undefined
  const segment = await elementAt(read, head.end)
  if (segment?.id !== SEGMENT) return undefined
  const end = Math.min(size, segment.end)
  const { kept, first, last } = await walk(read, segment.body, end)
  if (kept.every(({ id }) => id !== TRACKS)) return undefined
  const info = kept.find(({ id }) => id === INFO)
  const { scale, duration } = await readInfo(read, info)
  const isCut = Number.isFinite(segment.end) && segment.end > size
  const seconds = duration > 0 && !isCut ? duration : await measure(read, { first, last, size: end, scale })
  const added = duration > 0 || seconds === 0 || !info ? NOTHING : durationElement((seconds * 1e9) / scale)
  const infoHead = info && added.length > 0 ? header(INFO, info.end - info.body + added.length) : undefined
  const grown = infoHead && info ? added.length + infoHead.length - (info.body - info.at) : 0
  const total = kept.reduce((sum, element) => sum + element.end - element.at, grown)
  const edits = keepOnly([{ at: 0, end: segment.at }, ...kept], size)
  const between = edits.find(({ at }) => at === segment.at)
  const inPlace: Edit[] = [
    { at: segment.at, length: between?.length ?? segment.body - segment.at, bytes: header(SEGMENT, total) },
  ]
  if (infoHead && info) {
    inPlace.push({ at: info.at, length: info.body - info.at, bytes: infoHead })
    inPlace.push({ at: info.end, length: 0, bytes: added })
  }
  return {
    edits: [...inPlace, ...edits.filter((edit) => edit !== between)].sort((a, b) => a.at - b.at || a.length - b.length),
    format: seconds > 0 ? { duration: seconds } : {},
    note: isCut ? 'the file is cut off' : '',
  }
}

/** The start of an element, its length in eight bytes. */
function header(id: number, length: number): Buffer {
  const bytes = Buffer.alloc(HEADER)
  bytes.writeUInt32BE(id, 0)
  bytes.writeBigUInt64BE(BigInt(length), 4)
  bytes[4] = 1
  return bytes
}

/** Without it the tag parser leaves out the title of the segment. */
function durationElement(ticks: number): Buffer {
  const bytes = Buffer.from([0x44, 0x89, 0x88, 0, 0, 0, 0, 0, 0, 0, 0])
  bytes.writeDoubleBE(ticks, 3)
  return bytes
}

async function elementAt(read: ReadBytes, at: number): Promise<Element | undefined> {
  const bytes = await read(at, HEADER)
  const id = bytes.length > 0 ? Math.clz32(bytes[0] as number) - 23 : 0
  if (id < 1 || id > 4 || bytes.length < id + 1) return undefined
  const length = Math.clz32(bytes[id] as number) - 23
  if (length < 1 || length > 8 || bytes.length < id + length) return undefined
  let value = (bytes[id] as number) & (0xff >> length)
  let open = value === 0xff >> length
  for (let index = 1; index < length; index++) {
    value = value * 256 + (bytes[id + index] as number)
    open &&= bytes[id + index] === 0xff
  }
  const body = at + id + length
  return { id: bytes.readUIntBE(0, id), at, body, end: open ? Number.POSITIVE_INFINITY : body + value }
}

async function walk(
  read: ReadBytes,
  from: number,
  end: number,
): Promise<{ kept: Element[]; first: Element | undefined; last: Element | undefined }> {
  const kept: Element[] = []
  let first: Element | undefined
  let last: Element | undefined
  let inCluster = false
  let at = from
  for (let count = 0; at < end && count < MAX_ELEMENTS; count++) {
    const element = await elementAt(read, at)
    if (!element) break
    if (inCluster && IN_CLUSTER.has(element.id) && Number.isFinite(element.end)) {
      at = element.end
      continue
    }
    if (!IN_SEGMENT.has(element.id)) break
    if (element.id === CLUSTER) {
      first ??= element
      last = element
      inCluster = !Number.isFinite(element.end)
    } else if (WANTED.has(element.id) && element.end <= end) kept.push(element)
    at = inCluster ? element.body : element.end
  }
  return { kept, first, last }
}

async function readInfo(
  read: ReadBytes,
  info: Element | undefined,
): Promise<{ /** Nanoseconds of a tick. */ readonly scale: number /** Seconds */; readonly duration: number }> {
  let scale = 1_000_000
  let ticks = 0
  if (info)
    for (let at = info.body; at < Math.min(info.end, info.body + MAX_INFO); ) {
      const element = await elementAt(read, at)
      if (!element || element.end > info.end) break
      const length = element.end - element.body
      if (element.id === TIMESTAMP_SCALE || element.id === DURATION) {
        const bytes = await read(element.body, length)
        if (element.id === TIMESTAMP_SCALE && length > 0 && length <= 6) scale = bytes.readUIntBE(0, length) || scale
        if (element.id === DURATION && length === 4) ticks = bytes.readFloatBE(0)
        if (element.id === DURATION && length === 8) ticks = bytes.readDoubleBE(0)
      }
      at = element.end
    }
  return { scale, duration: (ticks * scale) / 1e9 }
}

/** Seconds from the first block's time to the end of the last. */
async function measure(
  read: ReadBytes,
  file: {
    readonly first: Element | undefined
    readonly last: Element | undefined
    readonly size: number
    readonly scale: number
  },
): Promise<number> {
  if (!file.first || !file.last) return 0
  const begin = (await blockTimes(read, file.first, file.size, 1))[0] ?? 0
  const times = await blockTimes(read, file.last, file.size, MAX_ELEMENTS)
  const end = times.at(-1) ?? 0
  const step = times.length > 1 ? (end - (times[0] ?? 0)) / (times.length - 1) : 0
  return (Math.max(0, end + step - begin) * file.scale) / 1e9
}

/** Times of the whole blocks of a cluster, in ticks. */
async function blockTimes(read: ReadBytes, cluster: Element, size: number, most: number): Promise<number[]> {
  const times: number[] = []
  let base = 0
  const end = Math.min(size, cluster.end)
  for (let at = cluster.body; at < end && times.length < most; ) {
    const element = await elementAt(read, at)
    if (!element || !IN_CLUSTER.has(element.id) || element.end > end) break
    if (element.id === CLUSTER_TIME && element.end - element.body <= 6)
      base = (await read(element.body, element.end - element.body)).readUIntBE(0, element.end - element.body)
    const block = element.id === BLOCK_GROUP ? await elementAt(read, element.body) : element
    if (block && (block.id === SIMPLE_BLOCK || block.id === BLOCK)) {
      const bytes = await read(block.body, HEADER)
      const track = bytes.length > 0 ? Math.clz32(bytes[0] as number) - 23 : 0
      if (track >= 1 && bytes.length >= track + 2) times.push(base + bytes.readInt16BE(track))
    }
    at = element.end
  }
  return times
}
