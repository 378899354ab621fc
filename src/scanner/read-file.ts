import { createHash } from 'node:crypto'
import { open } from 'node:fs/promises'
import { audioFacts } from '../audio/audio-facts.ts'
import { FileWindows } from '../audio/file-windows.ts'
import { frontPicture } from '../audio/front-picture.ts'
import { parseAudio } from '../audio/parse-audio.ts'
import { noteDiskErrors } from './disk-errors.ts'
import { toEmbeddedLyrics } from './embedded-lyrics.ts'
import { lyricsTags, nativeTags } from './native-tags.ts'
import type { FileTags } from './reader-protocol.ts'
import { toRawTags } from './tag-names.ts'

export interface ReadFile {
  readonly file: FileTags
  readonly size: number
  readonly mtimeMs: number
  /** The file was written to meanwhile: what was read may be half of it. */
  readonly unstable: boolean
}

/** Reads tags, sound facts, lyrics and the picture's hash of one file. Rejects with the parser's or the system's error. */
export async function readAudioFile(path: string): Promise<ReadFile> {
  const handle = await open(path, 'r')
  const disk = noteDiskErrors(handle)
  try {
    const before = await handle.stat()
    if (!before.isFile()) throw new Error('not a regular file')
    if (before.size === 0) throw new Error('the file is empty')
    const source = { path, windows: new FileWindows(handle, before.size) }
    const { metadata, note } = await parseAudio(source)
    const picture = frontPicture(metadata)
    const file: FileTags = {
      tags: toRawTags(nativeTags(metadata)),
      audio: await audioFacts(source, metadata.format),
      lyrics: toEmbeddedLyrics(lyricsTags(metadata)),
      picture: picture ? createHash('sha256').update(picture.data).digest('hex').slice(0, 16) : '',
      note,
    }
    const after = await handle.stat()
    const unstable = after.size !== before.size || after.mtimeMs !== before.mtimeMs
    disk.check()
    return { file, size: after.size, mtimeMs: Math.trunc(after.mtimeMs), unstable }
  } catch (error) {
    disk.check()
    throw error
  } finally {
    await handle.close()
  }
}
