import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { assertEnhanced, type Enhanced } from '../support/enhanced-lyrics.ts'
import type { LibrarySpec } from '../support/music-library.ts'
import { ADMIN, startTestServer, type TestServer } from '../support/test-server.ts'

/** Words of several scripts; each is sung for half a second. */
const WORDS: Readonly<Record<string, readonly string[]>> = {
  'Déjà vu': ['Ça ', 'va', '-', 'là'],
  日本語の歌: ['君', 'の', '名は', '。'],
  أغنية: ['مرحبا ', 'يا ', 'عالم'],
  'Emoji 🎶': ['👩‍👩‍👧 ', '🇯🇵', '🎶', 'x'],
  'Zalgo and combining': ['e\u0301', 'o\u0308\u0301 ', 'n\u0303a'],
  हिन्दी: ['नमस्ते ', 'दुनिया'],
  Ελληνικά: ['γειά ', 'σου'],
}

const stamp = (ms: number) =>
  `00:${String(Math.trunc(ms / 1000)).padStart(2, '0')}.${String(ms % 1000).padStart(3, '0')}`
const timesOf = (words: readonly string[]) => words.map((text, index) => ({ text, ms: 1000 + index * 500 }))
const lrc = (words: readonly string[]) =>
  `[00:01.00]${timesOf(words)
    .map(({ text, ms }) => `<${stamp(ms)}>${text}`)
    .join('')}\n`
const ttml = (words: readonly string[]) =>
  `<tt xmlns="http://www.w3.org/ns/ttml"><body><p begin="1.0" end="9.0">${timesOf(words)
    .map(({ text, ms }) => `<span begin="${stamp(ms)}" end="${stamp(ms + 500)}">${text}</span>`)
    .join('')}</p></body></tt>`
const lyricsfile = (words: readonly string[]) =>
  JSON.stringify({
    version: '1.0',
    lines: [
      { text: words.join(''), start_ms: 1000, words: timesOf(words).map(({ text, ms }) => ({ text, start_ms: ms })) },
    ],
  })

const KINDS: Readonly<Record<string, (words: readonly string[]) => string>> = {
  '.lrc': lrc,
  '.en.lrc': lrc,
  '.elrc': lrc,
  '.ttml': ttml,
  '.lyricsfile': lyricsfile,
  '.lyricsfile.yaml': lyricsfile,
  '.fr.lyricsfile.yml': lyricsfile,
  '.yaml': lyricsfile,
}

const beside = Object.entries(WORDS).flatMap(([name, words], index) => {
  const endings = Object.keys(KINDS)
  const ending = endings[index % endings.length] as string
  return [
    [`Beside/${name}.mp3`, { title: name, artist: name }],
    [`Beside/${name}${ending}`, KINDS[ending]?.(words) ?? ''],
  ] as const
})
const kinds = Object.entries(KINDS).flatMap(([ending, make]) => {
  const title = `Kind ${ending.slice(1)}`
  return [
    [`Kinds/${title}.flac`, { title, artist: 'K' }],
    [`Kinds/${title}${ending}`, make(['Grüße, ', 'Welt'])],
  ] as const
})
const embedded = Object.entries(WORDS).map(
  ([name, words], index) =>
    [
      `Embedded/${name}.${['mp3', 'flac', 'ogg', 'm4a'][index % 4]}`,
      { audio: { tags: { title: `in ${name}`, artist: name }, lyrics: [{ lang: 'eng', text: lrc(words) }] } },
    ] as const,
)

const LIBRARY = Object.fromEntries([
  ...beside,
  ...kinds,
  ...embedded,
  ['Rich/Both.mp3', { title: 'Both', artist: 'R' }],
  ['Rich/Both.lrc', '[00:01.00]only lines\n'],
  ['Rich/Both.ttml', ttml(['with ', 'words'])],
  ['Rich/None.mp3', { title: 'None', artist: 'R' }],
  [
    'Rich/Duet.mp3',
    {
      title: 'Duet',
      artist: 'R',
    },
  ],
  [
    'Rich/Duet.ttml',
    `<tt xmlns="http://www.w3.org/ns/ttml" xmlns:ttm="urn:m" xmlns:itunes="urn:i" xml:lang="ja"><head><metadata>
      <ttm:agent type="person" xml:id="v1"><ttm:name>Ann &lt;3</ttm:name></ttm:agent><ttm:agent type="person" xml:id="v2"/>
      <iTunesMetadata><translations><translation xml:lang="en"><text for="L1">you</text></translation></translations>
      <transliterations><transliteration xml:lang="ja-Latn"><text for="L1"><span begin="1.0" end="2.0">kimi</span></text></transliteration></transliterations></iTunesMetadata>
      </metadata></head><body><p begin="1.0" end="3.0" ttm:agent="v1" itunes:key="L1"><span begin="1.0" end="2.0">君</span><span ttm:role="x-bg"><span begin="2.0" end="2.5">(あ)</span></span></p>
      <p begin="3.0" end="4.0" ttm:agent="v2"><span begin="3.0" end="4.0">&amp; 僕</span></p></body></tt>`,
  ],
]) as LibrarySpec

let server: TestServer
before(async () => {
  server = await startTestServer({ libraries: { Music: LIBRARY } })
})
after(() => server.stop())

