import type { IPicture } from 'music-metadata'
import { flacFrameAt } from './flac-frames.ts'
import type { ReadBytes } from './iff-chunks.ts'
import type { Mended } from './mended.ts'
import { readVorbisComment, writeVorbisComment } from './vorbis-comment.ts'

const INFO = 0
const COMMENT = 4
const PICTURE = 6
const MAX_TYPE = 6
const MAX_BLOCKS = 200
/** A block tells its length in three bytes. */
const LONGEST = 0xffffff
/** Of one file, together. */
const MAX_PICTURES = 24 * 1024 * 1024
const SEARCH = 256 * 1024
const MAX_SEARCH = 32 * 1024 * 1024

interface Block {
  readonly type: number
  readonly body: number
  readonly end: number
}

/**
 * A FLAC file whose blocks don't have the lengths that they tell, or not what they should: shown to the tag parser with
 * the blocks that can be read. Taggers write pictures of more than 16 MiB, whose length has no room in their head.
 */
export async function mendFlac(read: ReadBytes, size: number, start: number): Promise<Mended | undefined> {
  const found = await blocksOf(read, size, start)
  if (!found) return undefined
  const { blocks, end } = found
  const info = blocks.find(({ type, body, end }) => type === INFO && end - body === 34)
  if (!info) return undefined
  const kept: Buffer[] = [await read(info.body, 34)]
  const types = [INFO]
  const pictures: IPicture[] = []
  let room = MAX_PICTURES
  for (const { type, body, end } of blocks) {
    const length = end - body
    if (type === COMMENT && !types.includes(COMMENT)) {
      const entries = readVorbisComment(await read(body, Math.min(length, LONGEST)))
      const block = writeVorbisComment(entries)
      if (block.length > LONGEST) continue
      kept.push(block)
      types.push(COMMENT)
    }
    if (type === PICTURE && length <= room) {
      room -= length
      const picture = pictureOf(await read(body, length))
      if (picture) pictures.push(picture)
    }
  }
  const heads = kept.map((block, index) => {
    const head = Buffer.alloc(4)
    head.writeUInt32BE(block.length)
    head[0] = (types[index] as number) | (index === kept.length - 1 ? 0x80 : 0)
    return head
  })
  const bytes = Buffer.concat([Buffer.from('fLaC'), ...kept.flatMap((block, index) => [heads[index] as Buffer, block])])
  const note = 'a block of the file is damaged'
  return { edits: [{ at: start, length: end - start, bytes }], format: {}, note, pictures }
}

/** The blocks with their real lengths, and where the sound begins. */
async function blocksOf(
  read: ReadBytes,
  size: number,
  start: number,
): Promise<{ readonly blocks: readonly Block[]; readonly end: number } | undefined> {
  const blocks: Block[] = []
  for (let at = start + 4; blocks.length < MAX_BLOCKS; ) {
    const head = await read(at, 4)
    if (head.length < 4) return undefined
    const type = (head[0] as number) & 0x7f
    const isLast = (head[0] as number) >= 0x80
    const body = at + 4
    let end = body + head.readUIntBE(1, 3)
    if (!(await follows(read, size, end, isLast)) && (type === COMMENT || type === PICTURE)) {
      const real = body + (await innerLength(read, type, body).catch(() => 0))
      if (await follows(read, size, real, isLast)) end = real
    }
    if (await follows(read, size, end, isLast)) {
      blocks.push({ type, body, end })
      if (isLast) return { blocks, end }
      at = end
      continue
    }
    const sound = await findSound(read, size, body)
    if (sound === undefined) return undefined
    blocks.push({ type, body, end: sound })
    return { blocks, end: sound }
  }
  return undefined
}

async function follows(read: ReadBytes, size: number, at: number, sound: boolean): Promise<boolean> {
  const bytes = await read(at, 32)
  if (bytes.length < 4 || at > size) return false
  if (sound) return flacFrameAt(bytes, 0) !== undefined
  const length = bytes.readUIntBE(1, 3)
  const type = (bytes[0] as number) & 0x7f
  return type <= MAX_TYPE && type !== INFO && (at + 4 + length <= size || type === PICTURE || type === COMMENT)
}

async function innerLength(read: ReadBytes, type: number, body: number): Promise<number> {
  if (type === PICTURE) {
    const mime = 8 + ((await read(body + 4, 4)).readUInt32BE(0) || 0)
    const description = mime + 4 + (await read(body + mime, 4)).readUInt32BE(0) + 16
    return description + 4 + (await read(body + description, 4)).readUInt32BE(0)
  }
  let at = 4 + (await read(body, 4)).readUInt32LE(0)
  const count = (await read(body + at, 4)).readUInt32LE(0)
  at += 4
  for (let index = 0; index < Math.min(count, 10_000); index++) at += 4 + (await read(body + at, 4)).readUInt32LE(0)
  return at
}

async function findSound(read: ReadBytes, size: number, from: number): Promise<number | undefined> {
  for (let base = from; base < Math.min(size, from + MAX_SEARCH); base += SEARCH) {
    const bytes = await read(base, SEARCH + 32)
    for (let at = bytes.indexOf(0xff); at >= 0 && at < SEARCH; at = bytes.indexOf(0xff, at + 1))
      if (flacFrameAt(bytes, at)) return base + at
  }
  return undefined
}

/** A picture block, as far as it is there. */
function pictureOf(block: Buffer): IPicture | undefined {
  if (block.length < 32) return undefined
  const mime = 8 + block.readUInt32BE(4)
  if (mime + 24 > block.length) return undefined
  const description = mime + 4 + block.readUInt32BE(mime)
  if (description + 20 > block.length) return undefined
  const data = block.subarray(description + 20, description + 20 + block.readUInt32BE(description + 16))
  const isFront = block.readUInt32BE(0) === 3
  return {
    format: block.toString('latin1', 8, mime),
    type: isFront ? 'Cover (front)' : 'Other',
    description: block.toString('utf8', mime + 4, description),
    data,
  }
}
