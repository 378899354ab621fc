import type { AlbumId, ArtistId, FolderId, LibraryId } from '../base/ids.ts'
import type { Database } from '../db/database.ts'
import type { CreditRole } from './entities.ts'
import { jsonList, jsonObject } from './json-column.ts'
import { KIND } from './pending-plays.ts'
import type { SongDraft } from './scan-draft.ts'
import type { ScanNames } from './scan-names.ts'
import { putAlbum, takeOut } from './search-index.ts'

/** The scanner's side of the album table: albums are what their visible songs say. */
export interface ScanAlbums {
  /** By key, made when it is new; hidden until its first `refresh`. */
  find(libraryId: LibraryId, draft: SongDraft, at: number): AlbumId
  /** Albums made since the scan began. */
  readonly newAlbums: ReadonlySet<AlbumId>
  /**
   * Brings everything but the cover in step with the songs. An album without a visible song is hidden, one without any
   * is removed (unless somebody marked it). @returns whether it is visible.
   */
  refresh(id: AlbumId, at: number): boolean
  /** After rows were changed by others than this object. */
  forget(): void
}

interface SongFacts {
  readonly folderId: FolderId
  readonly folderPath: string
  readonly discNumber: number
  readonly discSubtitle: string
  readonly album: string
  readonly albumArtist: string
  readonly albumArtistId: ArtistId
  readonly credits: readonly (readonly [CreditRole, ArtistId, string, string])[]
  readonly year: number
  readonly date: string
  readonly originalDate: string
  readonly releaseDate: string
  readonly compilation: boolean
  readonly explicit: string
  readonly durationMs: number
  readonly size: number
  readonly genres: readonly string[]
  readonly moods: readonly string[]
  readonly tags: Readonly<Record<string, readonly string[]>>
}

const SONGS = `SELECT s.folder_id, f.path, s.disc_number, s.disc_subtitle, s.album, s.album_artist, s.album_artist_id,
  s.credits, s.year, s.date, s.original_date, s.release_date, s.compilation, s.explicit, s.duration_ms, s.size, s.genres,
  s.moods, t.tags
  FROM song s JOIN folder f ON f.id = s.folder_id LEFT JOIN song_tags t ON t.song_id = s.id
  WHERE s.album_id = ? AND s.missing = 0 ORDER BY s.disc_number, s.track_number, s.order_title, s.id`

/** An album beyond this is a heap of loose songs; its lists are made of the first ones. */
const MAX_SONGS = 5000

