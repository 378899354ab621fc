import type { IPicture } from 'music-metadata'
import type { ReadBytes } from './iff-chunks.ts'
import { type Box, boxesIn } from './mp4-boxes.ts'

export interface QuickTimeTags {
  readonly tags: readonly { readonly id: string; readonly value: string }[]
  readonly pictures: readonly IPicture[]
}

const MAX_ITEMS = 2000
const MAX_BYTES = 32 * 1024 * 1024
/** Texts of 3GPP (TS 26.244, 8) and what iTunes calls the like. */
const TEXTS_3GPP: Readonly<Record<string, string>> = {
  titl: '©nam',
  perf: '©ART',
  auth: 'auth',
  albm: '©alb',
  gnre: '©gen',
  dscp: '©cmt',
  cprt: 'cprt',
}
const PICTURE = /artwork|cover|picture/i
/** Kinds of values ("QuickTime File Format", well-known types). */
const UTF_8 = 1
const UTF_16 = 2

/**
 * The tags of MP4 files in the forms that iTunes does not write and the parser does not read: texts in `udta` of
 * QuickTime and 3GPP, and `meta` with a list of keys.
 */
export async function quickTimeTags(read: ReadBytes, size: number): Promise<QuickTimeTags> {
  const tags: { id: string; value: string }[] = []
  const pictures: IPicture[] = []
  const moov = (await boxesIn(read, 0, size)).find(({ name }) => name === 'moov')
  const inMoov = moov ? await boxesIn(read, moov.body, Math.min(moov.end, size)) : []
  const metas = inMoov.filter(({ name }) => name === 'meta')
  for (const udta of inMoov.filter(({ name }) => name === 'udta'))
    for (const box of await boxesIn(read, udta.body, Math.min(udta.end, size))) {
      if (box.name === 'meta') metas.push(box)
      else tags.push(...textOf(box.name, await contentOf(read, box)))
    }
  for (const meta of metas)
    for (const { key, type, value } of await keyedValues(read, meta)) {
      if (PICTURE.test(key)) pictures.push({ type: 'Cover (front)', format: '', data: value })
      else tags.push(...textsOfValue(type, value).map((text) => ({ id: `----:mdta:${key}`, value: text })))
    }
  return { tags, pictures }
}

function textOf(name: string, body: Buffer): QuickTimeTags['tags'] {
  if (name.startsWith('\xa9')) return quickTimeTexts(body).map((value) => ({ id: name, value }))
  if (name === 'yrrc' && body.length >= 6) return [{ id: '©day', value: String(body.readUInt16BE(4)) }]
  const id = TEXTS_3GPP[name]
  // Version and flags, the language, and behind the name of an album the number of the track.
  return id && body.length > 6 ? [{ id, value: decoded(body.subarray(6)).split('\0', 1)[0] as string }] : []
}

/** Of each language: length, language, text. */
function quickTimeTexts(body: Buffer): readonly string[] {
  const texts: string[] = []
  for (let at = 0; at + 4 <= body.length; ) {
    const end = at + 4 + body.readUInt16BE(at)
    texts.push(decoded(body.subarray(at + 4, end)))
    at = end
  }
  return texts.slice(0, 1)
}

interface KeyedValue {
  readonly key: string
  readonly type: number
  readonly value: Buffer
}

async function keyedValues(read: ReadBytes, meta: Box): Promise<readonly KeyedValue[]> {
  const head = await read(meta.body, 8)
  const start = head.toString('latin1', 4, 8) === 'hdlr' ? meta.body : meta.body + 4
  const inside = await boxesIn(read, start, meta.end)
  const keys = inside.find(({ name }) => name === 'keys')
  const list = inside.find(({ name }) => name === 'ilst')
  if (!keys || !list) return []
  const names = keysOf(await contentOf(read, keys))
  return itemsOf(await contentOf(read, list)).flatMap(({ name: number, content }) => {
    const key = names[number.readUInt32BE(0) - 1]
    const values = itemsOf(content).filter(({ name, content }) => name.toString() === 'data' && content.length >= 8)
    if (key === undefined) return []
    return values.map(({ content }) => ({ key, type: content.readUInt32BE(0), value: content.subarray(8) }))
  })
}

/** [] for what is longer than any tag. */
async function contentOf(read: ReadBytes, { body, end }: Box): Promise<Buffer> {
  return end - body > MAX_BYTES ? Buffer.alloc(0) : read(body, end - body)
}

/** Boxes whose names may be numbers. */
function itemsOf(list: Buffer): readonly { readonly name: Buffer; readonly content: Buffer }[] {
  const items: { name: Buffer; content: Buffer }[] = []
  for (let at = 0; at + 8 <= list.length && items.length < MAX_ITEMS; ) {
    const length = Math.max(8, list.readUInt32BE(at))
    items.push({ name: list.subarray(at + 4, at + 8), content: list.subarray(at + 8, at + length) })
    at += length
  }
  return items
}

/** Version, a count, then of each: length, kind of name, name. */
function keysOf(body: Buffer): readonly string[] {
  const names: string[] = []
  for (let at = 8; at + 8 <= body.length && names.length < MAX_ITEMS; ) {
    const length = Math.max(8, body.readUInt32BE(at))
    names.push(body.toString('utf8', at + 8, at + length).replace(/^com\.apple\.quicktime\./, ''))
    at += length
  }
  return names
}

function textsOfValue(type: number, value: Buffer): readonly string[] {
  if (type === UTF_8) return [value.toString('utf8')]
  if (type === UTF_16) return [decoded(Buffer.concat([Buffer.of(0xfe, 0xff), value]))]
  if ((type === 21 || type === 22) && value.length >= 1 && value.length <= 6)
    return [String(type === 21 ? value.readIntBE(0, value.length) : value.readUIntBE(0, value.length))]
  return []
}

function decoded(bytes: Buffer): string {
  const mark = bytes.length >= 2 ? bytes.readUInt16BE(0) : 0
  const encodings = mark === 0xfeff ? ['utf-16be'] : mark === 0xfffe ? ['utf-16le'] : ['utf-8', 'macintosh']
  for (const encoding of encodings)
    try {
      return new TextDecoder(encoding, { fatal: true }).decode(bytes)
    } catch {
      // The next one.
    }
  return bytes.toString('latin1')
}
