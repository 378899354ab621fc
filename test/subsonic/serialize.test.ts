import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { HttpReply } from '../../src/http/types.ts'
import type { Format } from '../../src/subsonic/protocol.ts'
import { treeReply } from '../../src/subsonic/serialize/reply.ts'
import { LazyList, type Tree } from '../../src/subsonic/tree.ts'

const OK = { status: 'ok', serverVersion: '1.2.3' } as const
const ROOT =
  '<?xml version="1.0" encoding="UTF-8"?>\n<subsonic-response xmlns="http://subsonic.org/restapi" status="ok" version="1.16.1" type="tonearm" serverVersion="1.2.3" openSubsonic="true">'

function textOf(reply: HttpReply): string {
  if (reply.kind === 'bytes') return String(reply.body)
  if (reply.kind === 'parts') return [...reply.parts].join('')
  throw new Error(`a reply of kind ${reply.kind}`)
}

function xml(payload: Tree): string {
  const text = textOf(treeReply({ kind: 'xml' }, OK, payload))
  assert.ok(text.startsWith(ROOT), text)
  assert.ok(text.endsWith('</subsonic-response>'), text)
  return text.slice(ROOT.length, -'</subsonic-response>'.length)
}

function json(payload: Tree, format: Format = { kind: 'json' }): Record<string, unknown> {
  const parsed: { 'subsonic-response': Record<string, unknown> } = JSON.parse(textOf(treeReply(format, OK, payload)))
  return parsed['subsonic-response']
}

test('the envelope names status, versions, type and openSubsonic in both forms', () => {
  assert.equal(xml({}), '')
  assert.deepEqual(json({}), {
    status: 'ok',
    version: '1.16.1',
    type: 'tonearm',
    serverVersion: '1.2.3',
    openSubsonic: true,
  })
})

test('scalars are attributes, members of lists elements named by their key', () => {
  const payload = { albumList: { album: [{ id: 'a1', isDir: true, year: 1999 }, { id: 'a2' }] } }
  assert.equal(xml(payload), '<albumList><album id="a1" isDir="true" year="1999"/><album id="a2"/></albumList>')
  assert.deepEqual(json(payload).albumList, payload.albumList)
})

test('a list directly under the root repeats its element there', () => {
  const payload = { openSubsonicExtensions: [{ name: 'formPost', versions: [1, 2] }] }
  assert.equal(
    xml(payload),
    '<openSubsonicExtensions name="formPost"><versions>1</versions><versions>2</versions></openSubsonicExtensions>',
  )
  assert.deepEqual(json(payload).openSubsonicExtensions, payload.openSubsonicExtensions)
})

test('the value of a genre, lyrics and a line is text in XML', () => {
  assert.equal(
    xml({ genres: { genre: [{ songCount: 1, albumCount: 2, value: 'R&B' }] } }),
    '<genres><genre songCount="1" albumCount="2">R&amp;B</genre></genres>',
  )
  assert.equal(xml({ lyrics: { artist: 'A', value: 'la\nla' } }), '<lyrics artist="A">la\nla</lyrics>')
  const lyricsList = {
    structuredLyrics: [{ lang: 'und', line: [{ start: 0, value: 'x' }], cueLine: [{ index: 0, value: 'v' }] }],
  }
  assert.equal(
    xml({ lyricsList }),
    '<lyricsList><structuredLyrics lang="und"><line start="0">x</line><cueLine index="0" value="v"/></structuredLyrics></lyricsList>',
  )
})

test('the scalars of the info answers are elements, in the order of the schema', () => {
  const artistInfo2 = { biography: 'Born', musicBrainzId: 'm', similarArtist: [{ id: 'r1', name: 'B' }] }
  assert.equal(
    xml({ artistInfo2 }),
    '<artistInfo2><biography>Born</biography><musicBrainzId>m</musicBrainzId><similarArtist id="r1" name="B"/></artistInfo2>',
  )
})

test('OpenSubsonic lists repeat their plural name, objects are one element, empty objects vanish in XML', () => {
  const song = {
    id: 's1',
    moods: ['calm', 'blue'],
    artists: [{ id: 'r1', name: 'A' }],
    replayGain: { trackGain: -7.5, albumGain: undefined },
    releaseDate: {},
    contributors: [{ role: 'composer', artist: { id: 'r2', name: 'C' } }],
    isrc: [],
  }
  assert.equal(
    xml({ song }),
    '<song id="s1"><moods>calm</moods><moods>blue</moods><artists id="r1" name="A"/><replayGain trackGain="-7.5"/><contributors role="composer"><artist id="r2" name="C"/></contributors></song>',
  )
  assert.deepEqual(json({ song }).song, {
    id: 's1',
    moods: ['calm', 'blue'],
    artists: [{ id: 'r1', name: 'A' }],
    replayGain: { trackGain: -7.5 },
    releaseDate: {},
    contributors: [{ role: 'composer', artist: { id: 'r2', name: 'C' } }],
    isrc: [],
  })
})

