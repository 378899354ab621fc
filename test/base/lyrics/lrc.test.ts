import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseLyricsText } from '../../../src/base/lyrics/lrc.ts'
import { languageTag } from '../../../src/base/lyrics/lyrics-text.ts'

test('stamped lines are synced, sorted by time, and repeated for each stamp', () => {
  const lyrics = parseLyricsText('[00:30.00]second\n[00:10.5][01:00.123]chorus\n[00:05]first')
  assert.equal(lyrics.synced, true)
  assert.deepEqual(lyrics.lines, [
    { ms: 5_000, text: 'first' },
    { ms: 10_500, text: 'chorus' },
    { ms: 30_000, text: 'second' },
    { ms: 60_123, text: 'chorus' },
  ])
})

test('one, two and three digits of a fraction are tenths, hundredths and milliseconds', () => {
  const lines = parseLyricsText('[0:01.5]a\n[0:02.05]b\n[0:03.005]c\n[0:04,25]d\n[0:05:75]e\n[1:00:06.1]f').lines
  assert.deepEqual(
    lines.map(({ ms }) => ms),
    [1_500, 2_050, 3_005, 4_250, 5_750, 3_606_100],
  )
})

test('headers are read and kept out of the lines', () => {
  const lyrics = parseLyricsText(
    '\ufeff[ti:A song]\r\n[ar: Somebody]\r\n[offset:+250]\r\n[lang:EN]\r\n[00:01.00]words\r\n',
  )
  assert.deepEqual(lyrics, { synced: true, offsetMs: 250, lang: 'en', lines: [{ ms: 1_000, text: 'words' }] })
})

test('a negative offset stays negative, nonsense is no offset', () => {
  assert.equal(parseLyricsText('[offset:-1500]\n[00:01]a').offsetMs, -1_500)
  assert.equal(parseLyricsText('[offset:soon]\n[00:01]a').offsetMs, 0)
  assert.ok(Object.is(parseLyricsText('[offset:-0]\n[00:01]a').offsetMs, 0))
})

test('word stamps vanish without gluing or splitting words', () => {
  const lines = parseLyricsText(
    '[00:04.00]<00:04.00> When <00:04.16> the\n[00:06.00]Hel<00:06.20>lo [00:06.50]you\n[00:08.00]I <3 you',
  ).lines
  assert.deepEqual(
    lines.map(({ text }) => text),
    ['When the', 'Hello you', 'I <3 you'],
  )
})

test('in synced lyrics a line without a stamp continues the one before, and headings and unknown tags are left out', () => {
  const lyrics = parseLyricsText(
    'My song\n[x-foo:bar]\n[kana:12]\n[00:01.00]one\nstill one\n\n[00:02.00]\n[00:03.00]three',
  )
  assert.deepEqual(lyrics.lines, [
    { ms: 1_000, text: 'one\nstill one' },
    { ms: 2_000, text: '' },
    { ms: 3_000, text: 'three' },
  ])
})

test('plain text keeps its verses and bracketed words, and loses blank ends', () => {
  const lyrics = parseLyricsText('\n\n[Chorus]\n[Verse 1: Anna]\nla la\n\nlo lo\n \n')
  assert.deepEqual(lyrics, {
    synced: false,
    offsetMs: 0,
    lines: [{ text: '[Chorus]' }, { text: '[Verse 1: Anna]' }, { text: 'la la' }, { text: '' }, { text: 'lo lo' }],
  })
})

test('an empty text has no lines', () => {
  for (const text of ['', '\n \r\n', '[ar:x]\n[ti:y]']) assert.deepEqual(parseLyricsText(text).lines, [])
})

test('a line with a flood of stamps is cut off instead of multiplied', () => {
  const lyrics = parseLyricsText(`${'[00:00]'.repeat(70_000)}${'x'.repeat(500_000)}`)
  assert.ok(lyrics.lines.length >= 1 && lyrics.lines.length <= 3)
})

test('hostile runs of blanks and brackets are read in one pass', () => {
  for (const hostile of [' ', '[', '<00:', '[00:00', '[a:', '\t<'])
    assert.equal(parseLyricsText(`[00:01]${hostile.repeat(1 << 18)}`).synced, true)
})

test('languages are tags or nothing', () => {
  assert.equal(languageTag(' pt_BR '), 'pt-br')
  assert.equal(languageTag('eng'), 'eng')
  for (const wrong of [undefined, '', 'English', 'e', '../x']) assert.equal(languageTag(wrong), undefined)
})
