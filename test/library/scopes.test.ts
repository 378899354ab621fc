import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AccessScope } from '../../src/base/access-scope.ts'
import { yieldToLoop } from '../../src/base/deadline.ts'
import type { AlbumId, ArtistId, FolderId, LibraryId, SongId, UserId } from '../../src/base/ids.ts'
import type { Database } from '../../src/db/database.ts'
import type { AlbumOrder } from '../../src/library/album-repository.ts'
import type { Folder, Viewer } from '../../src/library/entities.ts'
import { createRepositories } from '../../src/library/repositories.ts'
import { libraryFixture } from '../support/library-fixture.ts'
import { recount } from '../support/recount.ts'
import { groupBy, type ModelSong, readModel, sum, visibleSongs } from '../support/scope-model.ts'

/** Every read is compared with what plain code finds visible, song by song, under each kind of rule and mixes of them. */
const { db, repositories, viewer } = libraryFixture(
  { after: (cleanup) => test.after(cleanup as () => void) },
  {
    songs: 1500,
    libraries: 3,
    seed: 7,
  },
)
db.exec('UPDATE song SET missing = 1 WHERE id % 97 = 0 OR album_id = 4')
db.exec(`UPDATE song SET explicit = 'c' WHERE id % 7 = 0 AND explicit = ''`)
// Some songs have a genre that the others of their album have not.
db.exec(`INSERT OR IGNORE INTO song_genre SELECT s.id, g.id FROM song s, genre g WHERE s.id % 5 = 0 AND g.key IN ('pop', 'swing');
  UPDATE song SET genres = (SELECT json_group_array(g.name) FROM song_genre sg JOIN genre g ON g.id = sg.genre_id WHERE sg.song_id = song.id)`)
recount(db)
db.exec(
  'UPDATE album SET genres = (SELECT json_group_array(g.name) FROM album_genre ag JOIN genre g ON g.id = ag.genre_id WHERE ag.album_id = album.id)',
)
const model = readModel(db)

const lib = (...ids: number[]) => ids as LibraryId[]
const someAlbum = model[200] as ModelSong
const popular = [...groupBy(model, (song) => song.credits.map(([, artist]) => artist))].sort(
  (a, b) => b[1].length - a[1].length,
)
const deepFolder = (model.find((song) => /\/CD\d$/.test(song.folderPath)) ?? model[0]) as ModelSong
const scopes: Readonly<Record<string, AccessScope>> = {
  everything: { libraries: 'all' },
  'one library': { libraries: lib(2) },
  'two libraries': { libraries: lib(1, 3) },
  nothing: { libraries: [] },
  'denied genres': { libraries: 'all', deny: { genres: ['ROCK', 'hip-hop', 'unknown'] } },
  'denied explicit': { libraries: lib(1, 2), deny: { explicit: true } },
  'denied folder': {
    libraries: 'all',
    deny: { paths: [`${deepFolder.library}:${deepFolder.folderPath}`, `1:${model[0]?.folderPath.split('/')[0]}/`] },
  },
  'a denied library by path': { libraries: 'all', deny: { paths: ['3:'] } },
  'denied songs': {
    libraries: 'all',
    deny: { songs: model.filter((song) => song.id % 3 === 0).map((song) => song.id as SongId) },
  },
  'denied albums': { libraries: lib(1, 2, 3), deny: { albums: [someAlbum.album as AlbumId, 5 as AlbumId] } },
  'denied artists': { libraries: 'all', deny: { artists: popular.slice(0, 2).map(([artist]) => artist as ArtistId) } },
  'grants beside a library': { libraries: lib(2), grants: model.slice(0, 9).map((song) => song.id as SongId) },
  'grants alone': { libraries: [], grants: [model[3]?.id as SongId, model[700]?.id as SongId, 999_999 as SongId] },
  'all at once': {
    libraries: lib(1, 2),
    deny: {
      genres: ['Pop'],
      explicit: true,
      paths: [`2:${model.find((song) => song.library === 2)?.folderPath}`],
      songs: [(model[11] as ModelSong).id as SongId],
      albums: [someAlbum.album as AlbumId],
      artists: [popular[1]?.[0] as ArtistId],
    },
    grants: [model[11]?.id as SongId, someAlbum.id as SongId],
  },
}

