import { u16le, u32le, u64le } from './bytes.ts'

const guid = (hex: string) => Buffer.from(hex, 'hex')
const DESCRIPTION = '3326b2758e66cf11a6d900aa0062ce6c'
const EXTENDED = '40a4d0d207e3d21197f000a0c95ea850'
const EXTENSION = 'b503bf5f2ea9cf118ee300c00c205365'
const LIBRARY = '941c23449894d149a1411d134e457054'
const CLOCK = '11d2d3abbaa9cf118ee600c00c205365'
const TAG_OBJECTS = [DESCRIPTION, EXTENDED, EXTENSION]
const HEAD = 24
const NAMES = ['Title', 'Author', 'Copyright', 'Description', 'Rating']

export type AsfValue = string | number | boolean | Uint8Array

export interface AsfSpec {
  readonly description?: Readonly<Record<string, string>>
  readonly extended?: readonly (readonly [string, AsfValue])[]
  /** Where programs put further values, and what is too long for elsewhere. */
  readonly library?: readonly (readonly [string, AsfValue])[]
}

const wide = (text: string) => Buffer.from(`${text}\0`, 'utf16le')
const object = (id: string, body: Uint8Array) => Buffer.concat([guid(id), u64le(HEAD + body.length), body])

function encoded(value: AsfValue): readonly [type: number, bytes: Buffer] {
  if (typeof value === 'string') return [0, wide(value)]
  if (typeof value === 'boolean') return [2, u32le(Number(value))]
  return typeof value === 'number' ? [3, u32le(value)] : [1, Buffer.from(value)]
}

/** WM/Picture: a front cover. */
export function asfPicture(mime: string, data: Uint8Array, type = 3): Buffer {
  return Buffer.concat([Buffer.of(type), u32le(data.length), wide(mime), wide('a cover'), data])
}

/** A WMA file with other tags than it had; the header's extension comes first, as many programs leave it. */
export function asfFile(base: Buffer, spec: AsfSpec): Buffer {
  const length = Number(base.readBigUInt64LE(16))
  const kept: Buffer[] = []
  for (let at = 30; at < length; ) {
    const size = Number(base.readBigUInt64LE(at + 16))
    if (!TAG_OBJECTS.includes(base.toString('hex', at, at + 16))) kept.push(base.subarray(at, at + size))
    at += size
  }
  const added = [extension(spec), description(spec), extended(spec)]
  const objects = Buffer.concat([...added, ...kept])
  const head = Buffer.concat([
    base.subarray(0, 16),
    u64le(30 + objects.length),
    u32le(added.length + kept.length),
    base.subarray(28, 30),
  ])
  return Buffer.concat([head, objects, base.subarray(length)])
}

function description(spec: AsfSpec): Buffer {
  const texts = NAMES.map((name) =>
    spec.description?.[name] === undefined ? Buffer.alloc(0) : wide(spec.description[name]),
  )
  return object(DESCRIPTION, Buffer.concat([...texts.map((text) => u16le(text.length)), ...texts]))
}

function extended({ extended = [] }: AsfSpec): Buffer {
  const items = extended.map(([name, value]) => {
    const [type, bytes] = encoded(value)
    return Buffer.concat([u16le(wide(name).length), wide(name), u16le(type), u16le(bytes.length), bytes])
  })
  return object(EXTENDED, Buffer.concat([u16le(items.length), ...items]))
}

function extension({ library = [] }: AsfSpec): Buffer {
  const items = library.map(([name, value]) => {
    const [type, bytes] = encoded(value)
    const head = [u16le(0), u16le(0), u16le(wide(name).length), u16le(type), u32le(bytes.length)]
    return Buffer.concat([...head, wide(name), bytes])
  })
  const inner = object(LIBRARY, Buffer.concat([u16le(items.length), ...items]))
  return object(EXTENSION, Buffer.concat([guid(CLOCK), u16le(6), u32le(inner.length), inner]))
}
