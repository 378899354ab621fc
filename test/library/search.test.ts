import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { LibraryId } from '../../src/base/ids.ts'
import { indexWords, searchWords } from '../../src/base/search-words.ts'
import { fold } from '../../src/base/text.ts'
import { matchQuery } from '../../src/library/match-query.ts'
import { PageCursors } from '../../src/library/page-cursors.ts'
import { libraryFixture } from '../support/library-fixture.ts'

const { db, repositories, viewer } = libraryFixture(
  { after: (cleanup) => test.after(cleanup as () => void) },
  {
    songs: 6000,
    libraries: 2,
  },
)
const { search } = repositories
const eyes = viewer()
const ids = (items: Iterable<{ readonly id: number }>) => Array.from(items, (item) => item.id)

/** Renames one song as the scanner would. */
function rename(id: number, title: string, artist = 'Nobody', album = 'Nothing'): void {
  db.run('UPDATE song SET title = ?, artist = ?, album = ? WHERE id = ?', [title, artist, album, id])
  db.run('DELETE FROM song_search WHERE rowid = ?', [id])
  db.run('INSERT INTO song_search (rowid, title, artist, album) VALUES (?, ?, ?, ?)', [
    id,
    ...[title, artist, album].map((text) => indexWords(text).join(' ')),
  ])
}
rename(11, 'Sigur Rós', 'Jónsi', 'Ágætis byrjun')
rename(12, "Don't Look Back (AC/DC)", 'Ørsted', 'Zürich')
rename(13, '東京事変 Live', '椎名林檎', '大人')
rename(14, '京東', 'Nobody', 'x')
rename(15, 'Quokkaland', 'Other', 'x')
rename(16, 'Other', 'Quokkaland', 'x')
rename(17, 'Other', 'Other', 'Quokkaland')

const found = (query: string) => ids(search.songs(eyes, query, { limit: 50, offset: 0 }))

test('every word must occur, anywhere in title, artist or album, as the beginning of a word', () => {
  assert.deepEqual(found('jonsi byrjun sigur'), [11])
  assert.deepEqual(found('SIG ros'), [11])
  assert.deepEqual(found('sigur absentword'), [])
  assert.deepEqual(found('igur'), [])
})

test('of an endless query only the beginning is looked at', () => {
  const before = process.cpuUsage()
  assert.deepEqual(found(`jonsi byrjun ${'sigur '.repeat(1_000_000)}`), [11])
  assert.deepEqual(found(' '.repeat(5_000_000)), [])
  const { user, system } = process.cpuUsage(before)
  assert.ok(user + system < 5e6, `${(user + system) / 1e6} s of processor time`)
})

test('accents, case and punctuation do not count', () => {
  assert.deepEqual(found('ÁGÆTIS'), [11])
  assert.deepEqual(found('agaetis'), [11])
  assert.deepEqual(found("don't look orsted zurich"), [12])
  assert.deepEqual(found('dont look orsted'), [12])
  assert.deepEqual(found('ac/dc orsted'), [12])
})

test('scripts without spaces are found by neighbouring characters', () => {
  assert.ok(found('東京').includes(13))
  assert.ok(!found('東京').includes(14), 'the characters must stand side by side')
  assert.ok(found('京東').includes(14))
  assert.deepEqual(found('林檎 live'), [13])
  assert.deepEqual(found('事変live'), [13])
})

test('a match in the title is better than in the artist, and that than in the album', () => {
  assert.deepEqual(found('quokkaland'), [15, 16, 17])
})

test('signs that mean something to the search engine are only signs', () => {
  for (const query of [
    '"',
    '""x',
    "'",
    '*',
    'a*',
    'AND',
    'NOT',
    'OR love',
    '(',
    'title:love',
    '^x',
    '{a}',
    '-love',
    'love"',
    '\0',
    '💥',
    '%',
    'NEAR(a b)',
  ])
    assert.doesNotThrow(() => found(query), query)
  assert.deepEqual(found('!!!'), [])
  assert.deepEqual(ids(search.songs(eyes, 'love', { limit: 0, offset: 0 })), [])
})

test('pages put together are the whole answer, without gaps or repeats, few matches or many', () => {
  for (const query of ['love night', 'love', 'l', 'the', 'a b']) {
    const whole = ids(search.songs(eyes, query, { limit: 20_000, offset: 0 }))
    assert.equal(new Set(whole).size, whole.length, query)
    const pages: number[] = []
    for (let offset = 0; offset <= whole.length; offset += 97)
      pages.push(...ids(search.songs(eyes, query, { limit: 97, offset })))
    assert.deepEqual(pages, whole, query)
    assert.deepEqual(ids(search.songs(eyes, query, { limit: 10, offset: whole.length + 5 })), [])
  }
})

test('a beginning that is everywhere lists titles of that word before titles that begin so, before artists', () => {
  for (const word of ['the', 'l']) {
    const ranks = [...search.songs(eyes, word, { limit: 20_000, offset: 0 })].map((song) => {
      const words = searchWords(song.title)
      return words.includes(word) ? 0 : words.some((one) => one.startsWith(word)) ? 1 : 2
    })
    assert.ok(ranks.length > 1000, 'the case under test: more matches than are ranked one by one')
    assert.deepEqual(new Set(ranks).size > 1, true)
    assert.deepEqual(ranks, [...ranks].sort())
  }
})

