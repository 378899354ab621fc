import { type IAudioMetadata, parseBuffer } from 'music-metadata'
import type { Edit } from './file-tokenizer.ts'
import type { FileWindows } from './file-windows.ts'
import { tagInChunk, tagOfDsf, tagsAhead } from './id3-view.ts'
import { iffChunks, type ReadBytes } from './iff-chunks.ts'
import { iffTexts } from './iff-texts.ts'

/** How a file is shown to the parser, and what of its tags is read beside it because the parser reads it wrong. */
export interface TagView {
  readonly edits: readonly Edit[]
  /** The first bytes of the sound, behind tags, as Latin-1. */
  readonly mark: string
  /** A plain ID3v2.4 tag that belongs to the file and is not in what the parser sees. */
  readonly id3: Buffer | undefined
  /** Takes over the tags that were read beside the parser. */
  complete(metadata: IAudioMetadata, options: { readonly skipCovers: boolean }): Promise<IAudioMetadata>
}

/** Reads the head of the file, its ID3v2 tags and its short chunks of text. */
export async function tagView(file: FileWindows): Promise<TagView> {
  const read: ReadBytes = (position, length) => file.bytesAt(position, length)
  const ahead = await tagsAhead(read, file.size)
  const { sound } = ahead
  const behind: ReadBytes = (position, length) => file.bytesAt(sound + position, length)
  const mark = (await read(sound, 12)).toString('latin1')
  const chunks = await iffChunks(behind, file.size - sound)
  const texts = await iffTexts(behind, chunks)
  const inside =
    sound > 0 ? undefined : chunks.length > 0 ? await tagInChunk(read, chunks) : await tagOfDsf(read, file.size)
  const id3 = ahead.tag ?? inside?.tag
  return {
    edits: [...ahead.edits, ...(inside?.edits ?? [])],
    mark,
    id3,
    async complete(metadata, { skipCovers }) {
      const read =
        id3 && (await parseBuffer(id3, { path: 'tag.mp3', size: id3.length }, { duration: false, skipCovers }))
      if (!read && Object.keys(texts).length === 0) return metadata
      const exif = [
        ...(texts.exif ?? []),
        ...(metadata.native.exif ?? []).filter(({ id }) => !texts.exif || id.includes('.')),
      ]
      const native = { ...metadata.native, ...read?.native, ...texts, ...(exif.length > 0 ? { exif } : {}) }
      const picture = read?.common.picture ?? metadata.common.picture
      return { ...metadata, native, common: { ...metadata.common, ...(picture ? { picture } : {}) } }
    },
  }
}
