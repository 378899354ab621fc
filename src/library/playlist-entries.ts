import type { LibraryId, PlaylistId, SongId } from '../base/ids.ts'
import type { Viewer } from './entities.ts'
import type { LibraryContext } from './library-context.ts'
import { shuffled } from './random-ids.ts'

/** A song of a playlist as its reader counts: what they may not see has no place and leaves no gap. */
export interface PlaylistEntry {
  /** From 1. */
  readonly place: number
  readonly songId: SongId
  readonly libraryId: LibraryId
}

/** An entry with its place in the table, where positions may have gaps. */
interface StoredEntry extends PlaylistEntry {
  readonly position: number
}

/** What a list of entries can be in the order of; entries that are alike stay in the order of the playlist. */
const ORDERS = {
  title: ['s.order_title'],
  artist: ['(SELECT order_name FROM artist WHERE id = s.artist_id)', 's.artist'],
  albumArtist: ['(SELECT order_name FROM artist WHERE id = s.album_artist_id)', 's.album_artist'],
  album: ['(SELECT order_name FROM album WHERE id = s.album_id)', 's.album_id', 's.disc_number', 's.track_number'],
  duration: ['s.duration_ms'],
  year: ['s.year'],
  bpm: ['s.bpm'],
  channels: ['s.channels'],
} as const

export type EntryOrder = keyof typeof ORDERS | 'random'

export function isEntryOrder(name: string): name is EntryOrder {
  return name === 'random' || Object.hasOwn(ORDERS, name)
}

export interface EntryQuery {
  /** Left out: as in the playlist. */
  readonly order?: EntryOrder
  readonly descending?: boolean
  /** Pins a random order over pages. */
  readonly seed?: string
}

/** What the viewer sees of a playlist; whether they may see that itself is the caller's to know. */
export function playlistEntries(
  context: LibraryContext,
  viewer: Viewer,
  id: PlaylistId,
  { order, descending = false, seed = '' }: EntryQuery = {},
): readonly PlaylistEntry[] {
  const entries = visibleEntries(context, viewer, id)
  if (order === 'random') return seed === '' ? shuffled(entries) : pinned(entries, seed)
  if (order === undefined) return descending ? entries.reverse() : entries
  const direction = descending ? 'DESC' : 'ASC'
  const visible = context.scope(viewer).song('s')
  const terms = ORDERS[order].map((term) => `${term} ${direction}`).join()
  const byPosition = new Map(entries.map((entry) => [entry.position, entry]))
  return context.db
    .select(
      `SELECT p.position FROM playlist_song p CROSS JOIN song s ON s.id = p.song_id
       WHERE p.playlist_id = ? AND ${visible.sql} ORDER BY ${terms}, p.position`,
      [id, ...visible.params],
      (row) => byPosition.get(row.number(0)) ?? [],
    )
    .flat()
}

export function visibleEntries(context: LibraryContext, viewer: Viewer, id: PlaylistId): StoredEntry[] {
  const visible = context.scope(viewer).song('s')
  let place = 0
  return context.db.select(
    `SELECT p.position, p.song_id, s.library_id FROM playlist_song p
       CROSS JOIN song s INDEXED BY song_page ON s.id = p.song_id
     WHERE p.playlist_id = ? AND ${visible.sql} ORDER BY p.position`,
    [id, ...visible.params],
    (row) => ({
      place: ++place,
      position: row.number(0),
      songId: row.number(1) as SongId,
      libraryId: row.number(2) as LibraryId,
    }),
  )
}

/**
 * Moves an entry so that it has the place `to` afterwards, as the viewer counts. What they don't see stays between its
 * neighbours. Call it inside a transaction.
 * @returns false, and nothing is written, when one of the places is none.
 */
export function moveEntry(
  context: LibraryContext,
  viewer: Viewer,
  id: PlaylistId,
  move: { readonly from: number; readonly to: number },
): boolean {
  const entries = visibleEntries(context, viewer, id)
  const [from, to] = [entries[move.from - 1]?.position, entries[move.to - 1]?.position]
  if (from === undefined || to === undefined) return false
  if (from === to) return true
  const { db } = context
  // By way of the negative numbers: a position is taken once.
  db.run(`UPDATE playlist_song SET position = -1 - position WHERE playlist_id = ? AND position BETWEEN ? AND ?`, [
    id,
    Math.min(from, to),
    Math.max(from, to),
  ])
  db.run('UPDATE playlist_song SET position = ? WHERE playlist_id = ? AND position = ?', [to, id, -1 - from])
  db.run('UPDATE playlist_song SET position = -1 - position + ? WHERE playlist_id = ? AND position < 0', [
    from < to ? -1 : 1,
    id,
  ])
  return true
}

/** An order that looks random, and is the same for the same seed. */
function pinned(entries: readonly StoredEntry[], seed: string): readonly PlaylistEntry[] {
  let start = 0
  for (const character of seed) start = scramble(start ^ (character.codePointAt(0) ?? 0))
  return entries
    .map((entry) => ({ entry, rank: scramble(start ^ entry.position) }))
    .sort((a, b) => a.rank - b.rank || a.entry.position - b.entry.position)
    .map(({ entry }) => entry)
}

/** Spreads 32 bits over 32 bits; no two inputs give the same. */
function scramble(bits: number): number {
  let mixed = bits | 0
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x45d9f3b)
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x45d9f3b)
  return (mixed ^ (mixed >>> 16)) >>> 0
}
