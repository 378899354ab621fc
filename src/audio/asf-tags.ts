import type { IPicture } from 'music-metadata'
import type { Edit } from './file-tokenizer.ts'
import type { ReadBytes } from './iff-chunks.ts'

export interface AsfTags {
  /** What hides the objects that were read here from the parser, which stumbles over their pictures. */
  readonly edits: readonly Edit[]
  readonly tags: readonly { readonly id: string; readonly value: string | number | boolean }[]
  readonly pictures: readonly IPicture[]
}

/** GUIDs as they are written ("Advanced Systems Format (ASF) Specification", 10). */
const HEADER = '3026b2758e66cf11a6d900aa0062ce6c'
const EXTENSION = 'b503bf5f2ea9cf118ee300c00c205365'
/** The first value of a name stands in the first of these, further ones in the next. */
const READERS: readonly (readonly [guid: string, read: (body: Buffer) => readonly Attribute[]])[] = [
  ['3326b2758e66cf11a6d900aa0062ce6c', description],
  ['40a4d0d207e3d21197f000a0c95ea850', extendedDescription],
  ['eacbf8c5af5b77488467aa8c44fa4cca', metadata],
  ['941c23449894d149a1411d134e457054', metadata],
]
const OBJECT_HEAD = 24
const HEADER_HEAD = 30
const EXTENSION_HEAD = 46
const MAX_OBJECTS = 1000
const MAX_BYTES = 32 * 1024 * 1024
const FRONT = 3

interface Attribute {
  readonly name: string
  readonly type: number
  readonly value: Buffer
}

/** The tags of a WMA file in the order in which programs write several values; undefined for another file. */
export async function asfTags(read: ReadBytes, size: number): Promise<AsfTags | undefined> {
  const head = await read(0, HEADER_HEAD)
  if (head.toString('hex', 0, 16) !== HEADER || head.length < HEADER_HEAD) return undefined
  const end = Math.min(size, Number(head.readBigUInt64LE(16)))
  const found = await objects(read, HEADER_HEAD, end)
  const edits: Edit[] = []
  const attributes: Attribute[] = []
  for (const [guid, attributesOf] of READERS)
    for (const { at, length } of found.filter((object) => object.guid === guid && object.length <= MAX_BYTES)) {
      edits.push({ at, length: 16, bytes: Buffer.alloc(16) })
      attributes.push(...attributesOf(await read(at + OBJECT_HEAD, length - OBJECT_HEAD)))
    }
  const isPicture = ({ name }: Attribute) => name.toLowerCase() === 'wm/picture'
  return {
    edits: edits.sort((a, b) => a.at - b.at),
    tags: attributes.flatMap((attribute) => (isPicture(attribute) ? [] : valuesOf(attribute))),
    pictures: attributes.filter(isPicture).flatMap(({ value }) => pictureOf(value) ?? []),
  }
}

interface AsfObject {
  readonly guid: string
  readonly at: number
  readonly length: number
}

/** Objects between two places, those inside the header extension included. */
async function objects(read: ReadBytes, start: number, end: number): Promise<readonly AsfObject[]> {
  const found: AsfObject[] = []
  for (let at = start; at + OBJECT_HEAD <= end && found.length < MAX_OBJECTS; ) {
    const head = await read(at, OBJECT_HEAD)
    if (head.length < OBJECT_HEAD) break
    const guid = head.toString('hex', 0, 16)
    const length = Number(head.readBigUInt64LE(16))
    if (length < OBJECT_HEAD || at + length > end) break
    found.push({ guid, at, length })
    at += guid === EXTENSION && length >= EXTENSION_HEAD ? EXTENSION_HEAD : length
  }
  return found
}

/** Five lengths, then the texts in their order. */
function description(body: Buffer): readonly Attribute[] {
  let at = 10
  return ['Title', 'Author', 'Copyright', 'Description', 'Rating'].flatMap((name, index) => {
    if (body.length < 10) return []
    const length = body.readUInt16LE(index * 2)
    const value = body.subarray(at, at + length)
    at += length
    return value.length > 0 ? [{ name, type: 0, value }] : []
  })
}

/** A count, then of each: length of the name, name, type, length, value. */
function extendedDescription(body: Buffer): readonly Attribute[] {
  const found: Attribute[] = []
  for (let at = 2, left = body.length < 2 ? 0 : body.readUInt16LE(0); left > 0 && at + 2 <= body.length; left--) {
    const type = at + 2 + body.readUInt16LE(at)
    if (type + 4 > body.length) break
    const start = type + 4
    const end = start + body.readUInt16LE(type + 2)
    found.push({
      name: text(body.subarray(at + 2, type)),
      type: body.readUInt16LE(type),
      value: body.subarray(start, end),
    })
    at = end
  }
  return found
}

/** A count, then of each: language, stream, length of the name, type, length of the value, name, value. */
function metadata(body: Buffer): readonly Attribute[] {
  const found: Attribute[] = []
  for (let at = 2, left = body.length < 2 ? 0 : body.readUInt16LE(0); left > 0 && at + 12 <= body.length; left--) {
    const start = at + 12 + body.readUInt16LE(at + 4)
    const end = start + body.readUInt32LE(at + 8)
    const name = text(body.subarray(at + 12, start))
    found.push({ name, type: body.readUInt16LE(at + 6), value: body.subarray(start, end) })
    at = end
  }
  return found
}

function valuesOf({ name, type, value }: Attribute): AsfTags['tags'] {
  if (type === 0) return [{ id: name, value: text(value) }]
  if (type === 2 && value.length >= 2) return [{ id: name, value: value.readUInt16LE(0) !== 0 }]
  if (type === 3 && value.length >= 4) return [{ id: name, value: value.readUInt32LE(0) }]
  if (type === 4 && value.length >= 8) return [{ id: name, value: String(value.readBigUInt64LE(0)) }]
  if (type === 5 && value.length >= 2) return [{ id: name, value: value.readUInt16LE(0) }]
  return []
}

/** Type, length, MIME type, description, bytes. */
function pictureOf(value: Buffer): IPicture | undefined {
  if (value.length < 9) return undefined
  const mime = textEnd(value, 5)
  const data = value.subarray(textEnd(value, mime))
  const type = value[0] === FRONT ? 'Cover (front)' : 'Other'
  return data.length > 0 ? { type, format: text(value.subarray(5, mime)), data } : undefined
}

/** Behind a text of two bytes a letter that ends with zeros. */
function textEnd(bytes: Buffer, start: number): number {
  let at = start
  while (at + 2 <= bytes.length && (bytes[at] !== 0 || bytes[at + 1] !== 0)) at += 2
  return at + 2
}

function text(bytes: Buffer): string {
  return bytes
    .subarray(0, bytes.length - (bytes.length % 2))
    .toString('utf16le')
    .replace(/\0+$/, '')
}
