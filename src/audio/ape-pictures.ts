import type { IAudioMetadata, IPicture } from 'music-metadata'
import { pictureType } from '../base/picture-type.ts'
import { frontPicture } from './front-picture.ts'
import type { ReadBytes } from './iff-chunks.ts'

/** Behind an APEv2 tag there are an ID3v1 tag and lyrics at most. */
const TAIL = 64 * 1024
const FOOTER = 32
const IS_HEADER = 0x20000000
const MAX_TAG = 32 * 1024 * 1024
/** A picture begins within so many bytes of its item, behind the name of a file. */
const PICTURE_HEAD = 1024

/**
 * Takes over the pictures of an APEv2 tag at the end of a file that the parser does not find: it looks for the name of a
 * file ahead of them, and for nothing in values that are called texts.
 */
export async function withApePictures(
  metadata: IAudioMetadata,
  read: ReadBytes,
  size: number,
): Promise<IAudioMetadata> {
  if (!metadata.native.APEv2?.some(({ id }) => /^cover ?art/i.test(id)) || frontPicture(metadata)) return metadata
  const picture = await apePictures(read, size)
  return picture.length > 0 ? { ...metadata, common: { ...metadata.common, picture } } : metadata
}

async function apePictures(read: ReadBytes, size: number): Promise<IPicture[]> {
  const start = Math.max(0, size - TAIL)
  const tail = await read(start, TAIL)
  const at = tail.lastIndexOf('APETAGEX')
  if (at < 0 || at + FOOTER > tail.length || tail.readUInt32LE(at + 20) & IS_HEADER) return []
  const length = tail.readUInt32LE(at + 12) - FOOTER
  const from = start + at - length
  if (length <= 0 || length > MAX_TAG || from < 0) return []
  return picturesIn(await read(from, length), tail.readUInt32LE(at + 16))
}

/** Items: length, flags, key, zero, value. */
function picturesIn(items: Buffer, count: number): IPicture[] {
  const found: IPicture[] = []
  for (let at = 0, left = count; left > 0 && at + 8 < items.length; left--) {
    const keyEnd = items.indexOf(0, at + 8)
    if (keyEnd < 0) break
    const end = keyEnd + 1 + items.readUInt32LE(at)
    const key = items.toString('latin1', at + 8, keyEnd)
    const data = /^cover ?art/i.test(key) ? pictureIn(items.subarray(keyEnd + 1, end)) : undefined
    if (data) found.push({ type: /front/i.test(key) ? 'Cover (front)' : 'Other', format: '', data })
    at = end
  }
  return found
}

function pictureIn(value: Buffer): Buffer | undefined {
  for (let at = 0; at < Math.min(value.length, PICTURE_HEAD); at++) {
    const rest = value.subarray(at)
    if (pictureType(rest)) return rest
  }
  return undefined
}
