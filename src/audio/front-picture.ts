import type { IAudioMetadata, IPicture } from 'music-metadata'
import { pictureType } from '../base/picture-type.ts'

/**
 * The front cover, else the first picture, among those that can be shown: the one whose hash stands for the song's
 * picture, and whose bytes are sent.
 */
export function frontPicture(metadata: IAudioMetadata): IPicture | undefined {
  const found = [...(metadata.common.picture ?? []), ...coverArt(metadata)]
  const pictures = found.filter(({ data }) => pictureType(data) !== undefined)
  return pictures.find(({ type }) => /front/i.test(type ?? '')) ?? pictures[0]
}

/** What Vorbis comments had before METADATA_BLOCK_PICTURE: the picture itself in base64. */
function coverArt(metadata: IAudioMetadata): readonly IPicture[] {
  return Object.values(metadata.native).flatMap((tags) =>
    tags.flatMap(({ id, value }) => {
      if (!/^coverart$/i.test(id) || typeof value !== 'string') return []
      return [{ format: '', data: Buffer.from(value, 'base64') }]
    }),
  )
}
