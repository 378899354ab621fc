import type { ArtistId, SongId } from '../base/ids.ts'
import type { Viewer } from './entities.ts'
import { firstColumn } from './first-column.ts'
import { jsonIds, jsonList } from './json-column.ts'
import type { LibraryContext } from './library-context.ts'
import { genreWeights, mixed, sharedPart, trustIn, WEIGHT, yearLikeness } from './likeness.ts'
import { nameKey } from './name-key.ts'
import { KIND } from './pending-plays.ts'

export interface Seed {
  readonly songs: readonly SongId[]
  readonly artists: readonly ArtistId[]
}

/** Songs of an artist that speak for it. */
const SEED_SONGS = 500
/** The most frequent genres of the seed, and rows of albums that are looked at for them. */
const GENRES = 5
const ALBUM_ROWS = 20_000
/** Albums whose songs are compared one by one. */
const ALBUMS = 100
const SONGS = 2_000
/** Listeners of the seed, and songs that speak for the taste of each. */
const LISTENERS = 20
const PLAYED = 120
const STARRED = 60
/** Songs that speak for an artist. */
const SPEAKING = 5

interface SeedFacts {
  readonly key: number
  readonly songs: readonly number[]
  readonly artists: ReadonlySet<number>
  /** Of these artists. */
  readonly own: readonly number[]
  readonly genres: readonly { readonly id: number; readonly name: string; readonly inSeed: number }[]
  readonly words: ReadonlySet<string>
  readonly year: number
}

interface Candidate {
  readonly id: number
  readonly artist: number
  readonly album: number
  readonly score: number
  /** Nothing but its year and its artist speaks for it. */
  readonly isWeak: boolean
}

/** Ids of the songs that are most like the seed (see `likeness.ts`), without it, mixed so that no artist fills the list. */
export function similarSongs(context: LibraryContext, viewer: Viewer, seed: Seed, limit: number): readonly number[] {
  const facts = factsOf(context, viewer, seed)
  if (limit <= 0 || facts.songs.length === 0) return []
  const ofSeed = new Set<number>(seed.songs)
  const all = candidatesFor(context, viewer, facts, limit).filter(({ id }) => !ofSeed.has(id))
  return spread(all, limit, facts.artists).map(({ id }) => id)
}

/** The artists of the songs that are most like an artist's, by the best of them. */
export function similarArtists(
  context: LibraryContext,
  viewer: Viewer,
  artist: ArtistId,
  limit: number,
): readonly ArtistId[] {
  const facts = factsOf(context, viewer, { songs: [], artists: [artist] })
  if (limit <= 0 || facts.songs.length === 0) return []
  const best = new Map<number, { sum: number; count: number }>()
  for (const { artist: id, score, isWeak } of candidatesFor(context, viewer, facts, 0)) {
    if (isWeak || facts.artists.has(id)) continue
    const known = best.get(id) ?? { sum: 0, count: 0 }
    if (known.count >= SPEAKING) continue
    best.set(id, { sum: known.sum + score, count: known.count + 1 })
  }
  return [...best]
    .sort(([a, x], [b, y]) => y.sum - x.sum || mixed(a, artist) - mixed(b, artist))
    .slice(0, limit)
    .map(([id]) => id as ArtistId)
}

function factsOf(context: LibraryContext, viewer: Viewer, seed: Seed): SeedFacts {
  const { db } = context
  const songs = seed.songs.length > 0 ? seed.songs : songsOf(context, viewer, seed.artists)
  const params = [jsonIds(songs)]
  const years: number[] = []
  const words = new Set<string>()
  const artists = new Set<number>(seed.artists)
  db.select(
    'SELECT year, moods, groupings, artist_id FROM song WHERE id IN (SELECT value FROM json_each(?))',
    params,
    (row) => {
      if (row.number(0) > 0) years.push(row.number(0))
      for (const word of wordsOf(row.text(1), row.text(2))) words.add(word)
      if (seed.artists.length === 0) artists.add(row.number(3))
    },
  )
  const genres = db.select(
    `SELECT sg.genre_id, g.name, count(*) FROM song_genre sg JOIN genre g ON g.id = sg.genre_id
     WHERE sg.song_id IN (SELECT value FROM json_each(?))
     GROUP BY sg.genre_id ORDER BY count(*) DESC, sg.genre_id LIMIT ${GENRES}`,
    params,
    (row) => ({ id: row.number(0), name: row.text(1), inSeed: row.number(2) }),
  )
  const year = years.sort((a, b) => a - b)[years.length >> 1] ?? 0
  const own = seed.songs.length > 0 ? songsOf(context, viewer, [...artists] as ArtistId[]) : songs
  return { key: seed.artists[0] ?? songs[0] ?? 0, songs, artists, own, genres, words, year }
}

