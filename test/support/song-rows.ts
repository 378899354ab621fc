import type { LibraryId, SongId } from '../../src/base/ids.ts'
import type { Database } from '../../src/db/database.ts'

/** A library with one folder, artist and album and so many songs of 200 seconds, straight into the tables. */
export function insertLibrary(
  db: Database,
  name: string,
  songCount: number,
): { readonly id: LibraryId; readonly songs: readonly SongId[] } {
  const insert = (sql: string, ...params: (string | number)[]) => db.run(sql, params).lastId
  const library = insert(
    'INSERT INTO library (name, path, state, created_at, updated_at) VALUES (?, ?, ?, 1, 1)',
    name,
    `/music/${name}`,
    'ok',
  )
  const folder = insert(
    `INSERT INTO folder (library_id, path, name, order_name, song_count, total_songs, created_at, updated_at)
     VALUES (?, '', '', '', ?, ?, 1, 1)`,
    library,
    songCount,
    songCount,
  )
  const artist = insert(
    'INSERT INTO artist (key, name, order_name, created_at, updated_at) VALUES (?, ?, ?, 1, 1)',
    `artist ${name}`,
    `Artist ${name}`,
    `artist ${name}`,
  )
  const album = insert(
    `INSERT INTO album (library_id, folder_id, key, name, order_name, artist, artist_id, order_artist, song_count,
       created_at, updated_at) VALUES (?, ?, 'album', 'Album', 'album', '', ?, '', ?, 1, 1)`,
    library,
    folder,
    artist,
    songCount,
  )
  const songs = Array.from({ length: songCount }, (_, index) => {
    const song = insert(
      `INSERT INTO song (library_id, folder_id, album_id, path, size, mtime_ms, suffix, pid, title, order_title, album,
         artist, artist_id, album_artist, album_artist_id, duration_ms, created_at, updated_at)
       VALUES (?, ?, ?, ?, 1000, 1, 'mp3', ?, ?, ?, 'Album', '', ?, '', ?, 200000, 1, 1)`,
      library,
      folder,
      album,
      `${index}.mp3`,
      `${name} ${index}`,
      `Song ${index}`,
      `song ${index}`,
      artist,
      artist,
    )
    db.run(`INSERT INTO song_artist (song_id, artist_id, role, position) VALUES (?, ?, 'artist', 0)`, [song, artist])
    return song as SongId
  })
  return { id: library as LibraryId, songs }
}
