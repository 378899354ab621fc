import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type LyricsLayer, type LyricsText, versionsOf } from '../../src/base/lyrics/lyrics-text.ts'
import { parseLyricsfile } from '../../src/base/lyrics/lyricsfile.ts'
import { parseTimedText } from '../../src/base/lyrics/timed-text.ts'
import { parseTtml } from '../../src/base/lyrics/ttml.ts'
import type { Song } from '../../src/library/entities.ts'
import { toEmbeddedLyrics } from '../../src/scanner/embedded-lyrics.ts'
import { enhancedLyrics } from '../../src/subsonic/responses/lyrics.ts'
import { assertEnhanced, type Enhanced } from '../support/enhanced-lyrics.ts'
import { LONG_TIMEOUT_MS, rounds } from '../support/long-run.ts'
import { createRandom, type Random } from '../support/random.ts'
import { mutate } from './mutate.ts'

const ROUNDS = rounds('TEST_LYRICS', { short: 1500, long: 2_000_000 })
const SONG = { title: 'T', artist: 'A' } as unknown as Song

const WORDS = [
  'Hello',
  ' ',
  'wörld',
  '日本',
  '🎵',
  '👩‍👩‍👧',
  'e\u0301',
  'مرحبا',
  '\ufffe',
  '\u0000',
  '\ud83d',
  '&',
  '<3',
  '  ',
  '\t',
]
const TIMES = ['0', '1.0', '00:01.5', '0:59.999', '99:99.99', '1s', '-1', 'NaN', '1e9', '999999999', '250ms', '']
const LRC = ['[00:01.00]', '[00:02.5]', '<00:01.20>', '<00:00.50>', '<99:59.999>', '[00:01.00][00:03.00]', '\n', '\r\n']
const HEADS = ['[offset:100]\n', '[lang:ja]\n', '[bg: <00:01>a]\n', 'v1: ', '[']

function many(random: Random, most: number, make: () => string): string {
  return Array.from({ length: random.whole(most + 1) }, make).join('')
}

function lrc(random: Random): string {
  return many(random, 30, () => random.pick(random.pick([WORDS, LRC, LRC, HEADS])))
}

function span(random: Random, depth: number): string {
  const attributes = many(random, 3, () =>
    random.pick([
      ` begin="${random.pick(TIMES)}"`,
      ` end="${random.pick(TIMES)}"`,
      ` dur="${random.pick(TIMES)}"`,
      ` ttm:agent="${random.pick(['v1', 'v2', 'v1-bg', ''])}"`,
      ` ttm:role="${random.pick(['x-bg', 'x-translation', 'x-roman', 'other'])}"`,
      ` xml:lang="${random.pick(['en', 'ja-Latn', '!'])}"`,
    ]),
  )
  const inner = many(random, 4, () =>
    depth < 5 && random.whole(2)
      ? span(random, depth + 1)
      : random.pick([...WORDS, '<br/>', '&amp;', '&x;', '<![CDATA[c]]>', '<!--', '</p>']),
  )
  return `<span${attributes}>${inner}${random.whole(12) ? '</span>' : ''}`
}

function ttml(random: Random): string {
  const agents = many(
    random,
    3,
    () =>
      `<ttm:agent xml:id="${random.pick(['v1', 'v2', 'v1-bg'])}" type="${random.pick(['person', 'group'])}"><ttm:name>N</ttm:name></ttm:agent>`,
  )
  const layers = many(random, 2, () => {
    const name = random.pick(['translation', 'transliteration'])
    return `<${name} xml:lang="en">${many(random, 3, () => `<text for="L${random.whole(3)}">${span(random, 3)}</text>`)}</${name}>`
  })
  const lines = many(
    random,
    5,
    () =>
      `<p itunes:key="L${random.whole(3)}" begin="${random.pick(TIMES)}" end="${random.pick(TIMES)}">${many(random, 4, () => span(random, 0))}</p>`,
  )
  return `<tt xmlns="http://www.w3.org/ns/ttml"><head><metadata>${agents}${layers}</metadata></head><body><div>${lines}</div></body></tt>`
}

