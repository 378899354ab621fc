import { FULL_SCOPE } from '../../base/access-scope.ts'
import { encodeId, type UserId } from '../../base/ids.ts'
import type { Viewer } from '../../library/entities.ts'
import type { Repositories } from '../../library/repositories.ts'

/** Public ids by what people call things. Throws for what is not there, with what is. */
export interface MusicNames {
  track(title: string): string
  album(name: string): string
  artist(name: string): string
  library(name: string): number
}

const PAGE = { limit: 500, offset: 0 }

export function musicNames({ search, libraries }: Repositories): MusicNames {
  const viewer: Viewer = { userId: 1 as UserId, scope: FULL_SCOPE }
  const find = <T>(kind: string, name: string, entries: readonly (readonly [string, T])[]): T => {
    const found = entries.find(([known]) => known === name)
    if (!found) throw new Error(`there is no ${kind} '${name}' among ${entries.map(([known]) => known).join(', ')}`)
    return found[1]
  }
  return {
    track: (title) =>
      find(
        'song',
        title,
        Array.from(search.songs(viewer, '', PAGE), (one) => [one.title, encodeId('song', one.id)]),
      ),
    album: (name) =>
      find(
        'album',
        name,
        search.albums(viewer, '', PAGE).map((one) => [one.name, encodeId('album', one.id)]),
      ),
    artist: (name) =>
      find(
        'artist',
        name,
        search.artists(viewer, '', PAGE).map((one) => [one.name, encodeId('artist', one.id)]),
      ),
    library: (name) =>
      find(
        'library',
        name,
        libraries.list(FULL_SCOPE).map((one) => [one.name, one.id]),
      ),
  }
}
