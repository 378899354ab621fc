import { createHash } from 'node:crypto'
import type { LibraryId } from '../../src/base/ids.ts'
import { indexWords } from '../../src/base/search-words.ts'
import { fold } from '../../src/base/text.ts'
import type { Database } from '../../src/db/database.ts'
import { recount } from './recount.ts'
import { artistFrom, GENRES, pick, type Random, randomFrom, titleFrom } from './synthetic-names.ts'

export interface SyntheticOptions {
  readonly songs: number
  /** Songs are dealt out by album. Default 1. */
  readonly libraries?: number
  readonly seed?: number
  /** When the library learned of the first album, ms since 1970. */
  readonly at?: number
}

const SONGS_PER_TRANSACTION = 4000
const HOUR = 3_600_000

interface Artist {
  readonly id: number
  readonly name: string
}

/**
 * Fills an empty, migrated database as the scanner would, without files: songs, albums, artists, folders, genres, their
 * totals and search rows. The same options make the same library. A tenth of the albums has two discs in folders of
 * their own, a thirtieth are compilations, a twentieth of the songs is marked explicit.
 */
export function fillLibrary(db: Database, options: SyntheticOptions): { readonly libraries: readonly LibraryId[] } {
  const random = randomFrom(options.seed ?? 1)
  const at = options.at ?? Date.UTC(2024, 0, 1)
  const libraries = Array.from({ length: options.libraries ?? 1 }, (_, index) => addLibrary(db, index + 1, at))
  const filler = new Filler(db, { random, at, libraries, songs: options.songs })
  while (filler.songs < options.songs) {
    db.transaction(() => {
      const until = Math.min(options.songs, filler.songs + SONGS_PER_TRANSACTION)
      while (filler.songs < until) filler.addAlbum(options.songs)
    }, 'bulk')
  }
  db.transaction(() => recount(db), 'bulk')
  db.settle()
  return { libraries: libraries.map((library) => library.id) }
}

function addLibrary(db: Database, number: number, at: number): { readonly id: LibraryId; readonly root: number } {
  const id = db.run(
    `INSERT INTO library (name, path, state, changed_at, last_scan_at, created_at, updated_at)
     VALUES (?, ?, 'ok', ?, ?, ?, ?)`,
    [`Library ${number}`, `/music/library-${number}`, at, at, at, at],
  ).lastId as LibraryId
  const root = db.run(
    `INSERT INTO folder (library_id, path, name, order_name, created_at, updated_at) VALUES (?, '', ?, ?, ?, ?)`,
    [id, `library-${number}`, `library-${number}`, at, at],
  ).lastId
  return { id, root }
}

/** Everything of one library while it grows. */
class Filler {
  songs = 0
  readonly #db: Database
  readonly #random: Random
  readonly #at: number
  readonly #libraries: readonly { readonly id: LibraryId; readonly root: number }[]
  readonly #artists: Artist[] = []
  readonly #genres = new Map<string, number>()
  readonly #folders = new Map<string, number>()
  readonly #wantedArtists: number
  #albums = 0

  constructor(
    db: Database,
    plan: {
      readonly random: Random
      readonly at: number
      readonly libraries: readonly { readonly id: LibraryId; readonly root: number }[]
      readonly songs: number
    },
  ) {
    this.#db = db
    this.#random = plan.random
    this.#at = plan.at
    this.#libraries = plan.libraries
    this.#wantedArtists = Math.max(3, Math.ceil(plan.songs / 30))
  }