function lyricsfile(random: Random): string {
  const ms = () => random.pick<unknown>([0, 5, 1000, 1500, '2000', -1, 1e12, 1.5, null, [], {}])
  const text = () => random.pick<unknown>([...WORDS, 'Hello wörld', 7, null, [], {}])
  const list = <T>(most: number, make: () => T) => Array.from({ length: random.whole(most + 1) }, make)
  return JSON.stringify({
    version: random.whole(10) ? '1.0' : text(),
    metadata: {
      language: text(),
      instrumental: random.whole(20) === 0,
      vocalists: random.pick<unknown>([text(), list(3, () => ({ id: text(), name: text(), type: 'group' }))]),
    },
    lines: random.pick<unknown>([
      text(),
      list(5, () => ({
        text: text(),
        start_ms: ms(),
        end_ms: ms(),
        vocalist: text(),
        role: random.pick(['background', 'lead']),
        translation: text(),
        words: list(5, () => ({ text: text(), start_ms: ms(), end_ms: ms() })),
      })),
    ]),
    plain: text(),
  })
}

function assertSound(lyrics: LyricsText): void {
  for (const version of versionsOf(lyrics, 'und'))
    assertEnhanced(JSON.parse(JSON.stringify(enhancedLyrics(SONG, version))) as Enhanced)
}

const PARSERS: Readonly<
  Record<string, readonly [(random: Random) => string, (text: string) => LyricsText | undefined]>
> = {
  LRC: [lrc, parseTimedText],
  TTML: [ttml, parseTtml],
  Lyricsfile: [lyricsfile, parseLyricsfile],
}

test('whatever a file of lyrics says, its words have times and places', { timeout: LONG_TIMEOUT_MS }, () => {
  const random = createRandom()
  for (let round = 0; round < ROUNDS; round++) {
    for (const [kind, [make, parse]] of Object.entries(PARSERS)) {
      const whole = make(random)
      const text = random.whole(3) ? whole : Buffer.from(mutate(Buffer.from(whole.padEnd(16)), random)).toString()
      try {
        const lyrics = parse(text)
        if (lyrics) assertSound(lyrics)
        for (const version of toEmbeddedLyrics([text]))
          assertEnhanced(JSON.parse(JSON.stringify(enhancedLyrics(SONG, version))) as Enhanced)
      } catch (error) {
        throw new Error(`TEST_SEED=${random.seed}, ${kind}, round ${round}: ${JSON.stringify(text)}`, { cause: error })
      }
    }
  }
})

const MILLION = 1 << 20
const NESTED = '<p begin="1s">'
/** Fifty voices that sing a letter each, for all lines that have the key. */
function oneKey(lines: number, layers: number): string {
  const text = Array.from({ length: 50 }, (_, n) => `<span begin="1s" ttm:agent="v${n}">a</span>`).join('')
  const head = Array.from(
    { length: layers },
    (_, n) => `<translation xml:lang="a${'abcdefghijklmnopqrst'[n]}"><text for="k">${text}</text></translation>`,
  )
  return `<tt><head>${head.join('')}</head>${'<p begin="1s" itunes:key="k">a</p>'.repeat(lines)}</tt>`
}

/** Long runs at the places where an expression may begin to look again and again. */
function runs(...parts: readonly string[]): Record<string, readonly [string, typeof parseTimedText]> {
  const heads = ['', '1\n', '[00:01.00]', '1\n00:00:01,000 --> 2\n', '<tt><p begin="1s">']
  return Object.fromEntries(
    parts.flatMap((part) =>
      heads.map((head) => [JSON.stringify([head, part]), [`${head}${part.repeat(20_000)}x`, parseTimedText]]),
    ),
  )
}

const MOST_CUES = 20_000
const cuesOf = (versions: readonly LyricsLayer[]) =>
  versions.flatMap(({ cueLines = [] }) => cueLines).reduce((total, { cues }) => total + cues.length, 0)

