import type { SongId } from '../base/ids.ts'
import { jsonList } from './json-column.ts'

/** What the walk over songs reads of each. */
export interface TalliedSong {
  readonly id: SongId
  readonly suffix: string
  readonly bitRate: number
  readonly year: number
  /** The JSON column: equal texts are parsed once. */
  readonly genres: string
  readonly durationMs: number
  readonly size: number
  readonly createdAt: number
  readonly artistId: number
  /** Folded. */
  readonly title: string
  readonly artist: string
  readonly album: string
  readonly withoutCover: boolean
}

/** Lists with the most songs first, but years, bit rates and times in their own order. */
export interface LibraryTally {
  readonly songs: number
  readonly durationMs: number
  readonly bytes: number
  readonly formats: readonly {
    readonly suffix: string
    readonly songs: number
    readonly durationMs: number
    readonly bytes: number
  }[]
  /** kbit/s, from the lower bound on; 0 = unknown or less than the next. */
  readonly bitRates: readonly { readonly from: number; readonly songs: number }[]
  /** 0 = without a year. */
  readonly decades: readonly { readonly decade: number; readonly songs: number }[]
  readonly genres: readonly { readonly name: string; readonly songs: number }[]
  /** When songs came, by quarter of an hour, ms since 1970: time zones begin days at such. */
  readonly added: readonly { readonly at: number; readonly songs: number; readonly bytes: number }[]
  /** Same artist, title and length to the second. At most 100 groups by their ids. */
  readonly duplicates: { readonly groups: number; readonly songs: number; readonly ids: readonly (readonly SongId[])[] }
  /** Neither artist nor album. */
  readonly untagged: number
  readonly withoutGenre: number
  readonly withoutYear: number
  readonly withoutCover: number
}

const BIT_RATES = [1024, 512, 320, 256, 192, 128, 0]
const QUARTER_MS = 900_000
const MAX_GROUPS = 100
/** As the scanner names what no tag names. */
const UNKNOWN = /^\[Unknown (?:Artist|Album)\]$/

/** Adds up songs one by one; holds one number a song for finding duplicates. */
export class SongTally {
  #songs = 0
  #durationMs = 0
  #bytes = 0
  #untagged = 0
  #withoutGenre = 0
  #withoutYear = 0
  #withoutCover = 0
  #repeated = 0
  readonly #formats = new Map<string, { songs: number; durationMs: number; bytes: number }>()
  readonly #bitRates = new Map<number, number>()
  readonly #decades = new Map<number, number>()
  readonly #genres = new Map<string, number>()
  readonly #added = new Map<number, { songs: number; bytes: number }>()
  readonly #first = new Map<number, SongId>()
  readonly #groups = new Map<number, SongId[]>()

  add(song: TalliedSong): void {
    this.#songs++
    this.#durationMs += song.durationMs
    this.#bytes += song.size
    const format = this.#formats.get(song.suffix) ?? { songs: 0, durationMs: 0, bytes: 0 }
    format.songs++
    format.durationMs += song.durationMs
    format.bytes += song.size
    this.#formats.set(song.suffix, format)
    count(this.#bitRates, BIT_RATES.find((from) => song.bitRate >= from) ?? 0)
    count(this.#decades, Math.floor(song.year / 10) * 10)
    count(this.#genres, song.genres)
    const at = Math.floor(song.createdAt / QUARTER_MS) * QUARTER_MS
    const added = this.#added.get(at) ?? { songs: 0, bytes: 0 }
    added.songs++
    added.bytes += song.size
    this.#added.set(at, added)
    if (UNKNOWN.test(song.artist) && UNKNOWN.test(song.album)) this.#untagged++
    if (song.genres === '[]' || song.genres === '') this.#withoutGenre++
    if (song.year === 0) this.#withoutYear++
    if (song.withoutCover) this.#withoutCover++
    this.#compare(song)
  }

  result(): LibraryTally {
    const genres = new Map<string, number>()
    for (const [text, songs] of this.#genres)
      for (const name of jsonList<string>(text)) genres.set(name, (genres.get(name) ?? 0) + songs)
    return {
      songs: this.#songs,
      durationMs: this.#durationMs,
      bytes: this.#bytes,
      formats: [...this.#formats]
        .map(([suffix, format]) => ({ suffix, ...format }))
        .sort((a, b) => b.songs - a.songs || (a.suffix < b.suffix ? -1 : 1)),
      bitRates: [...this.#bitRates].map(([from, songs]) => ({ from, songs })).sort((a, b) => a.from - b.from),
      decades: [...this.#decades].map(([decade, songs]) => ({ decade, songs })).sort((a, b) => a.decade - b.decade),
      genres: [...genres]
        .map(([name, songs]) => ({ name, songs }))
        .sort((a, b) => b.songs - a.songs || (a.name < b.name ? -1 : 1)),
      added: [...this.#added].map(([at, { songs, bytes }]) => ({ at, songs, bytes })).sort((a, b) => a.at - b.at),
      duplicates: {
        groups: this.#groups.size,
        songs: this.#repeated + this.#groups.size,
        ids: [...this.#groups.values()].slice(0, MAX_GROUPS),
      },
      untagged: this.#untagged,
      withoutGenre: this.#withoutGenre,
      withoutYear: this.#withoutYear,
      withoutCover: this.#withoutCover,
    }
  }

  #compare({ id, artistId, title, durationMs }: TalliedSong): void {
    const key = hash(`${artistId} ${Math.round(durationMs / 1000)} ${title}`)
    const first = this.#first.get(key)
    if (first === undefined) {
      this.#first.set(key, id)
      return
    }
    this.#repeated++
    const group = this.#groups.get(key)
    if (group) group.push(id)
    else this.#groups.set(key, [first, id])
  }
}

function count<K>(counts: Map<K, number>, key: K): void {
  counts.set(key, (counts.get(key) ?? 0) + 1)
}

/** 52 bits: of a million songs two different ones meet with one chance in nine thousand. */
function hash(text: string): number {
  let low = 0x811c9dc5
  let high = 0x01000193
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index)
    low = Math.imul(low ^ unit, 0x01000193)
    high = Math.imul(high ^ unit, 0x5bd1e995) ^ (low >>> 13)
  }
  return (high >>> 12) * 2 ** 32 + (low >>> 0)
}
