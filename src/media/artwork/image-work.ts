import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Metadata, Sharp } from 'sharp'
import { systemErrorCode } from '../../base/errors.ts'
import type { PictureType } from '../../base/picture-type.ts'
import { decodeCost } from './decode-cost.ts'
import type { ImageDone, ImageLimits, ImageTask, PictureSource } from './image-tasks.ts'
import { type PictureBytes, PictureProblem, readPicture } from './picture-bytes.ts'
import { decodeHeader, type PictureHeader, writeStored } from './stored-picture.ts'
import { filledUp, isMostlyThere } from './torn-picture.ts'

export type SharpModule = typeof import('sharp')

/** Types that every player shows: small ones are stored untouched. */
const UNIVERSAL: readonly PictureType[] = ['image/jpeg', 'image/png', 'image/gif', 'image/webp']
/** A picture within the edge is still made smaller when its bytes are out of proportion. */
const SMALL_ENOUGH = 256 << 10

interface Rendered {
  readonly data: Buffer
  readonly width: number
  readonly height: number
  readonly type: PictureType
}

type Making = (source: Sharp, edge: number, limits: ImageLimits) => Promise<Rendered>

/** Does one task, in the image process. Rejects with PictureProblem. Without `sharp` pictures are kept as they are. */
export async function work(task: ImageTask, sharp: SharpModule | undefined, limits: ImageLimits): Promise<ImageDone> {
  switch (task.kind) {
    case 'master':
      return makeMaster(task.source, task.edge, task.folder, sharp, limits)
    case 'original': {
      const { bytes, type } = await readPicture(task.source, limits.maxBytes)
      const written = await store(task.target, { data: bytes, width: 0, height: 0, type })
      return { ok: true, content: '', width: 0, height: 0, original: true, written }
    }
    case 'resize': {
      const picture = await readPicture(task.source, limits.maxBytes)
      const make = task.square ? squared(resizer(sharp)) : shrunk
      const rendered = await shrink(picture, task.edge, resizer(sharp), limits, make)
      return done(rendered, await store(task.target, rendered))
    }
    case 'grid': {
      const rendered = await makeGrid(task.sources, task.edge, resizer(sharp), limits)
      return done(rendered, await store(task.target, rendered))
    }
  }
}

function resizer(sharp: SharpModule | undefined): SharpModule {
  if (!sharp) throw new PictureProblem('unresized')
  return sharp
}

function done(rendered: Rendered, written: number): ImageDone {
  return { ok: true, content: '', width: rendered.width, height: rendered.height, original: false, written }
}

async function makeMaster(
  source: PictureSource,
  edge: number,
  folder: string,
  sharp: SharpModule | undefined,
  limits: ImageLimits,
): Promise<ImageDone> {
  const picture = await readPicture(source, limits.maxBytes)
  const content = createHash('sha256').update(picture.bytes).digest('hex').slice(0, 32)
  const target = join(folder, content.slice(0, 2), content)
  if (!sharp) {
    if (picture.bytes.length > limits.maxUnresizedBytes) throw new PictureProblem('unresized')
    const written = await store(target, { data: picture.bytes, width: 0, height: 0, type: picture.type })
    return { ok: true, content, width: 0, height: 0, original: true, written }
  }
  const size = await decoding(async () => {
    const { width, height, autoOrient } = await bounded(sharp, picture, limits)
    return autoOrient ?? { width, height }
  })
  const small = Math.max(size.width, size.height) <= edge && picture.bytes.length <= SMALL_ENOUGH
  const original = small && UNIVERSAL.includes(picture.type)
  const known = await readHeader(target)
  if (known) return { ok: true, content, width: known.width, height: known.height, original, written: 0 }
  // A header may promise a picture that the bytes behind it don't hold, so the small ones are decoded too.
  const untouched = original && (await isWhole(sharp, picture, limits))
  const { bytes: data, type } = picture
  const stored = untouched ? { data, ...size, type } : await shrink(picture, edge, sharp, limits, shrunk)
  const written = await store(target, stored)
  return { ok: true, content, width: stored.width, height: stored.height, original: untouched, written }
}

/** 'none' goes on over errors. */
function load(
  sharp: SharpModule,
  picture: PictureBytes,
  limits: ImageLimits,
  failOn: 'error' | 'none' = 'error',
): Sharp {
  const bytes = filledUp(picture, { isTorn: failOn === 'none' })
  return sharp(bytes, { limitInputPixels: limits.maxPixels, failOn, sequentialRead: true })
}

async function isWhole(sharp: SharpModule, picture: PictureBytes, limits: ImageLimits): Promise<boolean> {
  if (filledUp(picture, { isTorn: false }) !== picture.bytes) return false
  return load(sharp, picture, limits)
    .stats()
    .then(
      () => true,
      () => false,
    )
}

