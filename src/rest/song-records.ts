import type { Song, Viewer } from '../library/entities.ts'
import type { RecordDetails } from '../library/query/record-details.ts'
import { type NativeSong, nativeSong, type RecordOptions } from './native-song.ts'

/** Records that are made together: few, so that a list costs little memory while it is sent. */
const SLICE = 16

/** @param songs that the viewer may see, as a repository gave them. */
export function* songRecords(
  details: Pick<RecordDetails, 'songs'>,
  viewer: Viewer,
  songs: Iterable<Song>,
  options: RecordOptions,
): IterableIterator<NativeSong> {
  let slice: Song[] = []
  const written = () => {
    const known = details.songs(viewer, slice)
    return slice.flatMap((song) => {
      const found = known.get(song.id)
      return found ? [nativeSong(song, found, options)] : []
    })
  }
  for (const song of songs) {
    slice.push(song)
    if (slice.length < SLICE) continue
    yield* written()
    slice = []
  }
  yield* written()
}
