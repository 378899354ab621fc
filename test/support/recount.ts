import type { Database } from '../../src/db/database.ts'

const CREDITS = 'FROM song_artist c CROSS JOIN song s ON s.id = c.song_id WHERE s.missing = 0'
const GENRES = 'FROM song_genre g CROSS JOIN song s ON s.id = g.song_id WHERE s.missing = 0'

/** Brings all stored totals in step with the songs, as the scanner does after its changes. */
export function recount(db: Database): void {
  db.transaction(() => {
    for (const table of ['album_artist', 'album_genre', 'artist_stats', 'genre_stats']) db.run(`DELETE FROM ${table}`)
    for (const statement of [
      `INSERT INTO album_artist SELECT DISTINCT s.album_id, c.artist_id, c.role, dense_rank()
         OVER (PARTITION BY s.album_id, c.role ORDER BY c.artist_id) - 1 ${CREDITS}`,
      `INSERT INTO album_genre SELECT DISTINCT s.album_id, g.genre_id ${GENRES}`,
      `UPDATE album SET (song_count, duration_ms, size, explicit) = (SELECT count(*), coalesce(sum(duration_ms), 0),
         coalesce(sum(size), 0), coalesce(max(explicit), '') FROM song WHERE album_id = album.id AND missing = 0)`,
      'UPDATE album SET missing = (song_count = 0)',
      'UPDATE folder SET song_count = (SELECT count(*) FROM song WHERE folder_id = folder.id AND missing = 0)',
      `INSERT INTO artist_stats SELECT c.artist_id, s.library_id, c.role, count(*), count(DISTINCT s.album_id),
         sum(s.duration_ms), sum(s.size) ${CREDITS} GROUP BY 1, 2, 3`,
      `INSERT INTO artist_stats SELECT artist_id, library_id, '', count(*), count(DISTINCT album_id), sum(duration_ms),
         sum(size) FROM (SELECT DISTINCT c.artist_id, s.library_id, s.id, s.album_id, s.duration_ms, s.size ${CREDITS})
       GROUP BY 1, 2`,
      'UPDATE artist SET missing = id NOT IN (SELECT artist_id FROM artist_stats)',
      `INSERT INTO genre_stats SELECT g.genre_id, s.library_id, count(*), count(DISTINCT s.album_id) ${GENRES} GROUP BY 1, 2`,
      `UPDATE library SET (song_count, duration_ms, size) = (SELECT count(*), coalesce(sum(duration_ms), 0),
         coalesce(sum(size), 0) FROM song WHERE library_id = library.id AND missing = 0),
         album_count = (SELECT count(*) FROM album WHERE library_id = library.id AND missing = 0),
         folder_count = (SELECT count(*) FROM folder WHERE library_id = library.id),
         artist_count = (SELECT count(*) FROM artist_stats WHERE library_id = library.id AND role = '')`,
    ])
      db.run(statement)
    countFolders(db)
  })
}

/** Songs in a folder and below it, each folder adding its own to all above. */
function countFolders(db: Database): void {
  const folders = db.all<{ id: number; parent_id: number | null; song_count: number }>(
    'SELECT id, parent_id, song_count FROM folder',
  )
  const byId = new Map(folders.map((folder) => [folder.id, folder]))
  const totals = new Map<number, number>()
  for (const { id, song_count } of folders)
    for (let above: number | null = id; above !== null; above = byId.get(above)?.parent_id ?? null)
      totals.set(above, (totals.get(above) ?? 0) + song_count)
  for (const [id, total] of totals) db.run('UPDATE folder SET total_songs = ? WHERE id = ?', [total, id])
}