/** Rejects before anything is decoded when that would take too much memory. */
async function bounded(sharp: SharpModule, picture: PictureBytes, limits: ImageLimits): Promise<Metadata> {
  const bytes = filledUp(picture, { isTorn: false })
  const header = await sharp(bytes, { limitInputPixels: limits.maxPixels, failOn: 'none' }).metadata()
  if (decodeCost(header) > limits.maxDecodedBytes) throw new PictureProblem('too-large', 'too large to decode')
  return header
}

/** A picture that ends too early is made of what is there, when that is most of it. */
async function shrink(
  picture: PictureBytes,
  edge: number,
  sharp: SharpModule,
  limits: ImageLimits,
  make: Making,
): Promise<Rendered> {
  return decoding(async () => {
    await bounded(sharp, picture, limits)
    try {
      return await make(load(sharp, picture, limits), edge, limits)
    } catch (error) {
      if (!(await isMostlyThere(load(sharp, picture, limits, 'none')))) throw error
      return make(load(sharp, picture, limits, 'none'), edge, limits)
    }
  })
}

async function shrunk(source: Sharp, edge: number, limits: ImageLimits): Promise<Rendered> {
  const { data, info } = await source
    .autoOrient()
    .resize({ width: edge, height: edge, fit: 'inside', withoutEnlargement: true })
    .flatten({ background: '#ffffff' })
    .jpeg({ quality: limits.quality })
    .toBuffer({ resolveWithObject: true })
  return { data, width: info.width, height: info.height, type: 'image/jpeg' }
}

/** What comes out as a square needs no clear edges, so it stays a JPEG. */
function squared(sharp: SharpModule): Making {
  return async (source, edge, limits) => {
    const { data, info } = await source
      .autoOrient()
      .resize({ width: edge, height: edge, fit: 'inside', withoutEnlargement: true })
      .png({ compressionLevel: 0 })
      .toBuffer({ resolveWithObject: true })
    const { width, height } = info
    if (width === height) return shrunk(sharp(data), edge, limits)
    const side = Math.max(width, height)
    const [left, top] = [Math.floor((side - width) / 2), Math.floor((side - height) / 2)]
    const whole = await sharp(data)
      .ensureAlpha()
      .extend({ left, right: side - width - left, top, bottom: side - height - top, background: '#00000000' })
      .png({ compressionLevel: 6 })
      .toBuffer()
    return { data: whole, width: side, height: side, type: 'image/png' }
  }
}

async function makeGrid(
  sources: readonly PictureSource[],
  edge: number,
  sharp: SharpModule,
  limits: ImageLimits,
): Promise<Rendered> {
  const half = Math.ceil(edge / 2)
  const tiles: { input: Buffer; left: number; top: number }[] = []
  for (const [index, source] of sources.slice(0, 4).entries()) {
    const picture = await readPicture(source, limits.maxBytes)
    const input = await decoding(async () => {
      await bounded(sharp, picture, limits)
      return load(sharp, picture, limits)
        .autoOrient()
        .resize({ width: half, height: half, fit: 'cover' })
        .flatten({ background: '#ffffff' })
        .png({ compressionLevel: 0 })
        .toBuffer()
    })
    tiles.push({ input, left: (index % 2) * half, top: Math.floor(index / 2) * half })
  }
  return decoding(async () => {
    const square = await sharp({ create: { width: half * 2, height: half * 2, channels: 3, background: '#202020' } })
      .composite(tiles)
      .png({ compressionLevel: 0 })
      .toBuffer()
    const { data, info } = await sharp(square)
      .extract({ left: 0, top: 0, width: edge, height: edge })
      .jpeg({ quality: limits.quality })
      .toBuffer({ resolveWithObject: true })
    return { data, width: info.width, height: info.height, type: 'image/jpeg' }
  })
}

/** sharp tells by sentences: too many pixels is the only one that matters apart. */
async function decoding<T>(step: () => Promise<T>): Promise<T> {
  try {
    return await step()
  } catch (error) {
    if (error instanceof PictureProblem) throw error
    const note = error instanceof Error ? error.message : String(error)
    throw new PictureProblem(/pixel limit|too large/i.test(note) ? 'too-large' : 'broken', note.slice(0, 200))
  }
}

async function store(target: string, { data, ...header }: Rendered): Promise<number> {
  return writeStored(target, header, data).catch((error) => {
    throw new PictureProblem('unwritable', systemErrorCode(error) ?? String(error))
  })
}

/** Of a file with a known size in pixels: what was kept without a resizer is made anew once there is one. */
async function readHeader(target: string): Promise<PictureHeader | undefined> {
  try {
    const block = await readFile(target)
    const header = decodeHeader(block, block.length)
    return header && header.width > 0 ? header : undefined
  } catch {
    return undefined
  }
}
