import { readFile } from 'node:fs/promises'
import { systemErrorCode } from '../../base/errors.ts'
import { openConfined, readBounded } from '../confined-file.ts'
import type { ImageFailure, PictureSource } from './image-tasks.ts'
import { type PictureType, pictureType } from './picture-type.ts'
import { HEADER_BYTES } from './stored-picture.ts'

/** Why a task ends without a picture; turned into an answer by the loop of the child. */
export class PictureProblem extends Error {
  readonly reason: ImageFailure

  constructor(reason: ImageFailure, note = '') {
    super(note)
    this.name = 'PictureProblem'
    this.reason = reason
  }
}

export interface PictureBytes {
  readonly bytes: Buffer
  readonly type: PictureType
}

/** Reads a source whole. Rejects with PictureProblem. Runs in the image process only. */
export async function readPicture(source: PictureSource, maxBytes: number): Promise<PictureBytes> {
  const bytes = await readSource(source, maxBytes).catch((error: unknown) => {
    if (error instanceof PictureProblem) throw error
    throw new PictureProblem('unavailable', systemErrorCode(error) ?? String(error))
  })
  const type = pictureType(bytes)
  if (!type) throw new PictureProblem('no-picture')
  return { bytes, type }
}

async function readSource(source: PictureSource, maxBytes: number): Promise<Buffer> {
  if (source.kind === 'stored') return (await readFile(source.path)).subarray(HEADER_BYTES)
  if (source.kind === 'embedded') return embeddedPicture(source.path, maxBytes)
  const file = await openConfined(source.path, source.within)
  if (!file) throw new PictureProblem('no-picture')
  try {
    const bytes = await readBounded(file, maxBytes)
    if (!bytes) throw new PictureProblem('too-large')
    return bytes
  } finally {
    await file.close()
  }
}

/** The front cover, else the first picture: the one whose hash the scanner takes for the version. */
async function embeddedPicture(path: string, maxBytes: number): Promise<Buffer> {
  const { parseFile } = await import('music-metadata')
  const { common } = await parseFile(path, { duration: false, skipPostHeaders: true }).catch((error: unknown) => {
    if (systemErrorCode(error)) throw error
    throw new PictureProblem('broken', String(error))
  })
  const pictures = (common.picture ?? []).filter(({ data }) => data.length > 0)
  const chosen = pictures.find(({ type }) => /front/i.test(type ?? '')) ?? pictures[0]
  if (!chosen) throw new PictureProblem('no-picture')
  if (chosen.data.length > maxBytes) throw new PictureProblem('too-large')
  return Buffer.from(chosen.data.buffer, chosen.data.byteOffset, chosen.data.byteLength)
}
