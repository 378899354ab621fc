import { type IAudioMetadata, type IPicture, parseBuffer } from 'music-metadata'
import { withApePictures } from './ape-pictures.ts'
import { asfTags } from './asf-tags.ts'
import type { Edit } from './file-tokenizer.ts'
import type { FileWindows } from './file-windows.ts'
import type { HeavyReads } from './heavy-reads.ts'
import { tagInChunk, tagOfDsf, tagsAhead } from './id3-view.ts'
import { iffChunks, type ReadBytes } from './iff-chunks.ts'
import { iffTexts } from './iff-texts.ts'
import { opusGain } from './opus-gain.ts'
import { quickTimeTags } from './quicktime-tags.ts'

const MARK_BYTES = 16

/** How a file is shown to the parser, and what of its tags is read beside it because the parser reads it wrong. */
export interface TagView {
  readonly edits: readonly Edit[]
  /** Where the sound begins, behind tags. */
  readonly start: number
  /** The first bytes of the sound as Latin-1. */
  readonly mark: string
  /** A plain ID3v2.4 tag that belongs to the file and is not in what the parser sees. */
  readonly id3: Buffer | undefined
  /** Takes over the tags that were read beside the parser. */
  complete(metadata: IAudioMetadata, options: { readonly skipCovers: boolean }): Promise<IAudioMetadata>
}

/** Tags by the names that the parser has for their kind, in place of its own. */
interface TagsBeside {
  readonly native: IAudioMetadata['native']
  readonly pictures: readonly IPicture[]
}

/** Reads the head of the file, its ID3v2 tags and its short texts. */
export async function tagView(file: FileWindows, heavy: HeavyReads): Promise<TagView> {
  const read: ReadBytes = async (position, length) => {
    await heavy.take(Math.min(length, file.size - position))
    return file.bytesAt(position, length)
  }
  const ahead = await tagsAhead(read, file.size)
  const { sound } = ahead
  const mark = (await read(sound, MARK_BYTES)).toString('latin1')
  const behind: ReadBytes = (position, length) => read(sound + position, length)
  const inside = await viewInside(behind, file.size - sound, { hasTag: sound > 0 })
  const id3 = ahead.tag ?? inside.tag
  return {
    edits: [...ahead.edits, ...inside.edits.map((edit) => ({ ...edit, at: edit.at + sound }))],
    start: sound,
    mark,
    id3,
    async complete(metadata, { skipCovers }) {
      const found = mark.slice(4, 8) === 'ftyp' ? await withQuickTime(metadata, behind, file.size - sound) : metadata
      const whole = merged(await withApePictures(found, read, file.size), inside)
      if (!id3) return whole
      const apart = await parseBuffer(id3, { path: 'tag.mp3', size: id3.length }, { duration: false, skipCovers })
      return merged(whole, { native: apart.native, pictures: apart.common.picture ?? [] })
    },
  }
}

/** Looked for only where the parser found no names of tags, or numbers in their place. */
async function withQuickTime(metadata: IAudioMetadata, read: ReadBytes, size: number): Promise<IAudioMetadata> {
  const named = (metadata.native.iTunes ?? []).filter(({ id }) => /^[^\0-\x1f]/.test(id))
  if (named.some(({ id }) => id.startsWith('©'))) return metadata
  const { tags, pictures } = await quickTimeTags(read, size)
  return merged(metadata, { native: { iTunes: [...named, ...tags] }, pictures })
}

interface ViewInside extends TagsBeside {
  readonly edits: readonly Edit[]
  readonly tag: Buffer | undefined
}

const NOTHING: ViewInside = { edits: [], tag: undefined, native: {}, pictures: [] }

/** What the container itself holds. `hasTag`: an ID3v2 tag stands ahead of it, and counts. */
async function viewInside(
  read: ReadBytes,
  size: number,
  { hasTag }: { readonly hasTag: boolean },
): Promise<ViewInside> {
  const head = await read(0, 128)
  const mark = head.toString('latin1', 0, 4)
  if (mark === 'OggS') {
    const gain = opusGain(head)
    return gain ? { ...NOTHING, native: { opus: [gain] } } : NOTHING
  }
  const asf = await asfTags(read, size)
  if (asf) return { ...NOTHING, edits: asf.edits, native: { asf: [...asf.tags] }, pictures: asf.pictures }
  if (mark === 'DSD ') return { ...NOTHING, ...(hasTag ? {} : await tagOfDsf(read, size)) }
  const chunks = await iffChunks(read, size)
  if (chunks.length === 0) return NOTHING
  const id3 = hasTag ? undefined : await tagInChunk(read, chunks)
  return { ...NOTHING, ...id3, native: await iffTexts(read, chunks) }
}

function merged(metadata: IAudioMetadata, beside: TagsBeside): IAudioMetadata {
  if (Object.keys(beside.native).length === 0 && beside.pictures.length === 0) return metadata
  const native = { ...metadata.native, ...beside.native }
  // Beside the texts of LIST/INFO the parser has those of other chunks under this name.
  const others = beside.native.exif && metadata.native.exif?.filter(({ id }) => id.includes('.'))
  if (others) native.exif = [...(beside.native.exif ?? []), ...others]
  const picture = beside.pictures.length > 0 ? [...beside.pictures] : metadata.common.picture
  return { ...metadata, native, common: { ...metadata.common, ...(picture ? { picture } : {}) } }
}
