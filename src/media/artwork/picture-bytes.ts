import { open, readFile } from 'node:fs/promises'
import { systemErrorCode } from '../../base/errors.ts'
import { type PictureType, pictureType } from '../../base/picture-type.ts'
import { openConfined, readBounded } from '../confined-file.ts'
import type { ImageFailure, PictureSource } from './image-tasks.ts'
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

/** The picture whose hash the scanner took for the version. */
async function embeddedPicture(path: string, maxBytes: number): Promise<Buffer> {
  const [{ parseAudio }, { FileWindows }, { frontPicture }] = await Promise.all([
    import('../../audio/parse-audio.ts'),
    import('../../audio/file-windows.ts'),
    import('../../audio/front-picture.ts'),
  ])
  const handle = await open(path, 'r')
  try {
    const { size } = await handle.stat()
    const { metadata } = await parseAudio({ path, windows: new FileWindows(handle, size) }).catch((error: unknown) => {
      if (systemErrorCode(error)) throw error
      throw new PictureProblem('broken', String(error))
    })
    const chosen = frontPicture(metadata)
    if (!chosen) throw new PictureProblem('no-picture')
    if (chosen.data.length > maxBytes) throw new PictureProblem('too-large')
    return Buffer.from(chosen.data.buffer, chosen.data.byteOffset, chosen.data.byteLength)
  } finally {
    await handle.close()
  }
}