async function call(endpoint: string, query: Readonly<Record<string, string>>): Promise<string> {
  const search = new URLSearchParams({ u: ADMIN.name, p: ADMIN.password, c: 'test', v: '1.16.1', f: 'json', ...query })
  const answer = await fetch(`${server.url}/rest/${endpoint}?${search}`)
  assert.equal(answer.status, 200)
  return answer.text()
}

async function idOf(title: string): Promise<string> {
  const found = JSON.parse(await call('search3', { query: `"${title}"`, songCount: '50' }))
  const songs = found['subsonic-response'].searchResult3.song ?? []
  const song = songs.find((one: { title: string }) => one.title === title)
  assert.ok(song, title)
  return song.id
}

async function lyricsOf(title: string, enhanced?: string): Promise<readonly Enhanced[]> {
  const query = { id: await idOf(title), ...(enhanced === undefined ? {} : { enhanced }) }
  const answer = JSON.parse(await call('getLyricsBySongId', query))
  return answer['subsonic-response'].lyricsList.structuredLyrics
}

const plain = ({ line }: Enhanced) => line.map(({ start, value }) => `${start} ${value}`)

test('words of every script have their places and times, from files and from tags', async () => {
  for (const [name, words] of Object.entries(WORDS)) {
    for (const title of [name, `in ${name}`]) {
      const [lyrics, ...more] = await lyricsOf(title, 'true')
      assert.ok(lyrics && more.length === 0, title)
      assertEnhanced(lyrics)
      assert.deepEqual(plain(lyrics), [`1000 ${words.join('').trim()}`], title)
      const [line] = lyrics.cueLine ?? []
      assert.deepEqual(
        line?.cue.map(({ start, value }) => [start, value]),
        timesOf(words).map(({ text, ms }) => [ms, text]),
        title,
      )
      assert.equal(line?.value, words.join(''))
    }
  }
})

test('without enhanced there are lines and nothing else, and no mark of a word', async () => {
  for (const title of [...Object.keys(WORDS), ...Object.keys(WORDS).map((name) => `in ${name}`), 'Duet']) {
    const rich = await lyricsOf(title, 'true')
    for (const asked of [undefined, 'false']) {
      const answer = await lyricsOf(title, asked)
      assert.equal(answer.length, 1)
      for (const one of answer) {
        assert.deepEqual(Object.keys(one).sort(), ['displayArtist', 'displayTitle', 'lang', 'line', 'offset', 'synced'])
        assert.deepEqual(plain(one), plain(rich[0] as Enhanced))
        assert.doesNotMatch(JSON.stringify(one), /<\d|\d>/)
      }
    }
  }
  const old = JSON.parse(await call('getLyrics', { artist: 'R', title: 'Duet' }))['subsonic-response'].lyrics
  assert.equal(old.value, '君(あ)\n& 僕')
})

test('files of every kind are found beside a song', async () => {
  for (const ending of Object.keys(KINDS)) {
    const [lyrics] = await lyricsOf(`Kind ${ending.slice(1)}`, 'true')
    assert.ok(lyrics, ending)
    assertEnhanced(lyrics)
    assert.equal(lyrics.lang, /\.(en|fr)\./.exec(ending)?.[1] ?? 'und', ending)
    assert.deepEqual(
      lyrics.cueLine?.[0]?.cue.map(({ value, byteStart, byteEnd }) => [value, byteStart, byteEnd]),
      [
        ['Grüße, ', 0, 8],
        ['Welt', 9, 12],
      ],
      ending,
    )
  }
})

test('who asks for words gets them from the first source that has some, others from the first', async () => {
  assert.deepEqual((await lyricsOf('Both')).map(plain), [['1000 only lines']])
  assert.deepEqual((await lyricsOf('Both', 'true')).map(plain), [['1000 with words']])
  assert.deepEqual((await lyricsOf('None', 'true')) ?? [], [])
})

test('a duet with translation and pronunciation, in JSON and in XML', async () => {
  const all = await lyricsOf('Duet', 'true')
  for (const one of all) assertEnhanced(one)
  assert.deepEqual(
    all.map(({ kind, lang, agents }) => [kind, lang, agents?.map(({ id, role, name }) => [id, role, name])]),
    [
      [
        'main',
        'ja',
        [
          ['v1', 'main', 'Ann <3'],
          ['v1-bg', 'bg', 'Ann <3'],
          ['v2', 'voice', undefined],
        ],
      ],
      ['translation', 'en', undefined],
      ['pronunciation', 'ja-latn', undefined],
    ],
  )
  const xml = await call('getLyricsBySongId', { id: await idOf('Duet'), enhanced: 'true', f: 'xml' })
  for (const part of [
    '<agent id="v1" role="main" name="Ann &lt;3"/>',
    '<cueLine index="0" start="1000" end="3000" value="君" agentId="v1"><cue start="1000" end="2000" byteStart="0" byteEnd="2">君</cue></cueLine>',
    '<cueLine index="0" start="2000" end="2500" value="(あ)" agentId="v1-bg">',
    '<cue start="3000" end="4000" byteStart="0" byteEnd="4">&amp; 僕</cue>',
  ]) {
    assert.ok(xml.includes(part), `${part} in ${xml}`)
  }
})
