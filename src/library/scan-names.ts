import type { ArtistId, GenreId } from '../base/ids.ts'
import type { Database } from '../db/database.ts'
import { nameKey } from './name-key.ts'
import { KIND } from './pending-plays.ts'
import type { DraftCredit } from './scan-draft.ts'
import { putArtist, takeOut } from './search-index.ts'

interface KnownArtist {
  readonly id: ArtistId
  readonly name: string
  sortName: string
  musicBrainzId: string
}

/** Artists and genres by name, made when they are new. */
export interface ScanNames {
  /** The artist of a credit; sort name and MusicBrainz id are taken over when they were unknown. */
  artist(credit: DraftCredit, at: number): { readonly id: ArtistId; readonly name: string }
  genre(name: string): GenreId
  /** Artists made since the scan began. */
  readonly newArtists: ReadonlySet<ArtistId>
  /** Writes an artist into the search index, or takes it out. */
  index(id: ArtistId, visible: boolean): void
  /** Removes an artist without a single credit; one that somebody marked waits, hidden. @returns whether it is gone. */
  removeUnused(id: ArtistId): boolean
  removeUnusedGenres(ids: Iterable<GenreId>): void
  /** After rows were changed by others than this object. */
  forget(): void
}

/** Entries kept in memory; the rest is looked up again. */
const CACHED = 20_000

export function createScanNames(db: Database, orderName: (name: string) => string): ScanNames {
  const artists = new Map<string, KnownArtist>()
  const genres = new Map<string, GenreId>()
  const newArtists = new Set<ArtistId>()

  function findArtist(key: string): KnownArtist | undefined {
    const known = artists.get(key)
    if (known) return known
    const row = db.get<{ id: ArtistId; name: string; sort_name: string; musicbrainz_id: string }>(
      'SELECT id, name, sort_name, musicbrainz_id FROM artist WHERE key = ?',
      [key],
    )
    return row && { id: row.id, name: row.name, sortName: row.sort_name, musicBrainzId: row.musicbrainz_id }
  }

  function addArtist(key: string, credit: DraftCredit, at: number): KnownArtist {
    const { name, sortName, musicBrainzId } = credit
    const { lastId } = db.run(
      `INSERT INTO artist (key, name, sort_name, order_name, musicbrainz_id, missing, created_at, updated_at)
       VALUES (?, ?, ?, ?, ?, 1, ?, ?)`,
      [key, name, sortName, orderName(name), musicBrainzId, at, at],
    )
    newArtists.add(lastId as ArtistId)
    return { id: lastId as ArtistId, name, sortName, musicBrainzId }
  }

  return {
    newArtists,
    artist(credit, at) {
      const key = nameKey(credit.name)
      const artist = findArtist(key) ?? addArtist(key, credit, at)
      if (artists.size >= CACHED) artists.clear()
      artists.set(key, artist)
      const sortName = artist.sortName || credit.sortName
      const musicBrainzId = artist.musicBrainzId || credit.musicBrainzId
      if (sortName !== artist.sortName || musicBrainzId !== artist.musicBrainzId) {
        artist.sortName = sortName
        artist.musicBrainzId = musicBrainzId
        db.run('UPDATE artist SET sort_name = ?, musicbrainz_id = ?, updated_at = ? WHERE id = ?', [
          sortName,
          musicBrainzId,
          at,
          artist.id,
        ])
      }
      return artist
    },
    genre(name) {
      const key = nameKey(name)
      const known = genres.get(key) ?? db.get<{ id: GenreId }>('SELECT id FROM genre WHERE key = ?', [key])?.id
      const id = known ?? (db.run('INSERT INTO genre (key, name) VALUES (?, ?)', [key, name]).lastId as GenreId)
      if (genres.size >= CACHED) genres.clear()
      genres.set(key, id)
      return id
    },
    index(id, visible) {
      const row = visible ? db.get<{ name: string }>('SELECT name FROM artist WHERE id = ?', [id]) : undefined
      if (row) putArtist(db, id, row.name)
      else takeOut(db, 'artist', [id])
    },
    removeUnused(id) {
      const unused = `NOT EXISTS (SELECT 1 FROM song_artist WHERE artist_id = ?)
        AND NOT EXISTS (SELECT 1 FROM annotation WHERE kind = ${KIND.artist} AND item_id = ?)`
      const { changes } = db.run(`DELETE FROM artist WHERE id = ? AND ${unused}`, [id, id, id])
      if (changes > 0) artists.clear()
      return changes > 0
    },
    removeUnusedGenres(ids) {
      for (const id of ids) {
        const { changes } = db.run(
          'DELETE FROM genre WHERE id = ? AND NOT EXISTS (SELECT 1 FROM song_genre WHERE genre_id = ?)',
          [id, id],
        )
        if (changes > 0) genres.clear()
      }
    },
    forget() {
      artists.clear()
      genres.clear()
    },
  }
}