function songsOf(context: LibraryContext, viewer: Viewer, artists: readonly ArtistId[]): readonly number[] {
  const visible = context.scope(viewer).song('s')
  return context.db.select(
    `SELECT DISTINCT s.id FROM json_each(?) k CROSS JOIN song_artist c ON c.artist_id = k.value
       CROSS JOIN song s INDEXED BY song_page ON s.id = c.song_id
     WHERE c.role IN ('artist', 'albumartist') AND ${visible.sql} LIMIT ${SEED_SONGS}`,
    [jsonIds(artists), ...visible.params],
    firstColumn,
  )
}

/** Best first. */
function candidatesFor(
  context: LibraryContext,
  viewer: Viewer,
  facts: SeedFacts,
  wanted: number,
): readonly Candidate[] {
  const liked = likedByListeners(context, viewer, facts)
  const { albums, weights } = albumsOfGenres(context, viewer, facts)
  const byKey = new Map(facts.genres.map(({ id, name }) => [nameKey(name), weights.get(id) ?? 0]))
  const genreScores = remembered((text) => {
    const keys = new Set(jsonList<string>(text).map(nameKey))
    return [...keys].reduce((sum, key) => sum + (byKey.get(key) ?? 0), 0)
  })
  const wordScores = remembered((text) => sharedPart(facts.words, jsonList<string>(text).map(nameKey)))
  const found = new Map<number, Candidate>()
  const visible = context.scope(viewer).song('i')
  const take = (from: string, ids: readonly number[], limit: number) =>
    context.db.select(
      `SELECT i.id, i.artist_id, i.album_id, i.year, i.genres, i.moods, i.groupings, i.rating_sum, i.rating_count
       FROM json_each(?) k CROSS JOIN ${from} WHERE ${visible.sql} LIMIT ${limit}`,
      [jsonIds(ids), ...visible.params],
      (row) => {
        const id = row.number(0)
        const artist = row.number(1)
        const genres = genreScores(row.text(4))
        const listeners = liked.get(id) ?? 0
        const words = Math.min(1, wordScores(row.text(5)) + wordScores(row.text(6)))
        const ratings = row.number(8)
        const score =
          WEIGHT.genres * genres +
          WEIGHT.listeners * listeners +
          WEIGHT.words * words +
          WEIGHT.year * yearLikeness(facts.year, row.number(3)) +
          (facts.artists.has(artist) ? WEIGHT.ownArtist : 0) +
          (ratings > 0 ? (WEIGHT.rating * row.number(7)) / ratings / 5 : 0)
        found.set(id, { id, artist, album: row.number(2), score, isWeak: genres + listeners + words === 0 })
      },
    )
  take('song i ON i.id = k.value', [...facts.own, ...liked.keys()], SONGS + SEED_SONGS)
  take('song i INDEXED BY song_album ON i.album_id = k.value', albums, SONGS)
  // Without genres and listeners what is of that time is nearest.
  if (found.size - facts.own.length < wanted)
    take('song i INDEXED BY song_album ON i.album_id = k.value', albumsOfYears(context, viewer, facts), SONGS)
  return [...found.values()].sort((a, b) => b.score - a.score || mixed(a.id, facts.key) - mixed(b.id, facts.key))
}

/** 0 to 1 for each song that the seed's listeners play most or starred last, as far as the viewer sees it. */
function likedByListeners(context: LibraryContext, viewer: Viewer, { songs }: SeedFacts): ReadonlyMap<number, number> {
  const { db } = context
  const listeners = db.select(
    `SELECT n.user_id FROM json_each(?) k CROSS JOIN annotation n ON n.kind = ${KIND.song} AND n.item_id = k.value
     WHERE n.play_count > 0 OR n.starred_at IS NOT NULL OR n.rating >= 4
     GROUP BY n.user_id ORDER BY count(*) DESC, n.user_id LIMIT ${LISTENERS}`,
    [jsonIds(songs)],
    firstColumn,
  )
  const visible = context.scope(viewer).song('i')
  const liked = new Map<number, number>()
  const trust = trustIn(listeners.length) / Math.max(1, listeners.length)
  const add = (id: number, much: number) => liked.set(id, (liked.get(id) ?? 0) + much * trust)
  const from = `annotation n CROSS JOIN song i INDEXED BY song_page ON i.id = n.item_id
    WHERE n.user_id = ? AND n.kind = ${KIND.song}`
  for (const user of listeners) {
    let most = 0
    db.select(
      `SELECT n.item_id, n.play_count FROM ${from} AND n.play_count > 0 AND ${visible.sql}
       ORDER BY n.play_count DESC, n.item_id DESC LIMIT ${PLAYED}`,
      [user, ...visible.params],
      (row) => {
        most = Math.max(most, row.number(1))
        add(row.number(0), Math.log2(1 + row.number(1)) / Math.log2(1 + most) / 1.5)
      },
    )
    db.select(
      `SELECT n.item_id FROM ${from} AND n.starred_at IS NOT NULL AND ${visible.sql}
       ORDER BY n.starred_at DESC, n.item_id DESC LIMIT ${STARRED}`,
      [user, ...visible.params],
      (row) => add(row.number(0), 1 / 3),
    )
  }
  return liked
}

