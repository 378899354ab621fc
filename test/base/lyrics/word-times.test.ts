import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseLyricsText } from '../../../src/base/lyrics/lrc.ts'
import type { LyricsLayer, LyricsText } from '../../../src/base/lyrics/lyrics-text.ts'
import { parseLyricsfile } from '../../../src/base/lyrics/lyricsfile.ts'
import { parseTtml } from '../../../src/base/lyrics/ttml.ts'

/** `0@1000-3000 v1: Hel|lo |world` with the times of the words below it. */
function told({ cueLines = [] }: LyricsLayer): readonly string[] {
  return cueLines.map(({ index, ms, endMs, text, agentId, cues }) => {
    const words = cues.map(
      (cue) => `${text.slice(cue.from, cue.to)}@${cue.ms}${cue.endMs === undefined ? '' : `-${cue.endMs}`}`,
    )
    const agent = agentId === undefined ? '' : ` ${agentId}`
    return `${index}${agent} ${ms}${endMs === undefined ? '' : `-${endMs}`} [${text}] ${words.join('|')}`
  })
}

const lineTexts = ({ lines }: LyricsLayer) => lines.map(({ ms, text }) => `${ms ?? ''} ${text}`)

const LRC: readonly [string, string, readonly string[]][] = [
  ['words without ends', '[00:01.00]<00:01.10>Hello <00:01.50>world', ['0 1000 [Hello world] Hello @1100|world@1500']],
  [
    'a last stamp ends the last word, and the others last until the next',
    '[00:01.00]<00:01.10>Hello <00:01.50>world<00:02.00>',
    ['0 1000-2000 [Hello world] Hello @1100-1500|world@1500-2000'],
  ],
  [
    'a stamp before space ends a word',
    '[00:01.00]<00:01.00>Hello<00:01.40> <00:01.50>world<00:02.00>',
    ['0 1000-2000 [Hello world] Hello@1000-1400|world@1500-2000'],
  ],
  [
    'a last word without an end lasts until the next line, when others have ends',
    '[00:01.00]<00:01.00>Hello<00:01.40> <00:01.50>world\n[00:03.00]next',
    ['0 1000-3000 [Hello world] Hello@1000-1400|world@1500-3000'],
  ],
  [
    'nobody knows when the last line is over',
    '[00:01.00]<00:01.00>Hello<00:01.40> <00:01.50>world',
    ['0 1000 [Hello world] Hello@1000|world@1500'],
  ],
  [
    'words before the first stamp begin with the line, and brackets are stamps too',
    '[00:06.00]Hel<00:06.20>lo [00:06.50]you',
    ['0 6000 [Hello you] Hel@6000|lo @6200|you@6500'],
  ],
  [
    'spaces around stamps',
    '[00:04.00] <00:04.00> When <00:04.16> the  <00:04.30> sun ',
    ['0 4000 [When the  sun] When @4000|the  @4160|sun@4300'],
  ],
  [
    'times that go backwards wait for those before',
    '[00:05.00]<00:06.00>a <00:05.00>b <00:07.00>c<00:06.50>',
    ['0 5000-7000 [a b c] a @6000-6000|b @6000-7000|c@7000-7000'],
  ],
  [
    'a repeated line is sung by its words once',
    '[00:10.00][00:01.00]<00:01.00>la <00:01.50>la\n[00:05.00]between',
    ['0 1000 [la la] la @1000|la@1500'],
  ],
  [
    'a line that goes on has the words of both',
    '[00:01.00]<00:01.00>one\n<00:02.00>two <00:02.50>more',
    ['0 1000 [one\ntwo more] one\n@1000|two @2000|more@2500'],
  ],
  ['lines without words are lines', '[00:01.00]plain\n[00:02.00]<00:02.00>timed', ['1 2000 [timed] timed@2000']],
  ['unsynced words have no times', 'so <00:01.00>it is', []],
  ['what is no word has no time', '[00:01.00]<00:01.00><00:01.50> <00:02.00>', []],
  [
    'characters that no XML can hold move nothing',
    '[00:01.00]<00:01.00>a\u0007b <00:01.50>c\ufffed',
    ['0 1000 [ab cd] ab @1000|cd@1500'],
  ],
  ['a stamp in the middle of a character', '[00:01.00]<00:01.00>\ud83d<00:01.50>\ude00 x', ['0 1000 [😀 x] 😀 x@1500']],
]

test('enhanced LRC tells when words are sung', () => {
  for (const [name, text, expected] of LRC) assert.deepEqual(told(parseLyricsText(text)), expected, name)
})

