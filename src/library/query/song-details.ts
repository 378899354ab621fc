import { encodeId, type GenreId, type SongId } from '../../base/ids.ts'
import type { RowReader } from '../../db/database.ts'
import type { EmbeddedLyrics, Song, Viewer } from '../entities.ts'
import { jsonIds, jsonList, jsonObject } from '../json-column.ts'
import type { LibraryContext } from '../library-context.ts'
import { nameKey } from '../name-key.ts'
import { KIND } from '../pending-plays.ts'
import type { SongDetails } from './details.ts'

const BY_IDS = `SELECT s.id, l.name, l.path, s.order_title, a.order_name, sa.order_name, aa.order_name, a.sort_name, sa.sort_name,
    aa.sort_name, sa.musicbrainz_id, aa.musicbrainz_id, a.musicbrainz_id, a.musicbrainz_release_group_id, a.version,
    a.catalog_number, t.tags, y.lyrics, n.rated_at
  FROM json_each(?) j CROSS JOIN song s ON s.id = j.value CROSS JOIN library l ON l.id = s.library_id
  CROSS JOIN album a ON a.id = s.album_id LEFT JOIN artist sa ON sa.id = s.artist_id
  LEFT JOIN artist aa ON aa.id = s.album_artist_id LEFT JOIN song_tags t ON t.song_id = s.id
  LEFT JOIN song_lyrics y ON y.song_id = s.id
  LEFT JOIN annotation n ON n.user_id = ? AND n.kind = ${KIND.song} AND n.item_id = s.id`

/** @param songs that the viewer may see, as a repository gave them. */
export function songDetails(
  context: LibraryContext,
  viewer: Viewer,
  songs: readonly Song[],
): ReadonlyMap<SongId, SongDetails> {
  const found = new Map<SongId, SongDetails>()
  const genres = new Map(songs.map((song) => [song.id, song.genres]))
  const ids = genreIds(context)
  context.db.select(BY_IDS, [jsonIds([...genres.keys()]), viewer.userId], (row) => {
    const id = row.number(0) as SongId
    found.set(id, readDetails(row, ids.of(genres.get(id) ?? [])))
  })
  return found
}

function readDetails(row: RowReader, genres: readonly string[]): SongDetails {
  return {
    libraryName: row.text(1),
    libraryPath: row.text(2),
    orderTitle: row.text(3),
    orderAlbumName: row.text(4),
    orderArtistName: row.text(5),
    orderAlbumArtistName: row.text(6),
    sortAlbumName: row.text(7),
    sortArtistName: row.text(8),
    sortAlbumArtistName: row.text(9),
    artistMusicBrainzId: row.text(10),
    albumArtistMusicBrainzId: row.text(11),
    albumMusicBrainzId: row.text(12),
    releaseGroupMusicBrainzId: row.text(13),
    albumVersion: row.text(14),
    catalogNumber: row.text(15),
    genreIds: genres,
    tags: jsonObject(row.text(16)),
    lyrics: jsonList<EmbeddedLyrics>(row.text(17)),
    ratedAt: row.isNull(18) ? undefined : row.number(18),
  }
}

interface GenreIds {
  /** Public ids in the order of the names; '' for what has no row. */
  of(names: readonly string[]): readonly string[]
}

/** All genres are few; songs name theirs by name. */
export function genreIds(context: LibraryContext): GenreIds {
  return context.memo('genre ids', () => {
    const byKey = new Map(
      context.db.select('SELECT key, id FROM genre', [], (row) => [
        row.text(0),
        encodeId('genre', row.number(1) as GenreId),
      ]),
    )
    return { of: (names: readonly string[]) => names.map((name) => byKey.get(nameKey(name)) ?? '') }
  })
}