const ids = (items: Iterable<{ readonly id: number }>) => [...items].map((item) => item.id)
const ascending = (numbers: readonly number[]) => [...numbers].sort((a, b) => a - b)
const PAGE = { limit: 10_000, offset: 0 }

/** While the catalogue moves with each look at it nothing is kept: each scope is judged in both of its forms. */
const moving: Database = {
  ...bound(db),
  watch: () => {
    let version = 0
    return {
      get version() {
        return version++
      },
    }
  },
}
const restless = createRepositories(moving)
const cases = Object.entries(scopes).flatMap(([name, scope]) => [
  { name, scope, repositories },
  { name: `${name}, while all moves`, scope, repositories: restless },
])

for (const { name, scope, repositories } of cases) {
  const eyes: Viewer = viewer(scope)
  const songs = visibleSongs(model, scope)
  const byAlbum = groupBy(songs, (song) => song.album)
  const byFolder = groupBy(songs, (song) => song.folder)
  const visible = new Set(songs.map((song) => song.id))

  test(`${name}: single songs, lists of ids and totals`, () => {
    assert.deepEqual(
      model.filter((song) => repositories.songs.find(eyes, song.id as SongId)).map((song) => song.id),
      [...visible],
    )
    assert.deepEqual(
      ids(
        repositories.songs.findMany(
          eyes,
          model.map((song) => song.id as SongId),
        ),
      ),
      [...visible],
    )
    assert.equal(repositories.albums.count(eyes), byAlbum.size)
    assert.deepEqual(repositories.songs.totals(eyes), {
      songs: songs.length,
      durationMs: sum(songs, (song) => song.durationMs),
      size: sum(songs, (song) => song.size),
    })
    for (const song of model.slice(0, 60)) {
      const path = repositories.songs.absolutePath(eyes, song.id as SongId)
      assert.equal(path !== undefined, visible.has(song.id))
      if (path) assert.ok(path.startsWith(`/music/library-${song.library}/${song.folderPath}/`))
    }
  })

  test(`${name}: albums exist by their visible songs and count only those`, async () => {
    judgeAlbums(eyes)
    // Now what is left of each is worked out between requests; another user's answers are not those kept of the first.
    for (let turn = 0; turn < 20; turn++) await yieldToLoop()
    judgeAlbums({ ...eyes, userId: 2 as UserId })
  })

  function judgeAlbums(eyes: Viewer): void {
    const listed = repositories.albums.list(eyes, { order: 'byName', ...PAGE })
    assert.deepEqual(ascending(ids(listed)), ascending([...byAlbum.keys()]))
    for (const album of listed) {
      const own = byAlbum.get(album.id) as ModelSong[]
      assert.equal(album.songCount, own.length)
      assert.equal(
        album.explicit,
        own
          .map((song) => song.explicit)
          .sort()
          .at(-1),
      )
      assert.equal(
        album.durationMs,
        sum(own, (song) => song.durationMs),
      )
      assert.equal(
        album.size,
        sum(own, (song) => song.size),
      )
      if (own.length < model.filter((song) => song.album === album.id && !song.missing).length)
        assert.deepEqual([...album.genres].sort(), [...new Set(own.flatMap((song) => song.genres))].sort())
      assert.deepEqual(
        ascending(ids(repositories.songs.ofAlbum(eyes, album.id))),
        ascending(own.map((song) => song.id)),
      )
    }
    const found = [...groupBy(model, (song) => song.album).keys()].filter((id) =>
      repositories.albums.find(eyes, id as AlbumId),
    )
    assert.deepEqual(ascending(found), ascending([...byAlbum.keys()]))
  }

  test(`${name}: every order of albums shows the same albums`, () => {
    const expected = ascending([...byAlbum.keys()])
    for (const order of ['newest', 'byArtist', 'byName'] as AlbumOrder[])
      assert.deepEqual(ascending(ids(repositories.albums.list(eyes, { order, ...PAGE }))), expected, order)
    assert.deepEqual(ascending(ids(repositories.albums.list(eyes, { order: 'random', ...PAGE }))), expected)
    const dated = [...byAlbum].filter(([, own]) => (own[0]?.year ?? 0) >= 1980 && (own[0]?.year ?? 0) <= 1999)
    assert.deepEqual(
      ascending(ids(repositories.albums.list(eyes, { order: 'byYear', fromYear: 1980, toYear: 1999, ...PAGE }))),
      ascending(dated.map(([id]) => id)),
    )
    const jazz = [...byAlbum].filter(([, own]) => own[0]?.genres.includes('Jazz'))
    assert.deepEqual(
      ascending(ids(repositories.albums.list(eyes, { order: 'byGenre', genre: 'JAZZ', ...PAGE }))),
      ascending(jazz.map(([id]) => id)),
    )
  })

  test(`${name}: pages of albums are full to the end, at each depth and size, in the order of the whole list`, () => {
    for (const order of ['byName', 'newest', 'byArtist', 'byYear', 'byGenre'] as AlbumOrder[]) {
      const query = { order, genre: 'Rock', fromYear: 1960, toYear: 2020 }
      const whole = ids(repositories.albums.list(eyes, { ...query, ...PAGE }))
      for (const limit of [1, 7, 50])
        for (let offset = 0; offset < whole.length + 8; offset += limit === 1 ? 37 : limit)
          assert.deepEqual(
            ids(repositories.albums.list(eyes, { ...query, limit, offset })),
            whole.slice(offset, offset + limit),
            `${order} ${offset}`,
          )
    }
  })

  test(`${name}: artists exist by their visible songs and count only those`, () => {
    const byArtist = groupBy(songs, (song) => song.credits.map(([, artist]) => artist))
    const owners = groupBy(songs, (song) => song.credits.filter(([role]) => role === 'albumartist').map(([, id]) => id))
    const listed = [...repositories.artists.albumArtists(eyes)]
    assert.deepEqual(ascending(ids(listed)), ascending([...owners.keys()]))
    assert.deepEqual(
      listed.map((artist) => artist.orderName),
      listed.map((artist) => artist.orderName).sort(byBytes),
    )
    assert.equal(repositories.artists.count(eyes), byArtist.size)
    const someModel = [...groupBy(model, (song) => song.credits.map(([, artist]) => artist)).keys()]
    for (const id of someModel) {
      const artist = repositories.artists.find(eyes, id as ArtistId)
      const own = byArtist.get(id)
      assert.equal(artist !== undefined, own !== undefined, `artist ${id}`)
      if (!artist || !own) continue
      assert.equal(artist.songCount, own.length)
      assert.equal(artist.albumCount, new Set(owners.get(id)?.map((song) => song.album)).size)
      assert.deepEqual(
        [...artist.roles].sort(),
        [...new Set(own.flatMap((song) => song.credits.filter(([, one]) => one === id).map(([role]) => role)))].sort(),
      )
      const albums = repositories.albums.ofArtist(eyes, id as ArtistId)
      assert.deepEqual(ascending(ids(albums)), ascending([...new Set(owners.get(id)?.map((song) => song.album))]))
    }
  })

  test(`${name}: genres count what is visible`, () => {
    const expected = [...groupBy(songs, (song) => song.genres)].map(([genre, own]) => ({
      name: genre,
      songCount: own.length,
      albumCount: new Set(own.map((song) => song.album)).size,
    }))
    const byName = (a: { name: string }, b: { name: string }) => byBytes(a.name, b.name)
    const counted = repositories.genres.list(eyes).map(({ id: _, ...genre }) => genre)
    assert.deepEqual(counted.sort(byName), expected.sort(byName))
    for (const { name: genre, songCount } of expected) {
      const page = repositories.songs.ofGenre(eyes, genre, PAGE)
      assert.equal(page.length, songCount)
      assert.ok([...page].every((song) => visible.has(song.id)))
    }
  })

  test(`${name}: the tree of folders holds only what leads to a visible song`, () => {
    const reached: Folder[] = []
    const walk = (folders: readonly Folder[]) => {
      for (const folder of folders) {
        reached.push(folder)
        walk(repositories.folders.children(eyes, folder.id))
      }
    }
    walk(repositories.folders.roots(eyes))
    const inReach = songs.filter(
      (song) => scope.libraries === 'all' || scope.libraries.some((id) => id === song.library),
    )
    assert.deepEqual(
      ascending(reached.filter((folder) => folder.songCount > 0).map((folder) => folder.id)),
      ascending([...groupBy(inReach, (song) => song.folder).keys()]),
    )
    for (const folder of reached) {
      const below = songs.filter(
        (song) =>
          song.library === folder.libraryId &&
          (folder.path === '' || song.folderPath === folder.path || song.folderPath.startsWith(`${folder.path}/`)),
      )
      assert.equal(folder.totalSongs, below.length)
      assert.equal(folder.songCount, byFolder.get(folder.id)?.length ?? 0)
      assert.ok(folder.totalSongs > 0)
      assert.equal(repositories.songs.ofFolder(eyes, folder.id).length, folder.songCount)
    }
    for (const id of new Set(model.map((song) => song.folder)))
      assert.equal(repositories.folders.find(eyes, id as FolderId) !== undefined, byFolder.has(id))
    const listed = repositories.folders.listAlbums(eyes, { order: 'byName', ...PAGE })
    assert.deepEqual(ascending(ids(listed)), ascending([...byFolder.keys()]))
  })

  test(`${name}: searching, the pages of everything and random draws never leave the scope`, () => {
    const pages: number[] = []
    for (let offset = 0; ; offset += 170) {
      const page = repositories.search.songs(eyes, '', { limit: 170, offset })
      pages.push(...ids(page))
      if (page.length < 170) break
    }
    assert.deepEqual(pages, [...visible])
    assert.deepEqual(ascending(ids(repositories.search.albums(eyes, '""', PAGE))), ascending([...byAlbum.keys()]))
    const matches = ids(repositories.search.songs(eyes, 'love', PAGE))
    assert.ok(matches.every((id) => visible.has(id)))
    const all = ids(repositories.search.songs(viewer(), 'love', PAGE))
    assert.deepEqual(ascending(matches), ascending(all.filter((id) => visible.has(id)).concat(hidden(all, matches))))
    const drawn = ids(repositories.songs.random(eyes, {}, 5000))
    assert.deepEqual(ascending(drawn), [...visible])
    const rock = ids(repositories.songs.random(eyes, { genre: 'rock', fromYear: 1970, toYear: 2010 }, 5000))
    const expected = songs.filter((song) => song.genres.includes('Rock') && song.year >= 1970 && song.year <= 2010)
    assert.deepEqual(
      ascending(rock),
      expected.map((song) => song.id),
    )
  })
}

function bound(database: Database): Database {
  return {
    get: (sql, params) => database.get(sql, params),
    all: (sql, params) => database.all(sql, params),
    select: (sql, params, read) => database.select(sql, params, read),
    iterate: (sql, params) => database.iterate(sql, params),
    run: (sql, params, durability) => database.run(sql, params, durability),
    exec: (sql) => database.exec(sql),
    transaction: (work, durability) => database.transaction(work, durability),
    watch: (tables) => database.watch(tables),
    get isOpen() {
      return database.isOpen
    },
    plan: (sql, params) => database.plan(sql, params),
    analyze: (rows) => database.analyze(rows),
    settle: () => database.settle(),
    settleSoon: () => database.settleSoon(),
    backup: (path) => database.backup(path),
    still: (work) => database.still(work),
    room: () => database.room(),
    fault: () => database.fault(),
    stats: () => database.stats(),
    close: () => database.close(),
  }
}

/** Songs that only this scope reaches: none, since grants point to songs that the full scope sees too. */
function hidden(all: readonly number[], matches: readonly number[]): readonly number[] {
  return matches.filter((id) => !all.includes(id))
}

function byBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b))
}