test('names with signs are found as people type them, and names of signs alone by the signs', () => {
  const before = [21, 22, 23, 24, 25].map((id) =>
    db.get<{ title: string; artist: string; album: string }>('SELECT title, artist, album FROM song WHERE id = ?', [
      id,
    ]),
  )
  rename(21, 'Shiny Happy People', 'R.E.M.')
  rename(22, 'Praise the Lord', 'A$AP Rocky')
  rename(23, '÷', '!!!', '🔥')
  rename(24, 'सोना', 'ปิง')
  rename(25, 'सेना', 'ปุง')
  assert.deepEqual(found('rem shiny'), [21])
  assert.deepEqual(found('asap - praise'), [22])
  for (const sign of ['÷', '!!!', '🔥']) assert.deepEqual(found(sign), [23], sign)
  assert.deepEqual(found('सोना'), [24])
  assert.deepEqual(found('ปุง'), [25])
  for (const [index, row] of before.entries()) if (row) rename(21 + index, row.title, row.artist, row.album)
})

test('albums and artists are found by their names', () => {
  const [album] = search.albums(eyes, '', { limit: 1, offset: 40 })
  assert.ok(album)
  assert.ok(ids(search.albums(eyes, `${album.artist} ${album.name}`, { limit: 50, offset: 0 })).includes(album.id))
  const [artist] = search.artists(eyes, '""', { limit: 1, offset: 40 })
  assert.ok(artist)
  assert.equal(search.artists(eyes, artist.name, { limit: 5, offset: 0 })[0]?.id, artist.id)
  const half = artist.name.slice(0, -1)
  assert.ok(ids(search.artists(eyes, half, { limit: 500, offset: 0 })).includes(artist.id))
})

test('folders are found by the words of their names, by what they hold', () => {
  const albums = search.folders(eyes, '', { limit: 5000, offset: 0, holding: 'songs' })
  assert.ok(albums.every((folder) => folder.songCount > 0))
  const artists = search.folders(eyes, '', { limit: 5000, offset: 0, holding: 'folders' })
  assert.ok(artists.length > 0 && artists.every((folder) => folder.totalSongs > 0 && folder.path !== ''))
  const words = search.folders(eyes, 'lov nig', { limit: 50, offset: 0, holding: 'songs' })
  assert.ok(words.length > 0)
  for (const folder of words) assert.match(fold(folder.name), /(^| )lov.*/)
})

test('everything is listed by id at any offset, in any order of asking, also while the library changes', () => {
  const whole = db.all<{ id: number }>('SELECT id FROM song WHERE missing = 0 ORDER BY id').map((row) => row.id)
  const scope = viewer({ libraries: [2 as LibraryId] })
  const second = db
    .all<{ id: number }>('SELECT id FROM song WHERE missing = 0 AND library_id = 2 ORDER BY id')
    .map((row) => row.id)
  for (const offset of [5900, 0, 4100, 2050, 2049, 5999, 6000, 9000, 1, 4100])
    assert.deepEqual(ids(search.songs(eyes, '', { limit: 120, offset })), whole.slice(offset, offset + 120))
  for (const offset of [2500, 100, 2400])
    assert.deepEqual(ids(search.songs(scope, '', { limit: 120, offset })), second.slice(offset, offset + 120))
  db.run('UPDATE song SET missing = 1 WHERE id IN (100, 3000)')
  const left = whole.filter((id) => id !== 100 && id !== 3000)
  assert.deepEqual(ids(search.songs(eyes, '', { limit: 50, offset: 4100 })), left.slice(4100, 4150))
  db.run('UPDATE song SET missing = 0 WHERE id IN (100, 3000)')
})

test('a page cursor skips no more than a stride after it has been near', () => {
  const list = Array.from({ length: 10_000 }, (_, index) => index * 3 + 1)
  const skipped: number[] = []
  const read = (after: number, limit: number, offset: number) => {
    skipped.push(offset)
    return list.filter((id) => id > after).slice(offset, offset + limit)
  }
  const cursors = new PageCursors()
  for (let offset = 0; offset < list.length; offset += 500) {
    skipped.length = 0
    assert.deepEqual(cursors.page('all', 1, { limit: 500, offset }, read), list.slice(offset, offset + 500))
    assert.deepEqual(skipped, [0])
  }
  skipped.length = 0
  assert.deepEqual(cursors.page('all', 1, { limit: 3, offset: 7777 }, read), list.slice(7777, 7780))
  assert.deepEqual(skipped, [277])
  assert.deepEqual(cursors.page('all', 2, { limit: 3, offset: 9999 }, read), list.slice(9999))
  assert.ok(skipped.every((offset) => offset < 2000))
})

test('words become prefixes, characters phrases', () => {
  assert.equal(matchQuery('Lóve the', 'title')?.loose, '"love"* AND "the"*')
  assert.equal(matchQuery('東京 tower', 'title')?.loose, '"東 京" AND "tower"*')
  assert.equal(matchQuery('東京 tower', 'title')?.exact, '{title} : ("東 京" AND "tower")')
  assert.equal(matchQuery('\u200b', 'title'), undefined)
  assert.equal(matchQuery('queen - live', 'title')?.loose, '"queen"* AND "live"*')
  assert.equal(matchQuery('x '.repeat(200), 'title')?.loose.split(' AND ').length, 12)
})
