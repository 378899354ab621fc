import { type IAudioMetadata, parseFromTokenizer } from 'music-metadata'
import type { AudioFile } from './audio-file.ts'
import { FileTokenizer } from './file-tokenizer.ts'
import { FileWindows } from './file-windows.ts'
import { readForeign } from './foreign-formats.ts'
import { suffixOf } from './formats.ts'
import { heavyReads } from './heavy-reads.ts'
import { type TagView, tagView } from './tag-view.ts'

export interface ParsedAudio {
  /** As the tag parser hands it out: native tags, pictures in `common.picture`, facts in `format`. */
  readonly metadata: IAudioMetadata
  /** What is wrong with the file, in one line for people; '' = nothing. */
  readonly note: string
}

/** Endings that films have as well. */
const MAY_BE_VIDEO = /\.(mp4|webm)$/i

/**
 * What is inside an audio file. By the ending first; a file of another kind than its name says is recognised by its
 * content, and a broken picture costs the picture alone. Reads a bounded part. Rejects when the file holds no sound.
 */
export async function parseAudio(file: AudioFile): Promise<ParsedAudio> {
  const { handle, path, size } = file
  const windows = new FileWindows(handle, size)
  const view = await tagView(windows)
  const foreign = await readForeign(handle, size, suffixOf(path), view.id3)
  if (foreign) return { metadata: foreign, note: '' }
  const named = isDisguised(path, view) ? undefined : path
  const tries = [
    { as: named, skipCovers: false },
    { as: named, skipCovers: true },
    { as: undefined, skipCovers: true },
  ]
  let failure: unknown = new Error('no sound found')
  for (const [index, { as, skipCovers }] of tries.entries()) {
    const heavy = heavyReads()
    try {
      const tokenizer = new FileTokenizer(windows, as, view.edits, heavy)
      const metadata = await parseFromTokenizer(tokenizer, { duration: false, skipCovers })
      const { container, codec, hasAudio, hasVideo } = metadata.format
      if (hasVideo && MAY_BE_VIDEO.test(path)) throw new Error('a video, not a song')
      if ((container || codec) && hasAudio !== false)
        return { metadata: await view.complete(metadata, { skipCovers }), note: '' }
    } catch (error) {
      if (index === 0) failure = error
    } finally {
      heavy.release()
    }
  }
  throw failure
}

/** The MPEG parser finds frames in anything: such files are asked for the mark of another container first. */
function isDisguised(path: string, { mark }: TagView): boolean {
  if (!/^(mp3|aac)$/.test(suffixOf(path))) return false
  return /^(fLaC|OggS|RIFF|FORM|MAC |wvpk|DSD |\x1aE\xdf\xa3|0&\xb2u)/.test(mark) || mark.slice(4, 8) === 'ftyp'
}