const HEAD = `<head><metadata>
  <ttm:agent type="person" xml:id="v1"><ttm:name type="full">Anna &amp; Co</ttm:name></ttm:agent>
  <ttm:agent type="person" xml:id="v2"><ttm:name>Bob</ttm:name></ttm:agent>
  <ttm:agent type="group" xml:id="v1000"/>
  <iTunesMetadata xmlns="http://music.apple.com/lyric-ttml-internal">
    <translations><translation type="subtitle" xml:lang="de-DE">
      <text for="L2">Auf Wiedersehen</text><text for="L1">Hallo Welt</text><text for="L9">niemand</text></translation></translations>
    <transliterations><transliteration xml:lang="ja-Latn">
      <text for="L1"><span begin="1.0" end="1.5">ko</span><span begin="1.5" end="2.0">nni</span> <span begin="2.0" end="2.5">chi</span></text>
    </transliteration></transliterations>
  </iTunesMetadata></metadata></head>`
const apple = (body: string, head = '') =>
  `<tt xmlns="http://www.w3.org/ns/ttml" xmlns:ttm="http://www.w3.org/ns/ttml#metadata" xmlns:itunes="http://music.apple.com/lyric-ttml-internal" itunes:timing="Word" xml:lang="ja">${head}<body dur="1:00"><div begin="1.0" end="9.0">${body}</div></body></tt>`

const TTML: readonly [string, string, readonly string[], (readonly string[])?][] = [
  [
    'words and syllables',
    apple(
      '<p begin="1.0" end="3.0"><span begin="1.0" end="1.5">He</span><span begin="1.5" end="1.9">llo</span> <span begin="2.0" end="3.0">you</span></p>',
    ),
    ['0 1000-3000 [Hello you] He@1000-1500|llo@1500-1900|you@2000-3000'],
  ],
  [
    'one singer who is named',
    apple('<p begin="1.0" end="3.0" ttm:agent="v1"><span begin="1.0" end="1.5">Hi</span></p>', HEAD),
    ['0 v1 1000-3000 [Hi] Hi@1000-1500'],
    ['main v1 Anna & Co'],
  ],
  [
    'several singers and a choir; who is in no head is a voice',
    apple(
      `<p begin="1s" end="2s" ttm:agent="v1000"><span begin="1s" end="2s">All</span></p>
       <p begin="2s" end="3s" ttm:agent="v2"><span begin="2s" end="3s">Bob</span></p>
       <p begin="3s" end="4s" ttm:agent="v1"><span begin="3s" end="4s">Anna</span></p>
       <p begin="4s" end="5s" ttm:agent="v7"><span begin="4s" end="5s">who</span></p>
       <p begin="5s" end="6s"><span begin="5s" end="6s">none</span></p>`,
      HEAD,
    ),
    [
      '0 v1000 1000-2000 [All] All@1000-2000',
      '1 v2 2000-3000 [Bob] Bob@2000-3000',
      '2 v1 3000-4000 [Anna] Anna@3000-4000',
      '3 v7 4000-5000 [who] who@4000-5000',
      '4 v1 5000-6000 [none] none@5000-6000',
    ],
    ['main v1 Anna & Co', 'voice v2 Bob', 'group v1000', 'voice v7'],
  ],
  [
    'background vocals are a line of their own',
    apple(
      `<p begin="1s" end="4s" ttm:agent="v1"><span begin="1s" end="2s">Hello</span> <span ttm:role="x-bg"><span begin="2s" end="2.5s">(ooh</span> <span begin="2.5s" end="3s">ah)</span></span> <span begin="3s" end="4s">world</span></p>`,
      HEAD,
    ),
    [
      '0 v1 1000-4000 [Hello world] Hello@1000-2000|world@3000-4000',
      '0 v1-bg 2000-3000 [(ooh ah)] (ooh@2000-2500|ah)@2500-3000',
    ],
    ['main v1 Anna & Co', 'bg v1-bg Anna & Co'],
  ],
  [
    'background vocals before the words, where nobody is named',
    apple(
      '<p begin="1s" end="4s"><span ttm:role="x-bg" begin="1s" end="2s">(hey)</span> <span begin="2s" end="3s">you</span></p>',
    ),
    ['0 main 1000-4000 [you] you@2000-3000', '0 main-bg 1000-2000 [(hey)] (hey)@1000-2000'],
    ['main main', 'bg main-bg'],
  ],
  [
    'nothing but background vocals still has a main agent',
    apple(
      '<p begin="1s" end="4s" ttm:agent="v2"><span ttm:role="x-bg"><span begin="1s" end="2s">(hey)</span></span></p>',
      HEAD,
    ),
    ['0 v2-bg 1000-2000 [(hey)] (hey)@1000-2000'],
    ['main v2 Bob', 'bg v2-bg Bob'],
  ],
  [
    'ids that look like those of backgrounds stay apart',
    apple(
      `<p begin="1s" end="2s" ttm:agent="a"><span begin="1s">x</span><span ttm:role="x-bg"><span begin="1.5s">y</span></span></p>
       <p begin="2s" end="3s" ttm:agent="a-bg"><span begin="2s">z</span></p>`,
    ),
    ['0 a 1000-2000 [x] x@1000', '0 a-bg-bg 1500 [y] y@1500', '1 a-bg 2000-3000 [z] z@2000'],
    ['main a', 'bg a-bg-bg', 'voice a-bg'],
  ],
  [
    'one line of two singers',
    apple(
      '<p begin="1s" end="3s" ttm:agent="v1"><span begin="1s" end="2s">You</span> <span begin="2s" end="3s" ttm:agent="v2">and me</span></p>',
      HEAD,
    ),
    ['0 v1 1000-3000 [You] You@1000-2000', '0 v2 1000-3000 [and me] and me@2000-3000'],
    ['main v1 Anna & Co', 'voice v2 Bob'],
  ],
  [
    'durations, times in other units, and ends that are missing',
    apple('<p begin="1000ms" dur="2s"><span begin="00:00:01.000" dur="0.5s">a</span> <span begin="0.03m">b</span></p>'),
    ['0 1000-3000 [a b] a@1000-1500|b@1800-3000'],
  ],
  [
    'spans inside spans: the inner ones are words',
    apple(
      '<p begin="1s" end="3s"><span begin="1s" end="3s"><span begin="1s" end="2s">a</span> <span><span begin="2s" end="3s">b<br/>c</span></span></span></p>',
    ),
    ['0 1000-3000 [a b\nc] a@1000-2000|b\nc@2000-3000'],
  ],
  ['lines without words', apple('<p begin="1s" end="3s" ttm:agent="v1">plain</p>', HEAD), []],
  ['words without any line that is timed', '<tt><body><p>a <span>b</span></p></body></tt>', []],
  [
    'entities and sections are text, and those that a document declares are nothing',
    `<!DOCTYPE tt [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;"><!ENTITY f SYSTEM "file:///etc/hostname">]>${apple('<p begin="1s" end="2s"><span begin="1s" end="2s">&b;&f;&lt;&#x1F600;<![CDATA[<b>]]></span></p>')}`,
    ['0 1000-2000 [&b;&f;<😀<b>] &b;&f;<😀<b>@1000-2000'],
  ],
]

