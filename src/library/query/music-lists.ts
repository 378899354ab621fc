import type { AlbumRows } from '../album-rows.ts'
import { loadArtists } from '../artist-rows.ts'
import type { Album, Artist, Song, Viewer } from '../entities.ts'
import type { LibraryContext } from '../library-context.ts'
import { loadSongs } from '../song-rows.ts'
import { visibleAmong } from '../visible-ids.ts'
import { ALBUMS } from './album-resource.ts'
import { ARTISTS } from './artist-resource.ts'
import type { AlbumDetails, ArtistDetails, SongDetails } from './details.ts'
import { ItemOrders } from './item-orders.ts'
import { narrowedBy } from './narrowed-viewer.ts'
import type { RecordDetails } from './record-details.ts'
import type { Resource, ResourceQuery } from './resource.ts'
import { SONGS } from './song-resource.ts'

/** Rows that are read together. Few, so that they are garbage before the collector comes by. */
const SLICE = 16

export interface Detailed<Item, Details> {
  readonly item: Item
  readonly details: Details
}

/** A page of a list. */
export interface Listed<T> {
  /** Of all pages. */
  readonly total: number
  /** Read a few at a time as the walk comes to them; what has gone meanwhile is left out. */
  readonly rows: Iterable<T>
}

/**
 * Lists as the native API asks for them: filtered, sorted and paged, of what the viewer sees. The filter `libraryId`
 * narrows the viewer to these libraries, so that counts are theirs too.
 */
export interface MusicLists {
  songs(viewer: Viewer, query: ResourceQuery): Listed<Detailed<Song, SongDetails>>
  albums(viewer: Viewer, query: ResourceQuery): Listed<Detailed<Album, AlbumDetails>>
  artists(viewer: Viewer, query: ResourceQuery): Listed<Detailed<Artist, ArtistDetails>>
}

export function createMusicLists(context: LibraryContext, albumRows: AlbumRows, details: RecordDetails): MusicLists {
  const orders = new ItemOrders(context)

  const list = <Item extends { readonly id: number }, Details>(
    resource: Resource,
    load: (viewer: Viewer, ids: readonly number[]) => readonly Item[],
    detail: (viewer: Viewer, items: readonly Item[]) => ReadonlyMap<number, Details>,
  ) => {
    function* rows(viewer: Viewer, ids: Int32Array): IterableIterator<Detailed<Item, Details>> {
      const { version } = context.catalogue
      for (let from = 0; from < ids.length; from += SLICE) {
        let slice: readonly number[] = [...ids.subarray(from, from + SLICE)]
        // Meanwhile the scanner may have taken one away, or moved it where the viewer may not look.
        if (context.catalogue.version !== version) {
          const visible = visibleAmong(context, resource.table, context.scope(viewer)[resource.table]('i'), slice)
          slice = slice.filter((id) => visible.has(id))
        }
        const items = load(viewer, slice)
        const known = detail(viewer, items)
        for (const item of items) {
          const found = known.get(item.id)
          if (found) yield { item, details: found }
        }
      }
    }
    return (viewer: Viewer, query: ResourceQuery): Listed<Detailed<Item, Details>> => {
      const narrowed = narrowedBy(viewer, query.filters.get('libraryId'))
      const order = orders.order(narrowed, resource, query)
      return { total: order.length, rows: rows(narrowed, order.subarray(query.offset, query.offset + query.limit)) }
    }
  }

  return {
    songs: list<Song, SongDetails>(SONGS, (viewer, ids) => loadSongs(context, viewer, ids), details.songs),
    albums: list<Album, AlbumDetails>(ALBUMS, (viewer, ids) => albumRows.load(viewer, ids), details.albums),
    artists: list<Artist, ArtistDetails>(ARTISTS, (viewer, ids) => loadArtists(context, viewer, ids), details.artists),
  }
}
