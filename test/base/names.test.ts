import assert from 'node:assert/strict'
import { test } from 'node:test'
import { indexWords, searchWords } from '../../src/base/search-words.ts'
import { fold } from '../../src/base/text.ts'
import { nameKey } from '../../src/library/name-key.ts'
import { createRandom } from '../support/random.ts'

const DIFFERENT: readonly (readonly [script: string, one: string, other: string])[] = [
  ['Devanagari', 'सोना', 'सेना'],
  ['Bengali', 'গান', 'গানে'],
  ['Gurmukhi', 'ਸੋਨਾ', 'ਸੇਨਾ'],
  ['Gujarati', 'મોર', 'મેર'],
  ['Odia', 'ମାଳା', 'ମୀଳା'],
  ['Tamil', 'மாலா', 'மீலா'],
  ['Telugu', 'పాట', 'పీట'],
  ['Kannada', 'ಹಾಡು', 'ಹೀಡು'],
  ['Malayalam', 'മാല', 'മീല'],
  ['Sinhala', 'මාලා', 'මීලා'],
  ['Thai', 'ปิง', 'ปุง'],
  ['Thai tones', 'ข่าว', 'ข้าว'],
  ['Lao', 'ກີ', 'ກູ'],
  ['Khmer', 'កា', 'កូ'],
  ['Myanmar', 'မာ', 'မူ'],
  ['Tibetan', 'བོད', 'བེད'],
  ['Thaana', 'ދިވެ', 'ދުވެ'],
  ['Katakana', 'ハート', 'バード'],
  ['Hiragana', 'はな', 'ばな'],
  ['Hangul', '나비', '나미'],
  ['Cyrillic й', 'Мой', 'Мои'],
  ['Cyrillic ї', 'Їжа', 'Іжа'],
  ['Cyrillic ў', 'ўзор', 'узор'],
  ['Macedonian ѓ', 'ѓавол', 'гавол'],
  ['Tajik ӯ', 'кӯҳ', 'куҳ'],
  ['Arabic ؤ', 'مؤمن', 'مومن'],
]

for (const [script, one, other] of DIFFERENT)
  test(`${script}: ${one} and ${other} are two names, and search tells them apart`, () => {
    assert.notEqual(nameKey(one), nameKey(other))
    assert.notEqual(fold(one), fold(other))
    if (!script.startsWith('Arabic')) assert.notDeepEqual(searchWords(one), searchWords(other))
  })

const SAME: readonly (readonly [kind: string, one: string, other: string])[] = [
  ['Latin accents', 'Motörhead', 'MOTORHEAD'],
  ['Latin letters without marks', 'Mø', 'MO'],
  ['Vietnamese', 'Hồ Quỳnh Hương', 'Ho Quynh Huong'],
  ['Turkish dots', 'İstanbul', 'ıstanbul'],
  ['Greek accents', 'Βαγγέλης', 'ΒΑΓΓΕΛΗΣ'],
  ['Cyrillic ё', 'Ещё', 'Еще'],
  ['Cyrillic stress', 'за́мок', 'замок'],
  ['Hebrew points', 'שָׁלוֹם', 'שלום'],
  ['Arabic vowels', 'مُحَمَّد', 'محمد'],
  ['Arabic alef', 'أحمد', 'احمد'],
  ['half width', 'ﾊﾞｰﾄﾞ', 'バード'],
  ['full width', 'ＡＢＣ', 'abc'],
  ['composed and decomposed', 'バード', 'バード'.normalize('NFD')],
  ['apostrophes', "Guns N' Roses", 'Guns N’ Roses'],
  ['modifier apostrophe', 'Hawaiʻi', "Hawai'i"],
  ['hyphens', 'alt-J', 'alt‐J'],
  ['non-breaking hyphen', 'Jay-Z', 'Jay‑Z'],
  ['dashes', 'Live – 1999', 'Live - 1999'],
  ['quotation marks', '“Heroes”', '"Heroes"'],
  ['middle dots', 'ジョン・レノン', 'ジョン･レノン'],
  ['soft hyphen', 'Kraft\u00adwerk', 'Kraftwerk'],
  ['zero width space', 'Kraftwerk\u200b', 'Kraftwerk'],
  ['variation selector', '❤️', '❤'],
  ['ellipsis', 'Wait…', 'Wait...'],
]