test('TTML tells when words are sung, and by whom', () => {
  for (const [name, text, expected, agents = []] of TTML) {
    const lyrics = parseTtml(text)
    assert.deepEqual(told(lyrics), expected, name)
    const cast = (lyrics.agents ?? []).map((agent) => [agent.role, agent.id, agent.name].filter(Boolean).join(' '))
    assert.deepEqual(cast, agents, name)
  }
})

test('translations and transliterations of TTML are layers, from the head and from inside the lines', () => {
  const head = parseTtml(
    apple(
      '<p begin="1.0" end="3.0" itunes:key="L1">こんにちは</p><p begin="5s" end="6s" itunes:key="L2">さよなら</p>',
      HEAD,
    ),
  )
  assert.deepEqual(lineTexts(head), ['1000 こんにちは', '5000 さよなら'])
  assert.deepEqual(
    head.layers?.map((layer) => [layer.kind, layer.lang, lineTexts(layer), told(layer)]),
    [
      ['translation', 'de-de', ['1000 Hallo Welt', '5000 Auf Wiedersehen'], []],
      [
        'pronunciation',
        'ja-latn',
        ['1000 konni chi'],
        ['0 1000-2500 [konni chi] ko@1000-1500|nni@1500-2000|chi@2000-2500'],
      ],
    ],
  )
  const inside = parseTtml(
    apple(
      `<p begin="5s" end="6s"><span begin="5s" end="6s">二</span><span ttm:role="x-translation" xml:lang="en">two</span></p>
       <p begin="1s" end="2s"><span begin="1s" end="2s">一</span><span ttm:role="x-bg"><span begin="1.5s" end="2s">あ</span><span ttm:role="x-translation" xml:lang="en">(ah)</span></span><span
         ttm:role="x-translation" xml:lang="en">one</span><span ttm:role="x-roman">ichi</span></p>`,
    ),
  )
  assert.deepEqual(lineTexts(inside), ['1000 一あ', '5000 二'])
  assert.deepEqual(
    inside.layers?.map((layer) => [layer.kind, layer.lang, lineTexts(layer)]),
    [
      ['translation', 'en', ['1000 (ah) one', '5000 two']],
      ['pronunciation', undefined, ['1000 ichi']],
    ],
  )
  const unsynced = parseTtml(apple('<p itunes:key="L1">eins</p>', HEAD))
  assert.deepEqual(
    [unsynced, ...(unsynced.layers ?? [])].map((layer) => [layer.synced, lineTexts(layer), told(layer)]),
    [
      [false, [' eins'], []],
      [false, [' Hallo Welt'], []],
      [false, [' konni chi'], []],
    ],
  )
})