/** The albums that share most with the seed, and what each of its genres weighs among those that the viewer sees. */
function albumsOfGenres(context: LibraryContext, viewer: Viewer, facts: SeedFacts) {
  const visible = context.scope(viewer).album('a')
  const albums = new Map<number, { readonly year: number; readonly genres: number[] }>()
  const counts = new Map<number, number>()
  context.db.select(
    `SELECT ag.album_id, ag.genre_id, a.max_year FROM json_each(?) k CROSS JOIN album_genre ag ON ag.genre_id = k.value
       CROSS JOIN album a ON a.id = ag.album_id
     WHERE ${visible.sql} LIMIT ${ALBUM_ROWS}`,
    [jsonIds(facts.genres.map(({ id }) => id)), ...visible.params],
    (row) => {
      const [id, genre] = [row.number(0), row.number(1)]
      const known = albums.get(id)
      if (known) known.genres.push(genre)
      else albums.set(id, { year: row.number(2), genres: [genre] })
      counts.set(genre, (counts.get(genre) ?? 0) + 1)
    },
  )
  const weights = genreWeights(
    facts.genres.map(({ id, inSeed }) => ({ id, inSeed: inSeed / facts.songs.length, albums: counts.get(id) ?? 0 })),
  )
  const scored = [...albums].map(([id, { year, genres }]) => ({
    id,
    score:
      WEIGHT.genres * genres.reduce((sum, genre) => sum + (weights.get(genre) ?? 0), 0) +
      WEIGHT.year * yearLikeness(facts.year, year),
    tie: mixed(id, facts.key),
  }))
  scored.sort((a, b) => b.score - a.score || a.tie - b.tie)
  return { weights, albums: scored.slice(0, ALBUMS).map(({ id }) => id) }
}

function albumsOfYears(context: LibraryContext, viewer: Viewer, { year }: SeedFacts): readonly number[] {
  if (year === 0) return []
  const visible = context.scope(viewer).album('a')
  return context.db.select(
    `SELECT a.id FROM album a WHERE a.max_year BETWEEN ? AND ? AND ${visible.sql}
     ORDER BY abs(a.max_year - ?), a.id LIMIT ${ALBUMS}`,
    [year - 5, year + 5, ...visible.params, year],
    firstColumn,
  )
}

/**
 * First what keeps the list mixed (of an artist an eighth, of an album three songs, of the seed's own artists a quarter), in
 * order of likeness; what is left of the list is filled with the best of the others.
 */
function spread(all: readonly Candidate[], limit: number, own: ReadonlySet<number>): readonly Candidate[] {
  const [perArtist, ofOwn, perAlbum] = [Math.max(2, Math.ceil(limit / 8)), Math.ceil(limit / 4), 3]
  const counts = new Map<string, number>()
  const next = (key: string) => {
    const count = (counts.get(key) ?? 0) + 1
    counts.set(key, count)
    return count
  }
  const chosen: Candidate[] = []
  const rest: Candidate[] = []
  for (const one of all) {
    const isOwn = own.has(one.artist)
    const fits =
      next(isOwn ? 'own' : `r${one.artist}`) <= (isOwn ? ofOwn : perArtist) && next(`a${one.album}`) <= perAlbum
    ;(fits ? chosen : rest).push(one)
    if (chosen.length >= limit) return chosen
  }
  return [...chosen, ...rest].slice(0, limit)
}

function wordsOf(moods: string, groupings: string): readonly string[] {
  return [...jsonList<string>(moods), ...jsonList<string>(groupings)].map(nameKey)
}

/** Most songs have the same few lists of genres. */
function remembered(compute: (text: string) => number): (text: string) => number {
  const known = new Map<string, number>()
  return (text) => {
    let value = known.get(text)
    if (value === undefined) {
      value = compute(text)
      known.set(text, value)
    }
    return value
  }
}