export function createScanAlbums(db: Database, names: ScanNames, orderName: (name: string) => string): ScanAlbums {
  const newAlbums = new Set<AlbumId>()
  const cache = new Map<string, AlbumId>()

  function hide(id: AlbumId, at: number): void {
    takeOut(db, 'album', [id])
    const kept = db.get(
      `SELECT 1 AS kept WHERE EXISTS (SELECT 1 FROM song WHERE album_id = ?)
        OR EXISTS (SELECT 1 FROM annotation WHERE kind = ${KIND.album} AND item_id = ?)`,
      [id, id],
    )
    if (kept)
      db.run('UPDATE album SET missing = 1, song_count = 0, duration_ms = 0, size = 0, updated_at = ? WHERE id = ?', [
        at,
        id,
      ])
    else {
      db.run('DELETE FROM album WHERE id = ?', [id])
      cache.clear()
    }
  }

  function write(id: AlbumId, libraryId: LibraryId, songs: readonly SongFacts[], at: number): void {
    const first = songs[0] as SongFacts
    const years = songs.map(({ year }) => year).filter((year) => year > 0)
    const artists = unique(
      songs.flatMap(({ credits }) => credits.filter(([role]) => role === 'albumartist')),
      ([, artistId]) => artistId,
    )
    const tag = (name: string) => mostCommon(songs.map(({ tags }) => tags[name]?.[0] ?? ''))
    const list = (name: string) => byFrequency(songs.flatMap(({ tags }) => tags[name] ?? []))
    const sum = (value: (song: SongFacts) => number) => songs.reduce((total, song) => total + value(song), 0)
    const name = mostCommon(songs.map(({ album }) => album))
    const artist = mostCommon(songs.map(({ albumArtist }) => albumArtist))
    const explicit = songs.some((song) => song.explicit === 'e')
      ? 'e'
      : songs.some((song) => song.explicit === 'c')
        ? 'c'
        : ''
    const discs = unique(
      songs.filter(({ discSubtitle }) => discSubtitle !== ''),
      ({ discNumber }) => discNumber,
    )
    db.run(
      `UPDATE album SET folder_id = ?, name = ?, sort_name = ?, order_name = ?, version = ?, artist = ?, artist_id = ?,
         order_artist = ?, artists = ?, min_year = ?, max_year = ?, date = ?, original_date = ?, release_date = ?,
         compilation = ?, explicit = ?, song_count = ?, duration_ms = ?, size = ?, genres = ?, moods = ?,
         record_labels = ?, release_types = ?, disc_titles = ?, catalog_number = ?, musicbrainz_id = ?,
         musicbrainz_release_group_id = ?, missing = 0, updated_at = ? WHERE id = ?`,
      [
        commonFolder(db, libraryId, songs),
        name,
        tag('albumsort'),
        orderName(name),
        tag('albumversion'),
        artist,
        first.albumArtistId,
        orderName(artist),
        JSON.stringify(artists.map(([, artistId, artistName]) => [artistId, artistName])),
        years.length > 0 ? Math.min(...years) : 0,
        years.length > 0 ? Math.max(...years) : 0,
        mostCommon(songs.map(({ date }) => date)),
        mostCommon(songs.map(({ originalDate }) => originalDate)),
        mostCommon(songs.map(({ releaseDate }) => releaseDate)),
        songs.some(({ compilation }) => compilation) ? 1 : 0,
        explicit,
        songs.length,
        sum(({ durationMs }) => durationMs),
        sum(({ size }) => size),
        JSON.stringify(byFrequency(songs.flatMap(({ genres }) => genres))),
        JSON.stringify(byFrequency(songs.flatMap(({ moods }) => moods))),
        JSON.stringify(list('recordlabel')),
        JSON.stringify(list('releasetype')),
        JSON.stringify(discs.map(({ discNumber, discSubtitle }) => ({ disc: discNumber, title: discSubtitle }))),
        tag('catalognumber'),
        tag('musicbrainz_albumid'),
        tag('musicbrainz_releasegroupid'),
        at,
        id,
      ],
    )
    link(id, songs)
    putAlbum(
      db,
      id,
      name,
      artists.map(([, , artistName]) => artistName),
    )
  }

  function link(id: AlbumId, songs: readonly SongFacts[]): void {
    db.run('DELETE FROM album_artist WHERE album_id = ?', [id])
    db.run('DELETE FROM album_genre WHERE album_id = ?', [id])
    const positions = new Map<string, number>()
    const credits = unique(
      songs.flatMap((song) => song.credits),
      ([role, artistId]) => `${role} ${artistId}`,
    )
    for (const [role, artistId] of credits) {
      const position = positions.get(role) ?? 0
      positions.set(role, position + 1)
      db.run('INSERT INTO album_artist (album_id, artist_id, role, position) VALUES (?, ?, ?, ?)', [
        id,
        artistId,
        role,
        position,
      ])
    }
    for (const genre of new Set(songs.flatMap(({ genres }) => genres).map((name) => names.genre(name))))
      db.run('INSERT INTO album_genre (album_id, genre_id) VALUES (?, ?)', [id, genre])
  }

  return {
    newAlbums,
    forget: () => cache.clear(),
    find(libraryId, draft, at) {
      const cacheKey = `${libraryId} ${draft.album.key}`
      const known =
        cache.get(cacheKey) ??
        db.get<{ id: AlbumId }>('SELECT id FROM album WHERE library_id = ? AND key = ?', [libraryId, draft.album.key])
          ?.id
      if (known !== undefined) return known
      const credit = draft.credits.find(({ role }) => role === 'albumartist')
      const artistId = credit ? names.artist(credit, at).id : 0
      const id = db.run(
        `INSERT INTO album (library_id, key, name, order_name, artist, artist_id, order_artist, missing, created_at, updated_at)
         VALUES (?, ?, ?, ?, ?, ?, ?, 1, ?, ?)`,
        [
          libraryId,
          draft.album.key,
          draft.album.name,
          draft.album.orderName,
          draft.albumArtist,
          artistId,
          orderName(draft.albumArtist),
          at,
          at,
        ],
      ).lastId as AlbumId
      newAlbums.add(id)
      if (cache.size > 1000) cache.clear()
      cache.set(cacheKey, id)
      return id
    },
    refresh(id, at) {
      const row = db.get<{ library_id: LibraryId }>('SELECT library_id FROM album WHERE id = ?', [id])
      if (!row) return false
      const songs = db.select(`${SONGS} LIMIT ${MAX_SONGS}`, [id], (song) => ({
        folderId: song.number(0) as FolderId,
        folderPath: song.text(1),
        discNumber: song.number(2),
        discSubtitle: song.text(3),
        album: song.text(4),
        albumArtist: song.text(5),
        albumArtistId: song.number(6) as ArtistId,
        credits: jsonList<readonly [CreditRole, ArtistId, string, string]>(song.text(7)),
        year: song.number(8),
        date: song.text(9),
        originalDate: song.text(10),
        releaseDate: song.text(11),
        compilation: song.number(12) === 1,
        explicit: song.text(13),
        durationMs: song.number(14),
        size: song.number(15),
        genres: jsonList<string>(song.text(16)),
        moods: jsonList<string>(song.text(17)),
        tags: jsonObject<Record<string, readonly string[]>>(song.text(18)),
      }))
      if (songs.length === 0) hide(id, at)
      else write(id, row.library_id, songs, at)
      return songs.length > 0
    },
  }
}