const yaml = (lines: string, about = 'title: T') =>
  `version: '1.0'\nmetadata:\n  ${about}\nlines:\n${lines}\nplain: |\n  Only these\n  words\n`

const LYRICSFILE: readonly [string, string, readonly string[] | undefined, (readonly string[])?][] = [
  [
    'words that make their line',
    yaml(`  - text: 'Hello world'
    start_ms: 1200
    end_ms: 2800
    words:
      - {text: 'Hello ', start_ms: 1200, end_ms: 1900}
      - {text: 'world', start_ms: 1900, end_ms: 2800}`),
    ['1200 Hello world'],
    ['0 1200-2800 [Hello world] Hello @1200-1900|world@1900-2800'],
  ],
  [
    'words without their spaces, and punctuation between them',
    yaml(`  - text: 'Oh, love... love me'
    start_ms: 1000
    words: [{text: Oh, start_ms: 1000}, {text: love, start_ms: 1300}, {text: love, start_ms: 1600}, {text: me, start_ms: 1900}]`),
    ['1000 Oh, love... love me'],
    ['0 1000 [Oh, love... love me] Oh@1000|love@1300|love@1600|me@1900'],
  ],
  [
    'a line that is told by its words alone, or says something else',
    yaml(`  - start_ms: 1000
    words: [{text: 'la ', start_ms: 1000}, {text: 'la', start_ms: 1300}]
  - text: other
    start_ms: 2000
    words: [{text: 'la ', start_ms: 2000}, {text: 'la', start_ms: 2300}]`),
    ['1000 la la', '2000 other'],
    ['0 1000 [la la] la @1000|la@1300', '1 2000 [la la] la @2000|la@2300'],
  ],
  [
    'values are text as they stand there; lines are put in order; times that are none are no lines',
    yaml(`  - {text: 1999, start_ms: 3000}
  - {text: no, start_ms: 1000}
  - {text: null, start_ms: 2000}
  - {text: never, start_ms: -1}
  - {text: later, start_ms: soon}
  - {text: half, start_ms: 1.5}
  - {start_ms: 4000}
  - nothing`),
    ['1000 no', '2000 null', '3000 1999', '4000 '],
  ],
  [
    'singers, as far as a file tells them',
    yaml(
      `  - {text: one, start_ms: 1000, vocalist: rio, words: [{text: one, start_ms: 1000}]}
  - {text: two, start_ms: 1500, vocalist: [both], words: [{text: two, start_ms: 1500}]}
  - {text: (two), start_ms: 1600, vocalist: rio, role: background, words: [{text: (two), start_ms: 1600}]}`,
      `vocalists: [{id: ada, name: Ada}, {id: both, name: All, type: group}, {id: rio, name: Rio}]`,
    ),
    ['1000 one', '1500 two', '1600 (two)'],
    ['0 rio 1000 [one] one@1000', '1 both 1500 [two] two@1500', '2 rio-bg 1600 [(two)] (two)@1600'],
  ],
  ['plain words where no line is timed', yaml('  []'), [' Only these', ' words']],
  ['no words in an instrumental', yaml('  - {text: a, start_ms: 1}', 'instrumental: true'), []],
  ['another version', "version: '2.0'\nplain: a", undefined],
  ['a key twice', "version: '1.0'\nversion: '1.0'\nplain: a", undefined],
  ['an alias', "version: '1.0'\nplain: &a x\nother: *a", undefined],
  ['no mapping', '- a', undefined],
  ['no YAML', '"', undefined],
  ['something else in YAML', 'services:\n  tonearm: {image: x}', undefined],
]

test('a Lyricsfile tells when words are sung', () => {
  for (const [name, text, lines, words = []] of LYRICSFILE) {
    const lyrics: LyricsText | undefined = parseLyricsfile(text)
    assert.deepEqual(lyrics && lineTexts(lyrics), lines, name)
    if (lyrics) assert.deepEqual(told(lyrics), words, name)
  }
  const layered = parseLyricsfile(
    yaml('  - {text: 星, start_ms: 1, translation: Star, transliteration: hoshi}', 'language: ja'),
  )
  assert.equal(layered?.lang, 'ja')
  assert.deepEqual(
    layered?.layers?.map((layer) => [layer.kind, lineTexts(layer)]),
    [
      ['translation', ['1 Star']],
      ['pronunciation', ['1 hoshi']],
    ],
  )
})
