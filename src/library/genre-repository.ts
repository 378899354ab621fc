import type { GenreId } from '../base/ids.ts'
import type { Condition } from './condition.ts'
import type { Genre, Viewer } from './entities.ts'
import type { LibraryContext } from './library-context.ts'
import type { ScopeSql } from './scope-sql.ts'

export interface GenreRepository {
  /** With counts of what is visible; genres without a visible song are left out. By name. */
  list(viewer: Viewer): readonly Genre[]
}

export function createGenreRepository(context: LibraryContext): GenreRepository {
  const { db } = context
  return {
    list: (viewer) => {
      const scope = context.scope(viewer)
      return context.memo(`genres ${scope.key}`, () => {
        const { sql, params } = scope.whole ? storedCounts(scope) : visibleCounts(scope)
        return db.select(sql, params, (row) => ({
          name: row.text(0),
          songCount: row.number(1),
          albumCount: row.number(2),
          id: row.number(3) as GenreId,
        }))
      })
    },
  }
}

function storedCounts(scope: ScopeSql): Condition {
  const library = scope.library('t.library_id')
  return {
    sql: `SELECT g.name, sum(t.song_count), sum(t.album_count), g.id FROM genre g CROSS JOIN genre_stats t ON t.genre_id = g.id
      WHERE t.song_count > 0 AND g.name <> '' AND ${library.sql} GROUP BY g.id ORDER BY g.key`,
    params: library.params,
  }
}

function visibleCounts(scope: ScopeSql): Condition {
  const visible = scope.song('s')
  return {
    sql: `SELECT g.name, count(*), count(DISTINCT s.album_id), g.id FROM genre g
      CROSS JOIN song_genre sg ON sg.genre_id = g.id CROSS JOIN song s INDEXED BY song_page ON s.id = sg.song_id
      WHERE g.name <> '' AND ${visible.sql} GROUP BY g.id ORDER BY g.key`,
    params: visible.params,
  }
}
