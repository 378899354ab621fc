import { cleanId3v2 } from './clean-id3v2.ts'
import type { Edit } from './file-tokenizer.ts'
import { ID3_HEADER, id3Size } from './id3v2-frames.ts'
import type { Chunk, ReadBytes } from './iff-chunks.ts'

/** What the parser shall see of ID3v2 tags. */
export interface Id3View {
  /** In place of what the file holds. */
  readonly edits: readonly Edit[]
  /** A plain ID3v2.4 tag that the parser would not find or not read right in its place: to be read apart. */
  readonly tag: Buffer | undefined
}

export interface TagsAhead extends Id3View {
  /** Where the sound begins. */
  readonly sound: number
}

/** No more of a tag is read. */
const MAX_TAG = 32 * 1024 * 1024
const MAX_TAGS_AHEAD = 16
const NOTHING: Id3View = { edits: [], tag: undefined }
/** Ahead of these the parser knows no ID3v2. */
const WITHOUT_ID3 =
  /^(OggS|RIFF|RF64|BW64|FORM|FRM8|MAC |wvpk|MP\+|MPCK|DSD |TTA1|tBaK|ajkg|\x1aE\xdf\xa3|0&\xb2u|....ftyp)/s

/** Tags ahead of the sound, of which the first that says anything counts. */
export async function tagsAhead(read: ReadBytes, size: number): Promise<TagsAhead> {
  let sound = 0
  let clean: Buffer | undefined
  for (let count = 0; count < MAX_TAGS_AHEAD; count++) {
    const head = await read(sound, ID3_HEADER)
    const length = id3Size(head)
    if (length === undefined) {
      // The beginning of a tag that goes on as sound: the parser is not to take it for one.
      if (head.toString('latin1', 0, 3) === 'ID3') sound += 3
      break
    }
    const footer = head[3] === 4 && (head[5] as number) & 0x10 ? ID3_HEADER : 0
    const next = sound + ID3_HEADER + length + footer
    const found = clean ? undefined : cleanId3v2(await read(sound, Math.min(ID3_HEADER + length, MAX_TAG)))
    clean ??= found?.tag
    if (next > size) {
      // Such a size is wrong: the sound begins somewhere behind the frames.
      sound += found?.end ?? ID3_HEADER
      break
    }
    sound = next
  }
  if (sound === 0) return { ...NOTHING, sound }
  const apart = WITHOUT_ID3.test((await read(sound, 12)).toString('latin1'))
  const bytes = (apart ? undefined : clean) ?? Buffer.alloc(0)
  return { sound, edits: [{ at: 0, length: sound, bytes }], tag: apart ? clean : undefined }
}

/** The tag in a chunk of WAVE, AIFF and DSDIFF, unless the parser reads it as it is. */
export async function tagInChunk(read: ReadBytes, chunks: readonly Chunk[]): Promise<Id3View> {
  const chunk = chunks.find(({ id }) => id === 'id3 ' || id === 'ID3 ')
  if (!chunk || chunk.length > MAX_TAG) return NOTHING
  const tag = await read(chunk.start, chunk.length)
  return seen(tag, chunk.start, { at: chunk.at, length: 4, bytes: Buffer.from('JUNK') })
}

/** The tag at the end of a DSF file, whose head says where. */
export async function tagOfDsf(read: ReadBytes, size: number): Promise<Id3View> {
  const head = await read(0, 28)
  if (head.toString('latin1', 0, 4) !== 'DSD ' || head.length < 28) return NOTHING
  const at = Number(head.readBigUInt64LE(20))
  if (at === 0 || at + ID3_HEADER > size) return NOTHING
  const length = id3Size(await read(at, ID3_HEADER))
  if (length === undefined || length > MAX_TAG) return NOTHING
  return seen(await read(at, ID3_HEADER + length), at, { at: 20, length: 8, bytes: Buffer.alloc(8) })
}

/** A plain tag is not read twice; another is hidden by an edit. */
function seen(tag: Buffer, at: number, hiding: Edit): Id3View {
  if (id3Size(tag) === undefined) return NOTHING
  const clean = cleanId3v2(tag)?.tag
  if (clean === tag) return { edits: [{ at, length: tag.length, bytes: tag }], tag: undefined }
  return { edits: [hiding], tag: clean }
}
