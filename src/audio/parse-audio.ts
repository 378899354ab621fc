import { type IAudioMetadata, type IFormat, parseFromTokenizer } from 'music-metadata'
import type { AudioFile } from './audio-file.ts'
import { FileTokenizer } from './file-tokenizer.ts'
import type { FileWindows } from './file-windows.ts'
import { flacSeconds } from './flac-frames.ts'
import { readForeign } from './foreign-formats.ts'
import { type HeavyReads, heavyReads } from './heavy-reads.ts'
import type { ReadBytes } from './iff-chunks.ts'
import type { Mended } from './mended.ts'
import { NotASong } from './not-a-song.ts'
import {
  attempt,
  byNameAlone,
  firstLook,
  isOfSystem,
  mendedViews,
  mergeEdits,
  readWithoutParser,
  type Suspect,
  suspect,
  untaggedView,
} from './second-opinion.ts'
import { type TagView, tagView } from './tag-view.ts'

export interface ParsedAudio {
  /** As the tag parser hands it out: native tags, pictures in `common.picture`, facts in `format`. */
  readonly metadata: IAudioMetadata
  /** What is wrong with the file, in one line for people; '' = nothing. */
  readonly note: string
}

/** Endings that films have as well. */
const MAY_BE_VIDEO = /\.(mp4|webm|asf|3gp|3g2)$/i

/**
 * What is inside an audio file. Its content says what it is, and its ending only where that has no mark. What the tag
 * parser refuses is shown to it mended, else read without it, else known by its kind alone; a broken picture costs the
 * picture alone. Reads a bounded part. Rejects when the file holds no sound, or nothing that is known.
 */
export async function parseAudio(file: AudioFile): Promise<ParsedAudio> {
  const heavy = heavyReads()
  try {
    return await parse(file, heavy)
  } finally {
    heavy.release()
  }
}

async function parse({ path, windows }: AudioFile, heavy: HeavyReads): Promise<ParsedAudio> {
  const read: ReadBytes = (position, length) => windows.bytesAt(position, length)
  const view = await tagView(windows, heavy)
  const file = suspect(path, read, windows.size, view.start, view.mark)
  const foreign = await attempt(() => readForeign(file, view))
  if (foreign) return { metadata: foreign, note: isTold(foreign) ? '' : 'listed by its name: its head is damaged' }
  const parser = new Parser(windows, file, view, heavy)
  const look = await firstLook(file)
  const parsed = file.container?.as === '' ? undefined : await parser.parse(look)
  if (parsed) return finish(file, parsed)
  for await (const mended of mendedViews(file)) {
    const found = await parser.parseOnce(mended, true)
    if (found) return finish(file, found)
  }
  const other = await readWithoutParser(file, look)
  if (other) return { metadata: await view.complete(other, { skipCovers: false }), note: parser.reason }
  const bare = byNameAlone(file, look)
  if (!bare) throw parser.failure
  const reason = parser.reason || 'no reader for its kind'
  return { metadata: await view.complete(bare, { skipCovers: false }), note: `listed by its name: ${reason}` }
}

/** Shorten alone has a head that tells nothing. */
const isTold = ({ format }: IAudioMetadata): boolean => !!format.numberOfChannels || format.codec === 'Shorten'

/** Adds what the parser doesn't tell of the sound. */
async function finish(file: Suspect, { metadata, note }: ParsedAudio): Promise<ParsedAudio> {
  const { container, path, read, size, start } = file
  let format: IFormat = { ...metadata.format, ...(await attempt(async () => container?.sound?.(read, size, start))) }
  if (container?.name === 'FLAC' && !format.duration) {
    const seconds = (await attempt(() => flacSeconds(read, size, start))) ?? 0
    if (seconds > 0) format = { ...format, duration: seconds, bitrate: ((size - start) * 8) / seconds }
  }
  if (format.hasVideo && MAY_BE_VIDEO.test(path)) throw new NotASong('a video, not a song')
  return { metadata: { ...metadata, format }, note }
}

/** The tag parser at one file, in one view after the other. */
class Parser {
  readonly #windows: FileWindows
  readonly #file: Suspect
  readonly #view: TagView
  readonly #heavy: HeavyReads
  #failure: unknown
  #hasFailed = false

  constructor(windows: FileWindows, file: Suspect, view: TagView, heavy: HeavyReads) {
    this.#windows = windows
    this.#file = file
    this.#view = view
    this.#heavy = heavy
  }

  /** Why the first view was refused. */
  get failure(): unknown {
    return this.#hasFailed ? this.#failure : new Error('no sound found')
  }

  /** In one line; '' = nothing was refused. */
  get reason(): string {
    if (!this.#hasFailed) return ''
    const text = this.#failure instanceof Error ? this.#failure.message : String(this.#failure)
    return text.split('\n')[0] as string
  }

  /** With its pictures, without, and at last as the parser's own guess of its content. */
  async parse(look: Mended | undefined): Promise<ParsedAudio | undefined> {
    const { container, path } = this.#file
    const named = container ? `file.${look?.as ?? container.as}` : path
    for (const { as, skipCovers } of [
      { as: named, skipCovers: false },
      { as: named, skipCovers: true },
      { as: undefined, skipCovers: true },
    ]) {
      const found = await this.#try(look, as, skipCovers)
      if (!found) continue
      if (hasTags(found)) return found
      const mended = await untaggedView(this.#file)
      const again = mended && (await this.parseOnce(mended, false))
      return again && hasTags(again) ? again : found
    }
    return undefined
  }

  async parseOnce(mended: Mended, skipCovers: boolean): Promise<ParsedAudio | undefined> {
    const { container, path } = this.#file
    return this.#try(mended, container ? `file.${mended.as ?? container.as}` : path, skipCovers)
  }

  async #try(
    mended: Mended | undefined,
    as: string | undefined,
    skipCovers: boolean,
  ): Promise<ParsedAudio | undefined> {
    this.#heavy.again()
    try {
      const edits = mergeEdits(this.#view.edits, mended?.edits ?? [])
      const tokenizer = new FileTokenizer(this.#windows, as, edits, this.#heavy)
      const parsed = await parseFromTokenizer(tokenizer, { duration: false, skipCovers })
      const { container, codec, hasAudio } = parsed.format
      if (!(container || codec) || hasAudio === false) return undefined
      const complete = await this.#view.complete(parsed, { skipCovers })
      return { metadata: mended ? corrected(complete, mended) : complete, note: mended?.note ?? '' }
    } catch (error) {
      if (isOfSystem(error)) throw error
      if (!this.#hasFailed) this.#failure = error
      this.#hasFailed = true
      return undefined
    }
  }
}

const hasTags = ({ metadata }: ParsedAudio): boolean => Object.keys(metadata.native).length > 0

function corrected(metadata: IAudioMetadata, { format, share = 1, pictures = [] }: Mended): IAudioMetadata {
  const { duration } = metadata.format
  const known = [...(metadata.common.picture ?? []), ...pictures]
  return {
    ...metadata,
    common: known.length > 0 ? { ...metadata.common, picture: known } : metadata.common,
    format: { ...metadata.format, ...(duration && share < 1 ? { duration: duration * share } : {}), ...format },
  }
}
