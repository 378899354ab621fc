import { encodeId } from '../base/ids.ts'
import type { Annotation, Playlist } from '../library/entities.ts'
import { annotationFields, imageFields, iso, seconds } from './native-values.ts'

export interface PlaylistRecordOptions {
  readonly marks: Annotation | undefined
  /** Tell which file it mirrors: for administrators. */
  readonly serverPaths: boolean
}

/** A playlist as Navidrome's native API writes it. Fields that are `undefined` are left out of the JSON. */
export function playlistRecord(playlist: Playlist, { marks, serverPaths }: PlaylistRecordOptions) {
  return {
    id: encodeId('playlist', playlist.id),
    name: playlist.name,
    comment: playlist.comment,
    duration: seconds(playlist.durationMs),
    size: playlist.size,
    songCount: playlist.songCount,
    ownerName: playlist.ownerName,
    ownerId: encodeId('user', playlist.ownerId),
    public: playlist.public,
    path: serverPaths ? (playlist.path ?? '') : '',
    sync: playlist.sync,
    uploadedImage: '',
    createdAt: iso(playlist.createdAt),
    updatedAt: iso(playlist.updatedAt),
    rules: null,
    evaluatedAt: null,
    ...(marks ? annotationFields(marks, undefined) : {}),
    ...imageFields(playlist.coverVersion),
  }
}
