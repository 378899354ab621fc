import { join } from 'node:path'
import { type AccessScope, FULL_SCOPE } from '../../src/base/access-scope.ts'
import { pause } from '../../src/base/deadline.ts'
import type { AlbumId, UserId } from '../../src/base/ids.ts'
import type { Database } from '../../src/db/database.ts'
import { migrate } from '../../src/db/migrate.ts'
import { openDatabase } from '../../src/db/sqlite-database.ts'
import type { Viewer } from '../../src/library/entities.ts'
import { createRepositories, type Repositories } from '../../src/library/repositories.ts'
import { silentLogger } from '../../src/log/logger.ts'
import { fillLibrary } from '../support/synthetic-library.ts'
import { figure, median } from './figures.ts'

const SONGS = 50_000
const ROUNDS = 20
const WARM_UP = 4
/** People look at a page before they turn it; the server works out what it hides meanwhile. */
const BETWEEN_PAGES_MS = 50

/** What clients ask most, each as one viewer sees it; another page each round, since answers are remembered. */
const QUERIES: Readonly<Record<string, (repositories: Repositories, viewer: Viewer, round: number) => unknown>> = {
  albumsByName: ({ albums }, viewer, round) => albums.list(viewer, { order: 'byName', limit: 50, offset: round * 50 }),
  albumsDeep: ({ albums }, viewer, round) =>
    albums.list(viewer, { order: 'byName', limit: 50, offset: 2000 + round * 50 }),
  albumsNewest: ({ albums }, viewer, round) => albums.list(viewer, { order: 'newest', limit: 50, offset: round * 50 }),
  albumSongs: ({ songs }, viewer, round) => songs.ofAlbum(viewer, (40 + round) as AlbumId),
  artists: ({ artists }, viewer) => [...artists.albumArtists(viewer)],
  searchPages: ({ search }, viewer, round) => [...search.songs(viewer, '', { limit: 500, offset: round * 500 })],
  searchWord: ({ search }, viewer, round) => [...search.songs(viewer, 'a', { limit: 50, offset: round * 50 })],
  randomSongs: ({ songs }, viewer) => [...songs.random(viewer, {}, 50)],
  genres: ({ genres }, viewer) => genres.list(viewer),
}

/** Scoped queries against unscoped ones, 50,000 songs in three libraries: the ratio of the medians. */
export async function scopeFigures(folder: string): Promise<void> {
  const db = openDatabase({ path: join(folder, 'scopes.db'), log: silentLogger })
  migrate(db, { log: silentLogger })
  const { libraries } = fillLibrary(db, { songs: SONGS, libraries: 3 })
  Array.from(db.analyze())
  const repositories = createRepositories(db)
  const [first, second] = libraries
  const granted = [first, second].flatMap((id) => id ?? [])
  const scopes: Readonly<Record<string, AccessScope>> = {
    libraries: { libraries: granted },
    explicit: { libraries: 'all', deny: { explicit: true } },
    genre: { libraries: 'all', deny: { genres: ['Jazz'] } },
    folder: { libraries: 'all', deny: { paths: [`${first}:${folderOf(db)}`] } },
    allAtOnce: {
      libraries: granted,
      deny: { explicit: true, genres: ['Jazz', 'Rock'], paths: [`${first}:${folderOf(db)}`] },
    },
  }
  try {
    for (const [query, ask] of Object.entries(QUERIES)) {
      const { base, ratios } = await compare(scopes, (viewer, round) => ask(repositories, viewer, round))
      figure(`scope.${query}.unscoped`, base, 'ms')
      for (const [name, ratio] of Object.entries(ratios)) figure(`scope.${query}.${name}`, ratio, 'ratio')
    }
    for (const [name, scope] of Object.entries({ unscoped: FULL_SCOPE, ...scopes })) {
      // After a change nothing is known; the second read of a scope works out what it hides.
      const times = Array.from({ length: ROUNDS }, (_, round) => {
        db.exec('UPDATE song SET explicit = explicit WHERE id = 1')
        const query = { order: 'byName', limit: 50, offset: round * 50 } as const
        const started = performance.now()
        for (let read = 0; read < 2; read++) repositories.albums.list({ userId: 1 as UserId, scope }, query)
        return performance.now() - started
      })
      figure(`scope.firstAlbums.${name}`, median(times), 'ms')
    }
  } finally {
    db.close()
  }
}

/** The folder at the top of a library that holds most. */
function folderOf(db: Database): string {
  const sql = `SELECT path FROM folder WHERE library_id = 1 AND path <> '' AND instr(path, '/') = 0
    ORDER BY total_songs DESC LIMIT 1`
  return db.get<{ path: string }>(sql)?.path ?? ''
}

/** All scopes in turn within each round, so that what else the machine does falls on all alike. */
async function compare(
  scopes: Readonly<Record<string, AccessScope>>,
  ask: (viewer: Viewer, round: number) => unknown,
): Promise<{ readonly base: number; readonly ratios: Readonly<Record<string, number>> }> {
  // Each scope is another user's: what is kept for one serves no other.
  const users = [FULL_SCOPE, ...Object.values(scopes)]
  const timed = (scope: AccessScope, round: number) => {
    const viewer: Viewer = { userId: (users.indexOf(scope) + 1) as UserId, scope }
    // Of the processor, in ms: on a busy machine who runs first after a pause is not interrupted, those after it are.
    const started = process.cpuUsage()
    ask(viewer, round)
    const { user, system } = process.cpuUsage(started)
    return (user + system) / 1000
  }
  const base: number[] = []
  const times: Record<string, number[]> = {}
  for (let round = 0; round < ROUNDS + WARM_UP; round++) {
    const own = timed(FULL_SCOPE, round)
    if (round >= WARM_UP) base.push(own)
    for (const [name, scope] of Object.entries(scopes)) {
      const time = timed(scope, round)
      if (round < WARM_UP) continue
      times[name] ??= []
      times[name].push(time)
    }
    await pause(BETWEEN_PAGES_MS)
  }
  const unscoped = median(base)
  return {
    base: unscoped,
    ratios: Object.fromEntries(Object.entries(times).map(([name, own]) => [name, median(own) / unscoped])),
  }
}
