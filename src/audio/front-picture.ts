import type { IAudioMetadata, IPicture } from 'music-metadata'

/** The front cover, else the first picture: the one whose hash stands for the song's picture, and whose bytes are sent. */
export function frontPicture(metadata: IAudioMetadata): IPicture | undefined {
  const pictures: readonly IPicture[] = (metadata.common.picture ?? []).filter(({ data }) => data.length > 0)
  return pictures.find(({ type }) => /front/i.test(type ?? '')) ?? pictures[0]
}
