import type { IAudioMetadata } from 'music-metadata'
import { bareMetadata } from './bare-metadata.ts'
import { type Container, containerOf } from './containers.ts'
import { askFfprobe } from './ffprobe.ts'
import type { Edit } from './file-tokenizer.ts'
import type { ReadBytes } from './iff-chunks.ts'
import { mendTail } from './mend-tail.ts'
import type { Mended } from './mended.ts'
import { NotASong } from './not-a-song.ts'

export interface Suspect {
  readonly path: string
  readonly read: ReadBytes
  readonly size: number
  /** Where the sound begins, behind tags. */
  readonly start: number
  readonly container: Container | undefined
}

export function suspect(path: string, read: ReadBytes, size: number, start: number, mark: string): Suspect {
  return { path, read, size, start, container: containerOf(mark) }
}

/** How the tag parser shall see the file to begin with; undefined = as it is. Rejects for what is no song. */
export function firstLook({ container, read, size, start }: Suspect): Promise<Mended | undefined> {
  return attempt(async () => container?.view?.(read, size, start))
}

/** Views of a file that the parser refused, the least changed first; each is made when it is asked for. */
export async function* mendedViews({ container, read, size, start }: Suspect): AsyncGenerator<Mended> {
  const mended = await attempt(async () => container?.mend?.(read, size, start))
  if (mended) yield mended
  const hidden = await attempt(async () => container?.hideTags?.(read, size, start))
  if (hidden && hidden.length > 0)
    yield {
      format: {},
      note: 'its tags can not be read',
      ...mended,
      edits: mergeEdits(mended?.edits ?? [], hidden),
    }
  // MPEG has no mark, and its tags behind the sound.
  const tail = container ? undefined : await attempt(() => mendTail(read, size, start))
  if (tail) yield tail
}

/** A view for a file in which the parser found no tags. */
export function untaggedView({ container, read, size, start }: Suspect): Promise<Mended | undefined> {
  return attempt(async () => (container ? container.mend?.(read, size, start) : mendTail(read, size, start)))
}

/** A file that the parser doesn't know, or refuses in every view; undefined = nothing here knows it. */
export async function readWithoutParser(file: Suspect, look: Mended | undefined): Promise<IAudioMetadata | undefined> {
  const { container, path, read, size, start } = file
  if (!container) return undefined
  const whole = await attempt(async () => container.whole?.(read, size, start))
  if (whole) return whole
  // Tags ahead of the sound would have to be skipped by ffmpeg's reader, which is told to expect it at once.
  const probed = container.demuxer && start === 0 ? await askFfprobe(path, container.demuxer) : undefined
  if (probed?.format.hasVideo) throw new NotASong('a video, not a song')
  return probed && { ...probed, format: { ...probed.format, ...look?.format, container: container.name } }
}

/** A song of which nothing but its kind can be told. */
export function byNameAlone({ container }: Suspect, look: Mended | undefined): IAudioMetadata | undefined {
  return container && bareMetadata({ container: container.name, codec: container.name, ...look?.format })
}

/** Both lists in the order of the file; of two that meet the later is dropped. */
export function mergeEdits(some: readonly Edit[], others: readonly Edit[]): readonly Edit[] {
  if (some.length === 0) return others
  const merged: Edit[] = []
  let end = 0
  for (const edit of [...some, ...others].sort((a, b) => a.at - b.at)) {
    if (edit.at < end) continue
    merged.push(edit)
    end = edit.at + edit.length
  }
  return merged
}

/** The disk, not the file: such errors have a call of the system. */
export function isOfSystem(error: unknown): boolean {
  return error instanceof Error && 'syscall' in error
}

/** A damaged file may lead anywhere: only what the system says, and that it is no song, goes on. */
export async function attempt<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof NotASong || isOfSystem(error)) throw error
    return undefined
  }
}