const HOSTILE: Readonly<Record<string, readonly [string, (text: string) => LyricsText | undefined]>> = {
  'entities of entities': [
    `<!DOCTYPE tt [<!ENTITY a "QQQQQQQQQQ">${'bcdefghij'.replace(/./g, (name, at: number) => `<!ENTITY ${name} "${`&${'abcdefghi'[at]};`.repeat(10)}">`)}]><tt><p begin="1s">&j;</p></tt>`,
    parseTtml,
  ],
  'a file of this machine': [
    '<!DOCTYPE tt [<!ENTITY f SYSTEM "file:///etc/passwd">]><tt><p begin="1s">&f;</p></tt>',
    parseTtml,
  ],
  'elements in elements': [`<tt>${'<div>'.repeat(MILLION / 5)}`, parseTtml],
  'ends of what never began': [`<tt>${'<a>'.repeat(MILLION / 8)}${'</b>'.repeat(MILLION / 8)}`, parseTtml],
  'a line in a line': [NESTED.repeat(MILLION / NESTED.length), parseTtml],
  'spaces around breaks': [`<tt><p begin="1s">${'<b> </b>'.repeat(MILLION / 10)}<br/>x</p></tt>`, parseTtml],
  breaks: [`<tt><p begin="1s">${'<br/>'.repeat(MILLION / 5)}</p></tt>`, parseTtml],
  'timed spans': [`<tt><p begin="1s">${'<span begin="1s">x</span>'.repeat(MILLION / 25)}</p></tt>`, parseTtml],
  'a layer for each line': [
    `<tt><translation><text for="L">${'x'.repeat(MILLION / 2)}</text></translation>${'<p begin="1s" key="L"/>'.repeat(MILLION / 48)}</tt>`,
    parseTtml,
  ],
  'layers of one key': [oneKey(1000, 5), parseTtml],
  'many layers of one key': [oneKey(10_000, 20), parseTtml],
  'layers of words': [
    `<tt>${Array.from({ length: 20 }, (_, n) => `<translation xml:lang="a${'abcdefghijklmnopqrst'[n]}"><text for="k">${'<span begin="1s">a</span>'.repeat(2000)}</text></translation>`).join('')}<p begin="1s" key="k">a</p></tt>`,
    parseTtml,
  ],
  'declarations that nobody knows': ['<tt><p begin="1s">x</p>'.padEnd(MILLION, '<!'), parseTtml],
  'one long declaration': [`<tt><!${'x'.repeat(MILLION)}`, parseTtml],
  ...runs(' ', '\t', '\n', '\r', '\ufeff', '<', '[', '1', '-->', '{\\', '&', '<!', '</'),
  'many singers': [
    `<tt>${Array.from({ length: 20_000 }, (_, n) => `<p begin="1s" agent="v${n}"><span begin="1s">x</span></p>`).join('')}</tt>`,
    parseTtml,
  ],
  'an attribute of a megabyte': [`<tt><p begin="${'1'.repeat(MILLION)}">x</p></tt>`, parseTtml],
  'ten megabytes': [`<tt>${'<p begin="1s">x</p>'.repeat((10 * MILLION) / 19)}</tt>`, parseTtml],
  stamps: ['[00:01.00]'.repeat(MILLION / 10), parseTimedText],
  'stamps of words': [`[00:01.00]${'<00:01.00>a'.repeat(MILLION / 11)}`, parseTimedText],
  'words on lines that go on': [`[00:01.00]a\n${'<00:01>b\n'.repeat(MILLION / 10)}`, parseTimedText],
  'forbidden characters': [`[00:01.00]${'<00:01>\u0001'.repeat(MILLION / 8)}`, parseTimedText],
  'brackets in YAML': ['['.repeat(MILLION), parseLyricsfile],
  'lists in YAML': ['- '.repeat(MILLION / 2), parseLyricsfile],
  'aliases in YAML': [
    `version: '1.0'\na: &a [x]\n${Array.from({ length: 50_000 }, (_, n) => `k${n}: *a\n`).join('')}`,
    parseLyricsfile,
  ],
  'keys in YAML': [Array.from({ length: 80_000 }, (_, n) => `k${n}: 1\n`).join(''), parseLyricsfile],
  'words in YAML': [
    `version: '1.0'\nlines:\n- {start_ms: 1, words: [${'{text: a, start_ms: 1},'.repeat(MILLION / 24)}]}`,
    parseLyricsfile,
  ],
}

test('hostile files of lyrics cost little', () => {
  for (const [name, [text, parse]] of Object.entries(HOSTILE)) {
    const before = process.cpuUsage()
    const lyrics = parse(text)
    const { user, system } = process.cpuUsage(before)
    const ms = Math.round((user + system) / 1000)
    assert.ok(ms < Math.max(1, text.length / MILLION) * 5000, `${name}: ${ms} ms`)
    if (!lyrics) continue
    assertSound(lyrics)
    const size = JSON.stringify(versionsOf(lyrics, 'und')).length
    assert.ok(size < 4 * MILLION, `${name}: ${size} characters`)
    assert.ok(cuesOf(versionsOf(lyrics, 'und')) <= MOST_CUES, name)
    const stored = JSON.stringify(toEmbeddedLyrics([text])).length
    assert.ok(stored <= 2 * MILLION + 20, `${name}: ${stored} characters stored`)
    assert.doesNotMatch(lyrics.lines.map((line) => line.text).join(), /QQQQ|root:/, name)
  }
})
