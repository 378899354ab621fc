import type { AccessScope } from '../../src/base/access-scope.ts'
import { fold } from '../../src/base/text.ts'
import type { Database } from '../../src/db/database.ts'

/** A song as the rules of access see it. */
export interface ModelSong {
  readonly id: number
  readonly library: number
  readonly folder: number
  readonly folderPath: string
  readonly album: number
  /** 'e' explicit, 'c' clean */
  readonly explicit: string
  readonly missing: boolean
  readonly durationMs: number
  readonly size: number
  readonly year: number
  readonly genres: readonly string[]
  /** [role, artist] */
  readonly credits: readonly (readonly [string, number])[]
}

interface SongRow {
  readonly id: number
  readonly library_id: number
  readonly folder_id: number
  readonly folder_path: string
  readonly album_id: number
  readonly explicit: string
  readonly missing: number
  readonly duration_ms: number
  readonly size: number
  readonly year: number
  readonly genres: string
  readonly credits: string
}

/** All songs by plain reading, to judge the repositories by: access decided song by song in code. */
export function readModel(db: Database): readonly ModelSong[] {
  return db
    .all<SongRow>(`SELECT s.*, f.path AS folder_path FROM song s JOIN folder f ON f.id = s.folder_id ORDER BY s.id`)
    .map((row) => ({
      id: row.id,
      library: row.library_id,
      folder: row.folder_id,
      folderPath: row.folder_path,
      album: row.album_id,
      explicit: row.explicit,
      missing: row.missing === 1,
      durationMs: row.duration_ms,
      size: row.size,
      year: row.year,
      genres: JSON.parse(row.genres) as string[],
      credits: (JSON.parse(row.credits) as [string, number][]).map(([role, artist]) => [role, artist]),
    }))
}

export function visibleSongs(songs: readonly ModelSong[], scope: AccessScope): readonly ModelSong[] {
  return songs.filter((song) => {
    if (song.missing) return false
    if (scope.grants?.some((id) => id === song.id)) return true
    if (scope.libraries !== 'all' && !scope.libraries.some((id) => id === song.library)) return false
    const deny = scope.deny
    if (!deny) return true
    if (deny.explicit && song.explicit === 'e') return false
    if (deny.genres?.some((genre) => song.genres.some((own) => fold(own) === fold(genre)))) return false
    if (deny.songs?.some((id) => id === song.id)) return false
    if (deny.albums?.some((id) => id === song.album)) return false
    if (deny.artists?.some((id) => song.credits.some(([, artist]) => artist === id))) return false
    return !deny.paths?.some((path) => {
      const [library, ...rest] = path.split(':')
      const denied = rest.join(':').replace(/\/$/, '')
      if (Number(library) !== song.library) return false
      return denied === '' || song.folderPath === denied || song.folderPath.startsWith(`${denied}/`)
    })
  })
}

export function groupBy<T, K>(items: readonly T[], key: (item: T) => K | readonly K[]): Map<K, T[]> {
  const groups = new Map<K, T[]>()
  for (const item of items) {
    const keys = key(item)
    for (const one of Array.isArray(keys) ? new Set(keys as readonly K[]) : [keys as K]) {
      const group = groups.get(one)
      if (group) group.push(item)
      else groups.set(one, [item])
    }
  }
  return groups
}

export function sum<T>(items: readonly T[], value: (item: T) => number): number {
  return items.reduce((total, item) => total + value(item), 0)
}