  addAlbum(most: number): void {
    const random = this.#random
    this.#albums++
    const library = pick(random, this.#libraries)
    const at = this.#at + this.#albums * HOUR
    const compilation = random() < 1 / 30
    const artist = compilation ? this.#artist('Various Artists') : this.#someArtist()
    const name = titleFrom(random)
    const year = random() < 0.03 ? 0 : 1955 + Math.floor(random() * 70)
    const genres = this.#someGenres()
    const discs = random() < 0.1 ? 2 : 1
    const count = Math.min(most - this.songs, 1 + Math.floor(random() * 12) + Math.floor(random() * 12))
    const title = `${name} ${this.#albums.toString(36)}`
    const artistFolder = this.#folder(library, { parent: library.root, path: artist.name, at })
    const albumPath = `${artist.name}/${title}`
    const albumFolder = this.#folder(library, { parent: artistFolder, path: albumPath, at })
    const cover = hex(`cover ${this.#albums}`, 8)
    const albumId = this.#insert('album', {
      library_id: library.id,
      folder_id: albumFolder,
      key: hex(`${library.id} ${albumPath}`, 16),
      name: title,
      order_name: orderName(title),
      artist: artist.name,
      artist_id: artist.id,
      order_artist: orderName(artist.name),
      artists: JSON.stringify([[artist.id, artist.name]]),
      min_year: year,
      max_year: year,
      date: year ? String(year) : '',
      compilation: Number(compilation),
      genres: JSON.stringify(genres),
      release_types: JSON.stringify(compilation ? ['album', 'compilation'] : ['album']),
      record_labels: random() < 0.3 ? JSON.stringify([`${pick(random, this.#artists).name} Records`]) : '[]',
      disc_titles: '[]',
      musicbrainz_id: random() < 0.6 ? uuid(`album ${this.#albums}`) : '',
      cover_version: cover,
      created_at: at,
      updated_at: at,
    })
    this.#db.run('INSERT INTO album_search (rowid, name, artist) VALUES (?, ?, ?)', [
      albumId,
      indexed(title),
      indexed(artist.name),
    ])
    for (let number = 0; number < count; number++) {
      const disc = discs === 2 ? 1 + Math.floor((number * 2) / count) : 1
      const path = discs === 2 ? `${albumPath}/CD${disc}` : albumPath
      const folder = discs === 2 ? this.#folder(library, { parent: albumFolder, path, at }) : albumFolder
      this.#addSong({
        library: library.id,
        folder,
        path,
        album: { id: albumId, title, artist, year, genres, cover, compilation },
        disc,
        track: number + 1,
        at,
      })
    }
  }

  #addSong(song: {
    readonly library: LibraryId
    readonly folder: number
    readonly path: string
    readonly album: {
      readonly id: number
      readonly title: string
      readonly artist: Artist
      readonly year: number
      readonly genres: readonly string[]
      readonly cover: string
      readonly compilation: boolean
    }
    readonly disc: number
    readonly track: number
    readonly at: number
  }): void {
    const random = this.#random
    const { album } = song
    const number = ++this.songs
    const title = titleFrom(random)
    const main = album.compilation ? this.#someArtist() : album.artist
    const guest = random() < 0.08 ? this.#someArtist() : undefined
    const performers = guest && guest.id !== main.id ? [main, guest] : [main]
    const composer = random() < 0.3 ? this.#someArtist() : undefined
    const credits = [
      ...performers.map((artist) => ['artist', artist.id, artist.name, ''] as const),
      ['albumartist', album.artist.id, album.artist.name, ''] as const,
      ...(composer ? [['composer', composer.id, composer.name, ''] as const] : []),
    ]
    const artist = performers.map((one) => one.name).join(' feat. ')
    const durationMs = 90_000 + Math.floor(random() * 300_000)
    const lossless = random() < 0.5
    const suffix = lossless ? 'flac' : 'mp3'
    const bitRate = lossless ? 850 : 256
    const id = this.#insert('song', {
      library_id: song.library,
      folder_id: song.folder,
      album_id: album.id,
      path: `${song.path}/${String(song.track).padStart(2, '0')} - ${title.replaceAll('/', '_')}.${suffix}`,
      size: Math.floor((durationMs / 8) * bitRate),
      mtime_ms: song.at,
      suffix,
      pid: hex(`song ${number}`, 16),
      title,
      order_title: orderName(title),
      album: album.title,
      artist,
      artist_id: main.id,
      album_artist: album.artist.name,
      album_artist_id: album.artist.id,
      credits: JSON.stringify(credits),
      track_number: song.track,
      disc_number: song.disc,
      year: album.year,
      date: album.year ? String(album.year) : '',
      duration_ms: durationMs,
      bit_rate: bitRate,
      sample_rate: 44_100,
      bit_depth: lossless ? 16 : 0,
      channels: 2,
      codec: suffix,
      compilation: Number(album.compilation),
      explicit: random() < 0.05 ? 'e' : '',
      genres: JSON.stringify(album.genres),
      replay_gain: JSON.stringify({ trackGain: -7.5, albumGain: -8.1, trackPeak: 0.98, albumPeak: 1 }),
      musicbrainz_recording_id: random() < 0.6 ? uuid(`song ${number}`) : '',
      has_embedded_cover: 1,
      cover_version: album.cover,
      created_at: song.at,
      updated_at: song.at,
    })
    const names = [...new Set([...performers, album.artist].map((one) => one.name))].join(' ')
    this.#db.run('INSERT INTO song_search (rowid, title, artist, album) VALUES (?, ?, ?, ?)', [
      id,
      indexed(title),
      indexed(names),
      indexed(album.title),
    ])
    const positions = new Map<string, number>()
    for (const [role, artistId] of credits) {
      const position = positions.get(role) ?? 0
      positions.set(role, position + 1)
      this.#db.run('INSERT INTO song_artist (song_id, artist_id, role, position) VALUES (?, ?, ?, ?)', [
        id,
        artistId,
        role,
        position,
      ])
    }
    for (const genre of album.genres)
      this.#db.run('INSERT INTO song_genre (song_id, genre_id) VALUES (?, ?)', [id, this.#genre(genre)])
  }

  /** A few artists have made much, most have made little. */
  #someArtist(): Artist {
    const number = Math.floor(this.#random() ** 2 * this.#wantedArtists)
    return this.#artists[number] ?? this.#artist(artistFrom(this.#random, this.#artists.length + 1))
  }

  #artist(name: string): Artist {
    const known = name === 'Various Artists' ? this.#artists.find((artist) => artist.name === name) : undefined
    if (known) return known
    const number = this.#artists.length + 1
    const id = this.#insert('artist', {
      key: fold(name),
      name,
      order_name: orderName(name),
      musicbrainz_id: number % 2 ? uuid(`artist ${number}`) : '',
      created_at: this.#at,
      updated_at: this.#at,
    })
    this.#db.run('INSERT INTO artist_search (rowid, name) VALUES (?, ?)', [id, indexed(name)])
    const artist = { id, name }
    this.#artists.push(artist)
    return artist
  }

  #someGenres(): readonly string[] {
    const one = () => GENRES[Math.floor(this.#random() ** 2.5 * GENRES.length)] as string
    if (this.#random() < 0.04) return []
    return [...new Set(this.#random() < 0.2 ? [one(), one()] : [one()])]
  }

  #genre(name: string): number {
    const known = this.#genres.get(name)
    if (known) return known
    const id = this.#insert('genre', { key: fold(name), name })
    this.#genres.set(name, id)
    return id
  }

  #folder(
    library: { readonly id: LibraryId },
    folder: { readonly parent: number; readonly path: string; readonly at: number },
  ): number {
    const key = `${library.id}:${folder.path}`
    const known = this.#folders.get(key)
    if (known) return known
    const name = folder.path.slice(folder.path.lastIndexOf('/') + 1)
    const id = this.#insert('folder', {
      library_id: library.id,
      parent_id: folder.parent,
      path: folder.path,
      name,
      order_name: orderName(name),
      created_at: folder.at,
      updated_at: folder.at,
    })
    this.#folders.set(key, id)
    return id
  }

  #insert(table: string, row: Readonly<Record<string, string | number>>): number {
    const columns = Object.keys(row)
    const marks = columns.map(() => '?').join(', ')
    return this.#db.run(`INSERT INTO ${table} (${columns.join(', ')}) VALUES (${marks})`, Object.values(row)).lastId
  }
}

function indexed(text: string): string {
  return indexWords(text).join(' ')
}

function orderName(name: string): string {
  return fold(name).replace(/^(the|a|an) /, '')
}

function hex(text: string, length: number): string {
  return createHash('sha1').update(text).digest('hex').slice(0, length)
}

function uuid(text: string): string {
  const digits = hex(text, 32)
  return [0, 8, 12, 16, 20].map((from, index) => digits.slice(from, [8, 12, 16, 20, 32][index])).join('-')
}
