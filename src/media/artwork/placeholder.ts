import type { StoredArtwork } from '../../library/stored-artwork-repository.ts'
import type { ArtworkCache } from './artwork-cache.ts'
import { unwritable } from './masters.ts'
import { PLACEHOLDER_EDGE, placeholderJpeg } from './placeholder-image.ts'
import type { Cover } from './renditions.ts'
import { writeStored } from './stored-picture.ts'

const ENTRY: StoredArtwork = {
  version: '',
  content: 'placeholder-1',
  reason: '',
  choice: -1,
  width: PLACEHOLDER_EDGE,
  height: PLACEHOLDER_EDGE,
  original: true,
  madeAt: 0,
}

/** The drawn picture as a cover like any other: it lies in the cache, and smaller sizes are made of it there. */
export function createPlaceholder(cache: ArtworkCache): () => Promise<Cover> {
  async function remake(): Promise<StoredArtwork> {
    const facts = { type: 'image/jpeg', width: PLACEHOLDER_EDGE, height: PLACEHOLDER_EDGE } as const
    await writeStored(cache.masterPath(ENTRY.content), facts, placeholderJpeg()).catch(
      (error: NodeJS.ErrnoException) => {
        throw unwritable(error.code)
      },
    )
    return ENTRY
  }
  return async () => ({ entry: ENTRY, source: () => undefined, remake })
}