for (const [kind, one, other] of SAME)
  test(`${kind}: ${JSON.stringify(one)} and ${JSON.stringify(other)} are one name`, () => {
    assert.equal(nameKey(one), nameKey(other))
    assert.deepEqual(searchWords(one), searchWords(other))
  })

test('signs that mean something keep names apart', () => {
  const names = ['÷', '+', '×', '=', '!!!', '???', '🔥', '💧', 'A+', 'A-', 'C', 'C#']
  assert.equal(new Set(names.map(nameKey)).size, names.length)
})

const TYPED: readonly (readonly [name: string, ...typed: string[]])[] = [
  ['R.E.M.', 'rem', 'r.e.m', 'r e m'],
  ['AC/DC', 'acdc', 'ac dc', 'ac-dc'],
  ['Ke$ha', 'kesha', 'ke$ha'],
  ['A$AP Rocky', 'asap', 'asap rocky', 'a$ap'],
  ['P!nk', 'pink', 'p!nk'],
  ['$uicideboy$', 'suicideboys', '$uicideboy$'],
  ['deadmau5', 'deadmau5', 'deadmaus'],
  ['M.I.A.', 'mia'],
  ['blink-182', 'blink182', 'blink 182'],
  ["Guns N' Roses", 'guns n roses', 'guns n’ roses', 'guns nʼ roses'],
  ['÷', '÷'],
  ['+', '+'],
  ['!!!', '!!!', '!'],
  ['🔥', '🔥'],
  ['I ❤️ Music', '❤', 'i music'],
  ['Queen - Live', 'queen live', 'queen - live'],
  ['سلام', 'سلام'],
  ['علی', 'علي'],
  ['क़व्वाली', 'कव्वाली'],
]

for (const [name, ...typed] of TYPED)
  test(`${name} is found by ${typed.join(', ')}`, () => {
    const words = indexWords(name)
    for (const text of typed) {
      const wanted = searchWords(text)
      assert.ok(wanted.length > 0, text)
      for (const word of wanted)
        assert.ok(words.includes(word), `${JSON.stringify(word)} of ${text} in ${JSON.stringify(words)}`)
    }
  })

test('texts that were made to cost time cost none', () => {
  const before = process.cpuUsage()
  for (const text of [`a1${'a'.repeat(37)}2`, 'track_3_i_want_to_hold_your_hand_remix_2']) indexWords(text)
  assert.equal(fold(`a${'\u0301\u0323'.repeat(100_000)}b`), 'ab')
  assert.ok(searchWords(`क${'\u093c\u094d'.repeat(100_000)}`).length > 0)
  const { user } = process.cpuUsage(before)
  assert.ok(user < 5e6, `${user / 1e6} s of processor time`)
})

test('folding once is folding for good, however the text is composed, and its words are always found', () => {
  const random = createRandom()
  const ranges = [
    [0x20, 0x17f],
    [0x300, 0x36f],
    [0x370, 0x52f],
    [0x590, 0x6ff],
    [0x900, 0xdff],
    [0xe00, 0xfff],
    [0x3040, 0x30ff],
    [0xac00, 0xad00],
    [0x2010, 0x2044],
    [0x1f300, 0x1f5ff],
  ] as const
  for (let round = 0; round < 2000; round++) {
    const text = Array.from({ length: 1 + random.whole(12) }, () => {
      const [from, to] = random.pick(ranges)
      return String.fromCodePoint(from + random.whole(to - from))
    }).join('')
    const about = `seed ${random.seed}, ${JSON.stringify(text)}`
    assert.equal(fold(fold(text)), fold(text), about)
    assert.equal(fold(text.normalize('NFD')), fold(text.normalize('NFC')), about)
    assert.equal(nameKey(nameKey(text)), nameKey(text), about)
    const words = new Set(indexWords(text))
    for (const word of searchWords(text)) assert.ok(words.has(word), about)
  }
})
