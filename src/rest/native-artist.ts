import { encodeId } from '../base/ids.ts'
import type { Artist } from '../library/entities.ts'
import type { ArtistDetails } from '../library/query/details.ts'
import { annotationFields, imageFields, iso, unlessZero } from './native-values.ts'

/** An artist as Navidrome's native API writes it: counts tell of the songs that the reader may see. */
export function nativeArtist(artist: Artist, { stats, total, ratedAt }: ArtistDetails) {
  return {
    id: encodeId('artist', artist.id),
    name: artist.name,
    sortArtistName: unlessZero(artist.sortName),
    orderArtistName: unlessZero(artist.orderName),
    mbzArtistId: unlessZero(artist.musicBrainzId),
    stats,
    size: unlessZero(total.size),
    albumCount: unlessZero(total.albumCount),
    songCount: unlessZero(total.songCount),
    missing: false,
    createdAt: iso(artist.createdAt),
    ...annotationFields(artist, ratedAt),
    ...imageFields(artist.coverVersion),
  }
}

export type NativeArtist = ReturnType<typeof nativeArtist>
