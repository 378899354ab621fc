import type { ReadBytes } from './iff-chunks.ts'
import { lastPageIn, type OggPage, oggPageAt, pageIn } from './ogg-pages.ts'
import { type OggFile, type OggStream, readOgg } from './ogg-streams.ts'

export interface OggSound {
  readonly seconds: number
  /** kbit/s, without headers and pictures. */
  readonly bitRate: number
  /** Hz */
  readonly rate: number
  readonly channels: number
}

const TAIL = 128 * 1024
/** Something else may lie behind the last page. */
const MAX_TAILS = 40
/** A chained file is read through up to here; what comes behind is taken to be like it. */
const MAX_WALK = 64 * 1024 * 1024
const GAP = 64 * 1024
/** A file of one stream has pages of much the same size to its end. */
const UNEVEN = 1.6

/** What the sound of an Ogg file is and how long; reads its tail, and all pages' headers of a chained file. */
export async function oggSound(read: ReadBytes, size: number, file: OggFile): Promise<OggSound | undefined> {
  const { sound, first } = file
  if (!sound) return undefined
  const { rate, channels, skip } = soundOf(sound)
  const nothing = { seconds: 0, bitRate: 0, rate, channels }
  if (!first || rate <= 0) return nothing
  const tail = await readTail(read, size, sound.serial)
  if (!tail) return nothing
  const { last, newest } = tail
  const isChained = !file.streams.some(({ serial }) => serial === newest.serial) || isUneven(file, first, tail)
  const seconds = isChained
    ? await chainedSeconds(read, size, first.at, file)
    : Math.max(0, last.granule - skip - startGranule(sound, first)) / rate
  const bitRate = seconds > 0 ? Math.round(((newest.end - first.at) * 8) / seconds / 1000) : 0
  return { seconds, bitRate, rate, channels }
}

/** Where the granules of a cut from a running stream begin: 0 in nearly all files. */
function startGranule(sound: OggStream, first: OggPage): number {
  const { rate, packet } = soundOf(sound)
  const packets = first.segments.filter((length) => length < 255).length
  const start = first.granule - packets * packet
  return start > rate ? start : 0
}

interface Shape {
  /** Granules a second. */
  readonly rate: number
  readonly channels: number
  /** Granules that are not played. */
  readonly skip: number
  /** Granules of a packet, at most. */
  readonly packet: number
}

const OPUS_RATE = 48_000

function soundOf({ codec, head }: OggStream): Shape {
  if (codec === 'opus' && head.length >= 19)
    return { rate: OPUS_RATE, channels: head[9] as number, skip: head.readUInt16LE(10), packet: OPUS_RATE / 50 }
  if (codec === 'vorbis' && head.length >= 30)
    return {
      rate: head.readUInt32LE(12),
      channels: head[11] as number,
      skip: 0,
      packet: 2 ** (((head[28] as number) >> 4) - 1),
    }
  if (codec === 'speex' && head.length >= 68)
    return { rate: head.readUInt32LE(36), channels: head.readUInt32LE(48), skip: 0, packet: head.readUInt32LE(56) }
  const at = head.indexOf('fLaC')
  if (codec === 'flac' && at >= 0 && head.length >= at + 25)
    return {
      rate: head.readUIntBE(at + 18, 3) >> 4,
      channels: (((head[at + 20] as number) >> 1) & 7) + 1,
      skip: 0,
      packet: head.readUInt16BE(at + 10),
    }
  return { rate: 0, channels: 0, skip: 0, packet: 0 }
}

interface Tail {
  /** The last whole page with the end of a packet of the stream. */
  readonly last: OggPage
  /** The last of any stream. */
  readonly newest: OggPage
  /** Bytes of a page near the end, on average. */
  readonly usual: number
}

async function readTail(read: ReadBytes, size: number, serial: number): Promise<Tail | undefined> {
  let newest: OggPage | undefined
  for (let step = 1; step <= MAX_TAILS; step++) {
    const base = Math.max(0, size - step * TAIL)
    const tail = await read(base, Math.min(size, TAIL + GAP))
    newest ??= lastPageIn(tail, base, ({ end, granule }) => end <= size && granule >= 0)
    const last = lastPageIn(tail, base, (page) => page.end <= size && page.granule >= 0 && page.serial === serial)
    if (newest && (last || step > 1)) {
      return { last: last ?? newest, newest, usual: usualPage(tail, base) }
    }
    if (base === 0) break
  }
  return newest && { last: newest, newest, usual: newest.end - newest.at }
}

/** Bytes of a page on average; 0 = another stream begins among them. */
function usualPage(tail: Buffer, base: number): number {
  let at = tail.indexOf('OggS')
  const from = at
  let count = 0
  let before: OggPage | undefined
  for (let page = pageIn(tail, at, base + at); page; page = pageIn(tail, at, base + at)) {
    if (before && (page.number < before.number || (page.isFirst && !before.isFirst))) return 0
    before = page
    count++
    at = page.end - base
  }
  return count > 0 ? (at - from) / count : 0
}

/** Streams that follow each other may have one serial: then the last page has a number too low for the file's size. */
function isUneven({ streams }: OggFile, first: OggPage, { last, usual }: Tail): boolean {
  if (streams.length > 1) return false
  const pages = last.number - first.number
  return pages <= 0 || usual === 0 || (last.end - first.at) / pages > UNEVEN * Math.max(first.end - first.at, usual)
}

async function chainedSeconds(read: ReadBytes, size: number, from: number, head: OggFile): Promise<number> {
  let seconds = 0
  let link: OggFile | undefined = head
  let last: OggPage | undefined
  const closeLink = () => {
    if (link?.sound && link.first && last) {
      const { rate, skip } = soundOf(link.sound)
      if (rate > 0) seconds += Math.max(0, last.granule - skip - startGranule(link.sound, link.first)) / rate
    }
    last = undefined
  }
  let at = from
  const end = Math.min(size, from + MAX_WALK)
  while (at < end) {
    const page = (await oggPageAt(read, at)) ?? (await nextPage(read, at + 1))
    if (!page || page.end > size) break
    at = page.end
    if (page.isFirst) {
      closeLink()
      link = await readOgg(read, page.at)
      at = link?.first?.at ?? link?.headers.at(-1)?.end ?? page.end
    } else if (page.serial === link?.sound?.serial && page.granule >= 0) last = page
  }
  closeLink()
  const walked = at - from
  return at >= end && end < size && walked > 0 ? (seconds * (size - from)) / walked : seconds
}

async function nextPage(read: ReadBytes, from: number): Promise<OggPage | undefined> {
  const bytes = await read(from, GAP)
  for (let at = bytes.indexOf('OggS'); at >= 0; at = bytes.indexOf('OggS', at + 1)) {
    const page = await oggPageAt(read, from + at)
    if (page) return page
  }
  return undefined
}
