import type { IAudioMetadata } from 'music-metadata'
import type { Chunk, ReadBytes } from './iff-chunks.ts'

/** More in one chunk is no text for people. */
const MAX_BYTES = 1024 * 1024
const AIFF_TEXTS = /^(NAME|AUTH|\(c\) |ANNO)$/

type Native = IAudioMetadata['native']

/**
 * The texts of WAVE's LIST/INFO and AIFF's own chunks as the parser names them: in UTF-8, else Latin-1, which the parser
 * takes all of them for. Those of a file that names its code page are left to it.
 */
export async function iffTexts(read: ReadBytes, chunks: readonly Chunk[]): Promise<Native> {
  const exif: { id: string; value: string }[] = []
  const aiff: { id: string; value: string }[] = []
  for (const { id, start, length } of chunks) {
    if (length > MAX_BYTES) continue
    if (id === 'LIST') {
      const list = await read(start, length)
      if (list.toString('latin1', 0, 4) === 'INFO') exif.push(...infoTexts(list))
    } else if (AIFF_TEXTS.test(id))
      for (const value of textOf(await read(start, length)).split('\0')) aiff.push({ id, value })
  }
  const named = chunks.some(({ id }) => id === 'CSET')
  return { ...(exif.length > 0 && !named ? { exif } : {}), ...(aiff.length > 0 ? { AIFF: aiff } : {}) }
}

function infoTexts(list: Buffer): readonly { readonly id: string; readonly value: string }[] {
  const found: { id: string; value: string }[] = []
  for (let at = 4; at + 8 <= list.length; ) {
    const length = list.readUInt32LE(at + 4)
    const value = textOf(list.subarray(at + 8, at + 8 + length)).split('\0', 1)[0] as string
    found.push({ id: list.toString('latin1', at, at + 4), value })
    at += 8 + length
    // Odd lengths are filled up, which some writers forget.
    if (length % 2 && list[at] === 0) at++
  }
  return found
}

function textOf(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return bytes.toString('latin1')
  }
}
