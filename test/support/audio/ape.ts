import { ascii, u32le, utf8 } from './bytes.ts'
import { type AudioSpec, tagPairs } from './spec.ts'

const NAMES: Readonly<Record<string, string>> = {
  TRACKNUMBER: 'Track',
  DISCNUMBER: 'Disc',
  DATE: 'Year',
  ALBUMARTIST: 'Album Artist',
}

/** An APEv2 tag with footer, as WavPack, Musepack and Monkey's Audio carry it at the end. */
export function apeTag(spec: AudioSpec): Buffer {
  const values = new Map<string, string[]>()
  for (const [name, value] of [...tagPairs(spec.tags), ...(spec.native ?? [])]) {
    const key = NAMES[name] ?? name
    values.set(key, [...(values.get(key) ?? []), value])
  }
  const items = [...values].map(([name, list]) => {
    const body = utf8(list.join('\0'))
    return Buffer.concat([u32le(body.length), u32le(0), ascii(`${name}\0`), body])
  })
  if (spec.picture) {
    const body = Buffer.concat([ascii('cover.jpg\0'), spec.picture.data])
    items.push(Buffer.concat([u32le(body.length), u32le(2), ascii('Cover Art (Front)\0'), body]))
  }
  return framed(items)
}

/** A tag of one item of any kind. */
export function apeItemTag(key: string, flags: number, value: Uint8Array): Buffer {
  return framed([Buffer.concat([u32le(value.length), u32le(flags), ascii(`${key}\0`), value])])
}

function framed(items: readonly Buffer[]): Buffer {
  if (items.length === 0) return Buffer.alloc(0)
  const body = Buffer.concat(items)
  const frame = (flags: number) =>
    Buffer.concat([
      ascii('APETAGEX'),
      u32le(2000),
      u32le(body.length + 32),
      u32le(items.length),
      u32le(flags),
      Buffer.alloc(8),
    ])
  return Buffer.concat([frame(0xa0000000), body, frame(0x80000000)])
}