/** The folder of the songs; of several folders the one that holds them all but for strays. */
function commonFolder(db: Database, libraryId: LibraryId, songs: readonly SongFacts[]): FolderId | null {
  const settled = withoutStrays(songs)
  const first = settled[0] as SongFacts
  let common = first.folderPath.split('/')
  for (const { folderPath } of settled) {
    if (folderPath === first.folderPath) continue
    const parts = folderPath.split('/')
    const same = common.findIndex((part, index) => parts[index] !== part)
    if (same >= 0) common = common.slice(0, same)
  }
  const path = common.join('/')
  if (path === first.folderPath) return first.folderId
  return (
    db.get<{ id: FolderId }>('SELECT id FROM folder WHERE library_id = ? AND path = ?', [libraryId, path])?.id ?? null
  )
}

const STRAY_SHARE = 0.2

/**
 * A copy of a song or two in some other folder must not make the library's root the album's folder. Strays are the few
 * songs of a folder whose discs lie in a fuller folder too; so a bonus disc of two songs is none.
 */
function withoutStrays(songs: readonly SongFacts[]): readonly SongFacts[] {
  const folders = new Map<FolderId, SongFacts[]>()
  for (const song of songs) {
    const inFolder = folders.get(song.folderId)
    if (inFolder) inFolder.push(song)
    else folders.set(song.folderId, [song])
  }
  if (folders.size === 1) return songs
  const discs = new Set<number>()
  const kept = new Set<FolderId>()
  for (const [id, inFolder] of [...folders].sort((a, b) => b[1].length - a[1].length)) {
    const few = inFolder.length <= songs.length * STRAY_SHARE
    if (!few || inFolder.some(({ discNumber }) => !discs.has(discNumber))) kept.add(id)
    for (const { discNumber } of inFolder) discs.add(discNumber)
  }
  return songs.filter(({ folderId }) => kept.has(folderId))
}

/** The value that most songs have, '' not counted; of equals the first. */
function mostCommon(values: readonly string[]): string {
  return byFrequency(values.filter((value) => value !== ''))[0] ?? ''
}

function byFrequency(values: readonly string[]): readonly string[] {
  const counts = new Map<string, number>()
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1)
  return [...counts].sort((a, b) => b[1] - a[1]).map(([value]) => value)
}

function unique<T>(list: readonly T[], key: (item: T) => unknown): readonly T[] {
  const seen = new Set<unknown>()
  return list.filter((item) => !seen.has(key(item)) && seen.add(key(item)))
}
