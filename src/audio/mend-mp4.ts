import type { Edit } from './file-tokenizer.ts'
import type { ReadBytes } from './iff-chunks.ts'
import { type Mended, NOTHING } from './mended.ts'
import { type Box, boxesIn, boxIn } from './mp4-boxes.ts'
import { NotASong } from './not-a-song.ts'

/** On the outermost level; all else there is no box, but what somebody put behind the file. */
const OUTER = new Set(
  'ftyp moov mdat free skip wide uuid moof mfra sidx ssix styp meta pnot prft emsg udta pdin bloc mdta imda'.split(' '),
)
/** Boxes of boxes on the way to the tags. */
const NESTED = new Set(['moov', 'udta', 'meta', 'ilst'])
const MAX_MOOV = 16 * 1024 * 1024

/**
 * An MP4 file that is cut off or has something behind it: shown to the tag parser without what is no box and what is not
 * whole. Undefined when there is nothing to mend or what tells of the sound is lost.
 */
export async function mendMp4(read: ReadBytes, size: number, start: number): Promise<Mended | undefined> {
  const all = await boxesIn(read, start, size)
  const stray = all.findIndex(({ name }) => !OUTER.has(name))
  const boxes = stray < 0 ? all : all.slice(0, stray)
  const last = boxes.at(-1)
  if (!last) return undefined
  if (!boxes.some(({ name }) => name === 'moov')) throw new NotASong('the file ends before its table of contents')
  const end = Math.min(size, last.end)
  const isCut = last.end > size
  if (!isCut && end === size) return undefined
  const edits = isCut ? await shorten(read, last, size) : [{ at: end, length: size - end, bytes: NOTHING }]
  return {
    edits,
    format: {},
    share: isCut ? shareOf(boxes, size) : 1,
    note: isCut ? 'the file is cut off' : 'something else lies behind the end of the file',
  }
}

/** Hides the tags, when the parser refuses what is in them. */
export async function hideMp4Tags(read: ReadBytes, size: number, start: number): Promise<readonly Edit[]> {
  const moov = (await boxesIn(read, start, size)).find(({ name }) => name === 'moov')
  if (!moov) return []
  const inside = await boxesIn(read, moov.body, Math.min(moov.end, size))
  return inside
    .filter(({ name }) => name === 'udta' || name === 'meta')
    .map(({ at }) => ({ at: at + 4, length: 4, bytes: Buffer.from('free') }))
}

/** How much of the sound there is, by bytes: boxes of fragments tell each their own length. */
function shareOf(boxes: readonly Box[], size: number): number {
  const sound = boxes.filter(({ name }) => name === 'mdat')
  if (sound.length !== 1 || boxes.some(({ name }) => name === 'moof')) return 1
  const { body, end } = sound[0] as Box
  return end > body ? Math.max(0, Math.min(end, size) - body) / (end - body) : 1
}

async function shorten(read: ReadBytes, box: Box, size: number): Promise<readonly Edit[]> {
  const { at, body, name } = box
  if (name === 'mdat') {
    const isLong = body - at > 8
    const bytes = Buffer.alloc(isLong ? 8 : 4)
    if (isLong) bytes.writeBigUInt64BE(BigInt(size - at))
    else bytes.writeUInt32BE(size - at)
    return [{ at: isLong ? at + 8 : at, length: bytes.length, bytes }]
  }
  if (name !== 'moov' || size - at > MAX_MOOV) return [{ at, length: size - at, bytes: NOTHING }]
  const bytes = await read(at, size - at)
  return [{ at, length: size - at, bytes: whole(bytes, { ...box, at: 0, body: body - at, end: box.end - at }) }]
}

/** The box without those in it that reach beyond the bytes. */
function whole(bytes: Buffer, { name, at, body, end }: Box): Buffer {
  if (end <= bytes.length) return bytes.subarray(at, end)
  if (!NESTED.has(name)) return Buffer.alloc(0)
  const isVersioned = name === 'meta' && bytes.toString('latin1', body + 4, body + 8) !== 'hdlr'
  const parts = [bytes.subarray(body, body + (isVersioned ? 4 : 0))]
  for (let next = body + (isVersioned ? 4 : 0); next < bytes.length; ) {
    const box = boxIn(bytes, next, next, bytes.length)
    if (!box) break
    parts.push(whole(bytes, box))
    next = box.end
  }
  const content = Buffer.concat(parts)
  const header = Buffer.alloc(8)
  header.writeUInt32BE(content.length + 8)
  header.write(name, 4, 'latin1')
  return Buffer.concat([header, content])
}