test('an empty container stays, and an object inside an element that is no list', () => {
  assert.equal(xml({ playlists: { playlist: [] } }), '<playlists/>')
  assert.deepEqual(json({ playlists: { playlist: [] } }).playlists, { playlist: [] })
  assert.equal(
    xml({ bookmarks: { bookmark: [{ position: 5, entry: { id: 's1' } }] } }),
    '<bookmarks><bookmark position="5"><entry id="s1"/></bookmark></bookmarks>',
  )
})

test('nothing that is absent or no number is written, in lists and objects alike', () => {
  const payload = {
    song: {
      id: 's1',
      size: Number.NaN,
      year: undefined,
      gain: { peak: Number.POSITIVE_INFINITY, gain: 1 },
      title: 'null',
    },
    list: { item: [{ a: Number.NaN, b: null, c: 'x' } as unknown as Tree] },
  }
  assert.equal(xml(payload), '<song id="s1" title="null"><gain gain="1"/></song><list><item c="x"/></list>')
  assert.deepEqual(json(payload).song, { id: 's1', gain: { gain: 1 }, title: 'null' })
  assert.deepEqual(json(payload).list, { item: [{ c: 'x' }] })
})

test('markup, line ends and quotes are escaped, forbidden characters and lone surrogates stripped', () => {
  const nasty = 'a<b>&"c\u0000\u0008\u000b\ufffe\ud800d\u{1f3b5}\te\nf\rg'
  assert.equal(xml({ song: { title: nasty } }), '<song title="a&lt;b&gt;&amp;&quot;cd\u{1f3b5}&#9;e&#10;f&#13;g"/>')
  assert.equal(xml({ lyrics: { value: nasty } }), '<lyrics>a&lt;b&gt;&amp;"cd\u{1f3b5}\te\nf&#13;g</lyrics>')
  assert.equal((json({ song: { title: nasty } }).song as Tree).title, nasty)
})

test('keys that are no XML names are left out of XML', () => {
  assert.equal(xml({ answer: { 'a b': 1, good: 2, '<x': 'y', '1': [{ a: 1 }] } }), '<answer good="2"/>')
})

test('JSONP calls the function, and holds no line separators that end a statement', () => {
  const format: Format = { kind: 'jsonp', callback: 'angular.callbacks._0' }
  const text = textOf(treeReply(format, OK, { song: { title: 'a\u2028b\u2029' } }))
  assert.match(text, /^angular\.callbacks\._0\(\{.*\}\);$/)
  assert.ok(text.includes('a\\u2028b\\u2029'))
})

test('content types are those that clients look for', () => {
  const typeOf = (format: Format) => treeReply(format, OK, {}).headers['content-type']
  assert.equal(typeOf({ kind: 'xml' }), 'text/xml; charset=utf-8')
  assert.equal(typeOf({ kind: 'json' }), 'application/json; charset=utf-8')
  assert.match(String(typeOf({ kind: 'jsonp', callback: 'f' })), /^application\/javascript/)
})

test('a long list is made while it is sent, in parts of some KiB, the same in all formats', () => {
  let made = 0
  const rows = new LazyList(function* () {
    for (let index = 0; index < 20_000; index++) {
      made++
      yield { id: `s${index}`, title: 'Song of a certain length' }
    }
  })
  for (const kind of ['json', 'xml'] as const) {
    made = 0
    const reply = treeReply({ kind }, OK, { searchResult3: { song: rows } })
    assert.equal(reply.kind, 'parts')
    assert.ok(made < 3000, `${made} rows were made before the first byte`)
    const parts = reply.kind === 'parts' ? [...reply.parts] : []
    assert.equal(made, 20_000)
    assert.ok(parts.slice(1).every((part) => part.length < 16 * 1024))
    const text = parts.join('')
    if (kind === 'json') assert.equal(JSON.parse(text)['subsonic-response'].searchResult3.song.length, 20_000)
    else assert.equal(text.match(/<song /g)?.length, 20_000)
  }
})

test('the long lists inside an index are sent in parts too', () => {
  const artist = new LazyList(function* () {
    for (let index = 0; index < 5000; index++) yield { id: `r${index}`, name: 'Somebody with a name' }
  })
  const payload = {
    artists: {
      ignoredArticles: 'The',
      index: [
        { name: 'A', artist },
        { name: 'B', artist: [] },
      ],
    },
  }
  for (const kind of ['json', 'xml'] as const) {
    const reply = treeReply({ kind }, OK, payload)
    assert.equal(reply.kind, 'parts')
    const parts = reply.kind === 'parts' ? [...reply.parts] : []
    assert.ok(parts.slice(1).every((part) => part.length < 16 * 1024))
    if (kind === 'xml') assert.equal(parts.join('').match(/<artist /g)?.length, 5000)
    else assert.equal(JSON.parse(parts.join(''))['subsonic-response'].artists.index[0].artist.length, 5000)
  }
})

test('a lazy list inside an element that is written whole is written as a list', () => {
  const song = new LazyList(() => [{ id: 's1' }])
  assert.deepEqual(json({ shares: { share: [{ id: '1', entry: song }] } }).shares, {
    share: [{ id: '1', entry: [{ id: 's1' }] }],
  })
})

test('a list that fails early fails before the first byte', () => {
  const broken = new LazyList(() => {
    throw new Error('no database')
  })
  assert.throws(() => treeReply({ kind: 'json' }, OK, { songs: { song: broken } }), /no database/)
})
