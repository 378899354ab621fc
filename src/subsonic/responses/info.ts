import type { ArtistInfoAnswer } from '../../hooks/hooks.ts'
import type { List, Tree } from '../tree.ts'
import { known } from './values.ts'

/** `artistInfo` and `artistInfo2`; what nobody knows is left out. */
export function artistInfo(info: ArtistInfoAnswer, musicBrainzId: string, similar: List): Tree {
  return {
    biography: info.biography,
    musicBrainzId: info.musicBrainzId ?? known(musicBrainzId),
    lastFmUrl: info.lastFmUrl,
    ...imageUrls(info.images ?? []),
    similarArtist: similar,
  }
}

/** Both getAlbumInfo calls answer it under the key `albumInfo`. */
export function albumInfo(
  info: { readonly notes?: string; readonly lastFmUrl?: string; readonly images?: readonly string[] },
  musicBrainzId: string,
): Tree {
  return {
    notes: info.notes,
    musicBrainzId: known(musicBrainzId),
    lastFmUrl: info.lastFmUrl,
    ...imageUrls(info.images ?? []),
  }
}

/** From small to large; fewer than three stand for the larger sizes too. */
function imageUrls(images: readonly string[]): Tree {
  return { smallImageUrl: images[0], mediumImageUrl: images[1] ?? images[0], largeImageUrl: images[2] ?? images.at(-1) }
}
