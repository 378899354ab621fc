import type { Album, Artist, Folder, Song, Viewer } from './entities.ts'

export interface SearchPage {
  /** 0 = none of this kind. */
  readonly limit: number
  readonly offset: number
}

/**
 * Search by words: all must occur, anywhere in title, album or artist, the last letters may be missing; accents and case
 * don't count; Chinese, Japanese and Korean match by characters. Best match first. An empty query (also `""`) lists
 * everything by id, the last page as quick as the first.
 */
export interface SearchRepository {
  artists(viewer: Viewer, query: string, page: SearchPage): readonly Artist[]
  albums(viewer: Viewer, query: string, page: SearchPage): readonly Album[]
  songs(viewer: Viewer, query: string, page: SearchPage): readonly Song[]
  /** Folders by name, for search2: those that hold folders (artists there) and those that hold songs (albums there). */
  folders(
    viewer: Viewer,
    query: string,
    page: SearchPage & { readonly holding: 'folders' | 'songs' },
  ): readonly Folder[]
}
