import { join } from 'node:path'
import { type AccessScope, FULL_SCOPE } from '../../src/base/access-scope.ts'
import type { AlbumId, UserId } from '../../src/base/ids.ts'
import { migrate } from '../../src/db/migrate.ts'
import { openDatabase } from '../../src/db/sqlite-database.ts'
import { createRepositories } from '../../src/library/create-repositories.ts'
import type { Viewer } from '../../src/library/entities.ts'
import type { Repositories } from '../../src/library/repositories.ts'
import { silentLogger } from '../../src/log/logger.ts'
import { fillLibrary } from '../support/synthetic-library.ts'
import { figure, median } from './figures.ts'

const SONGS = 50_000
const ROUNDS = 15

/** What clients ask most, each as one viewer sees it; another page each round, since answers are remembered. */
const QUERIES: Readonly<Record<string, (repositories: Repositories, viewer: Viewer, round: number) => unknown>> = {
  albumsByName: ({ albums }, viewer, round) => albums.list(viewer, { order: 'byName', limit: 50, offset: round * 50 }),
  albumsDeep: ({ albums }, viewer, round) =>
    albums.list(viewer, { order: 'byName', limit: 50, offset: 2000 + round * 50 }),
  albumsNewest: ({ albums }, viewer, round) => albums.list(viewer, { order: 'newest', limit: 50, offset: round * 50 }),
  albumSongs: ({ songs }, viewer, round) => songs.ofAlbum(viewer, (40 + round) as AlbumId),
  artists: ({ artists }, viewer) => [...artists.albumArtists(viewer)],
  searchPages: ({ search }, viewer, round) => search.songs(viewer, '', { limit: 500, offset: round * 500 }),
  searchWord: ({ search }, viewer, round) => search.songs(viewer, 'a', { limit: 50, offset: round * 50 }),
  randomSongs: ({ songs }, viewer) => songs.random(viewer, {}, 50),
  genres: ({ genres }, viewer) => genres.list(viewer),
}

/** Scoped queries against unscoped ones, 50,000 songs in three libraries: the ratio of the medians. */
export function scopeFigures(folder: string): void {
  const db = openDatabase({ path: join(folder, 'scopes.db'), log: silentLogger })
  migrate(db, { log: silentLogger })
  const { libraries } = fillLibrary(db, { songs: SONGS, libraries: 3 })
  db.analyze()
  const repositories = createRepositories(db)
  const [first, second] = libraries
  const granted = [first, second].flatMap((id) => id ?? [])
  const scopes: Readonly<Record<string, AccessScope>> = {
    libraries: { libraries: granted },
    explicit: { libraries: 'all', deny: { explicit: true } },
    genre: { libraries: 'all', deny: { genres: ['Jazz'] } },
    folder: { libraries: 'all', deny: { paths: [`${first}:none/such`] } },
  }
  try {
    for (const [query, ask] of Object.entries(QUERIES)) {
      const base = time((round) => ask(repositories, { userId: 1 as UserId, scope: FULL_SCOPE }, round))
      figure(`scope.${query}.unscoped`, base, 'ms')
      for (const [name, scope] of Object.entries(scopes)) {
        const scoped = time((round) => ask(repositories, { userId: 1 as UserId, scope }, round))
        figure(`scope.${query}.${name}`, scoped / base, 'ratio')
      }
    }
  } finally {
    db.close()
  }
}

function time(work: (round: number) => unknown): number {
  const times: number[] = []
  for (let round = 0; round < ROUNDS; round++) {
    const started = performance.now()
    work(round)
    times.push(performance.now() - started)
  }
  return median(times.slice(2))
}
