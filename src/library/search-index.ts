import { indexWords } from '../base/search-words.ts'
import type { Database } from '../db/database.ts'
import type { Condition } from './condition.ts'
import type { Viewer } from './entities.ts'
import { firstColumn } from './first-column.ts'
import { jsonIds } from './json-column.ts'
import type { LibraryContext } from './library-context.ts'
import type { MatchQuery } from './match-query.ts'
import type { PageCursors } from './page-cursors.ts'

export interface SearchPage {
  /** 0 = none of this kind. */
  readonly limit: number
  readonly offset: number
}

/** Tables whose rows are found by words; the index of each is `<table>_search`, by the row's id. */
export type Indexed = 'song' | 'album' | 'artist'

export interface SearchTarget {
  readonly table: Indexed
  /** The narrow index that holds what scopes ask, so that a match costs no wide row. */
  readonly index: string
  /** Weights for bm25, in the order of the index's columns. */
  readonly weights: string
}

export const SONG_SEARCH: SearchTarget = { table: 'song', index: 'song_page', weights: '10.0, 4.0, 2.0' }
export const ALBUM_SEARCH: SearchTarget = { table: 'album', index: 'album_page', weights: '10.0, 4.0' }
export const ARTIST_SEARCH: SearchTarget = { table: 'artist', index: 'artist_page', weights: '1.0' }

/** Puts a song's words in the place of those that were there. `isNew`: none were, so nobody looks for them. */
export function putSong(
  db: Database,
  id: number,
  song: { readonly title: string; readonly artists: readonly string[]; readonly album: string },
  isNew = false,
): void {
  if (!isNew) takeOut(db, 'song', [id])
  db.run('INSERT INTO song_search (rowid, title, artist, album) VALUES (?, ?, ?, ?)', [
    id,
    words(song.title),
    words(song.artists.join(' ')),
    words(song.album),
  ])
}

export function putAlbum(db: Database, id: number, name: string, artists: readonly string[]): void {
  takeOut(db, 'album', [id])
  db.run('INSERT INTO album_search (rowid, name, artist) VALUES (?, ?, ?)', [id, words(name), words(artists.join(' '))])
}

export function putArtist(db: Database, id: number, name: string): void {
  takeOut(db, 'artist', [id])
  db.run('INSERT INTO artist_search (rowid, name) VALUES (?, ?)', [id, words(name)])
}

/** Nobody finds these any more; those that nobody found before are let be. */
export function takeOut(db: Database, table: Indexed, ids: readonly number[]): void {
  const [id] = ids
  if (ids.length === 1 && id !== undefined) db.run(`DELETE FROM ${table}_search WHERE rowid = ?`, [id])
  else db.run(`DELETE FROM ${table}_search WHERE rowid IN (SELECT value FROM json_each(?))`, [jsonIds(ids)])
}

/** Whom a song is found by. */
export function mainArtists(credits: readonly { readonly role: string; readonly name: string }[]): readonly string[] {
  const main = credits.filter(({ role }) => role === 'artist' || role === 'albumartist')
  return [...new Set(main.map(({ name }) => name))]
}

function words(text: string): string {
  return indexWords(text).join(' ')
}

/**
 * Up to so many matches are ranked by bm25, which must look at every match of every word. Above, three groups are
 * listed one after the other, each by id: whole words in the name, beginnings in the name, the rest. Both orders are
 * total and depend on nothing but the library, so pages never overlap nor leave gaps.
 */
const MOST_RANKED = 1000

/** Ids of visible matches, best first. The scope is part of the query: pages are full and exact. */
export function searchIds(
  context: LibraryContext,
  cursors: PageCursors,
  viewer: Viewer,
  target: SearchTarget,
  search: { readonly match: MatchQuery; readonly page: SearchPage },
): readonly number[] {
  const { match, page } = search
  const scope = context.scope(viewer)
  const visible = scope[target.table]('i')
  const fts = `${target.table}_search`
  const from = `${fts} f CROSS JOIN ${target.table} i INDEXED BY ${target.index} ON i.id = f.rowid`
  const many = context.db.select(
    `SELECT 1 FROM ${fts} f WHERE f.${fts} MATCH ? LIMIT 1 OFFSET ${MOST_RANKED}`,
    [match.loose],
    firstColumn,
  )
  if (many.length === 0)
    return context.db.select(
      `SELECT i.id FROM ${from} WHERE f.${fts} MATCH ? AND ${visible.sql}
       ORDER BY bm25(${fts}, ${target.weights}), i.id LIMIT ? OFFSET ?`,
      [match.loose, ...visible.params, page.limit, page.offset],
      firstColumn,
    )
  const groups = [
    match.exact,
    `(${match.inName}) NOT (${match.exact})`,
    `(${match.loose}) NOT (${match.inName}) NOT (${match.exact})`,
  ]
  return concatenatedPage(page, groups, {
    list: (group, limit, offset) =>
      cursors.page(`${fts} ${group} ${scope.key}`, context.catalogue.version, { limit, offset }, (after, most, skip) =>
        context.db.select(
          `SELECT i.id FROM ${from} WHERE f.${fts} MATCH ? AND f.rowid > ? AND ${visible.sql}
           ORDER BY f.rowid LIMIT ? OFFSET ?`,
          [group, after, ...visible.params, most, skip],
          firstColumn,
        ),
      ),
    count: (group) => countMatches(context, { from, fts, group, visible, scopeKey: scope.key }),
  })
}

/** A page of several lists put end to end. Only lists that end before the page are counted. */
function concatenatedPage(
  page: SearchPage,
  groups: readonly string[],
  read: { list(group: string, limit: number, offset: number): readonly number[]; count(group: string): number },
): readonly number[] {
  const ids: number[] = []
  let skip = page.offset
  for (const group of groups) {
    const found = read.list(group, page.limit - ids.length, skip)
    ids.push(...found)
    if (ids.length >= page.limit) break
    skip = found.length > 0 || skip === 0 ? 0 : Math.max(0, skip - read.count(group))
  }
  return ids
}

function countMatches(
  context: LibraryContext,
  query: { from: string; fts: string; group: string; visible: Condition; scopeKey: string },
): number {
  const { from, fts, group, visible } = query
  return context.memo(`matches ${fts} ${group} ${query.scopeKey}`, () => ({
    count:
      context.db.select(
        `SELECT count(*) FROM ${from} WHERE f.${fts} MATCH ? AND ${visible.sql}`,
        [group, ...visible.params],
        firstColumn,
      )[0] ?? 0,
  })).count
}
