import type { FileHandle } from 'node:fs/promises'

const MAX_TAG = 16 * 1024 * 1024

/**
 * Text frames of an ID3v2.2 or 2.3 tag as they are written, by `TPE1` or `TXXX:Description`: values are separated by
 * null characters only. The tag parser cuts them at slashes as well, which belong to names as often as not.
 */
export async function slashedFrames(handle: FileHandle): Promise<ReadonlyMap<string, readonly string[]>> {
  const frames = new Map<string, string[]>()
  const head = Buffer.alloc(10)
  await handle.read(head, 0, 10, 0)
  const major = head[3] as number
  const flags = head[5] as number
  if (head.toString('latin1', 0, 3) !== 'ID3' || (major !== 2 && major !== 3)) return frames
  const size = [6, 7, 8, 9].reduce((sum, index) => (sum << 7) | ((head[index] as number) & 127), 0)
  if (size > MAX_TAG) return frames
  let tag: Buffer = Buffer.alloc(size)
  const { bytesRead } = await handle.read(tag, 0, size, 10)
  tag = tag.subarray(0, bytesRead)
  if (flags & 0x80) tag = Buffer.from(tag.toString('latin1').replaceAll('\xff\0', '\xff'), 'latin1')
  let at = major === 3 && flags & 0x40 && tag.length >= 4 ? 4 + tag.readUInt32BE(0) : 0
  const idLength = major === 2 ? 3 : 4
  const headLength = major === 2 ? 6 : 10
  while (at + headLength < tag.length && tag[at] !== 0) {
    const id = tag.toString('latin1', at, at + idLength)
    const length = major === 2 ? tag.readUIntBE(at + 3, 3) : tag.readUInt32BE(at + 4)
    const body = tag.subarray(at + headLength, at + headLength + length)
    at += headLength + length
    if (!id.startsWith('T') || body.length < 2) continue
    const texts = decode(body).split('\0')
    while (texts.length > 0 && texts.at(-1) === '') texts.pop()
    const custom = id === 'TXXX' || id === 'TXX'
    const name = custom ? `TXXX:${texts.shift() ?? ''}` : id
    frames.set(name, [...(frames.get(name) ?? []), ...texts.map((text) => text.replace(/^\ufeff/, '').trim())])
  }
  return frames
}

function decode(body: Buffer): string {
  const encoding = body[0]
  const text = body.subarray(1)
  if (encoding === 0) return text.toString('latin1')
  if (encoding === 3) return text.toString('utf8')
  const bigEndian = encoding === 2 || (text[0] === 0xfe && text[1] === 0xff)
  const even = text.subarray(0, text.length - (text.length % 2))
  return (bigEndian ? Buffer.from(even).swap16() : even).toString('utf16le').replace(/^\ufeff/, '')
}
