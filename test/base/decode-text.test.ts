import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { decodeText } from '../../src/base/decode-text.ts'
import { encode } from '../support/encode.ts'

const RUSSIAN = '[00:01.00]Широкие поля\n[00:05.00]и тихая река\n[00:09.00]зовут меня домой'
const JAPANESE = '[00:01.00]さくら さくら\n[00:05.00]野山も里も\n[00:09.00]見わたす限り'
const CHINESE = '[00:01.00]床前明月光\n[00:05.00]疑是地上霜\n[00:09.00]举头望明月\n[00:13.00]低头思故乡'
const GERMAN = 'Rock/Äpfel für Zoë.mp3\nPop/Don’t “Stop”.mp3\nKüche/Löffel.mp3'

const TEXTS: readonly (readonly [encoding: string, text: string])[] = [
  ['windows-1251', RUSSIAN],
  ['koi8-r', RUSSIAN],
  ['shift_jis', JAPANESE],
  ['euc-jp', JAPANESE],
  ['gbk', CHINESE],
  ['gbk', '苹果 apple 你好'],
  ['gbk', '苹果/你好.mp3'],
  ['big5', CHINESE.replaceAll('举头', '舉頭').replaceAll('低头', '低頭').replace('乡', '鄉')],
  ['euc-kr', '[00:01.00]나의 살던 고향은\n[00:05.00]꽃피는 산골\n[00:09.00]복숭아꽃 살구꽃'],
  ['shift_jis', '[00:10.00]雨の中で君を待つ'],
  ['euc-jp', '[00:10.00]雨の中で君を待つ'],
  ['euc-kr', '[00:10.00]빗속에서 너를 기다려'],
  ['big5', '[00:10.00]風吹過老街的燈'],
  ['gbk', '[00:10.00]把歌唱给月亮听'],
  ['windows-1253', 'Ποτάμι/Η θάλασσα και τα βουνά.mp3\nΠοτάμι/Το φεγγάρι μου.mp3'],
  ['windows-1252', GERMAN],
  ['windows-1252', 'A/Bö.mp3'],
  ['windows-1252', 'Müßiggang'],
  ['windows-1252', 'ÄÖÜ'],
  ['windows-1252', 'Café'],
  ['windows-1252', 'Noël'],
  ['windows-1252', 'Veður/Það er þögn á jörð.mp3\nVeður/Dýrð í nótt.mp3'],
]

test('texts in the encodings of old players are read', () => {
  for (const [encoding, text] of TEXTS) assert.equal(decodeText(encode(encoding, text)), text, `${encoding}: ${text}`)
})

test('Unicode is read with and without a mark', () => {
  for (const text of [RUSSIAN, JAPANESE, CHINESE, GERMAN, 'Apfelbaum']) {
    const little = Buffer.from(text, 'utf16le')
    const big = Buffer.from(text, 'utf16le').swap16()
    assert.equal(decodeText(Buffer.from(text)), text)
    assert.equal(decodeText(Buffer.from(`\ufeff${text}`)), text)
    assert.equal(decodeText(little), text)
    assert.equal(decodeText(big), text)
    assert.equal(decodeText(Buffer.concat([Buffer.of(0xff, 0xfe), little])), text)
    assert.equal(decodeText(Buffer.concat([Buffer.of(0xfe, 0xff), big])), text)
  }
})

test('valid UTF-8 is UTF-8, whatever it looks like', () => {
  for (const text of ['', 'plain', 'Ã¤Ã¶', 'éé', '音楽', 'ends with a zero\0', 'x\0\0\0\0\0\0\0\0', '\u0080\u009f'])
    assert.equal(decodeText(Buffer.from(text)), text, JSON.stringify(text))
})

test('whatever the bytes, there is a text, and soon', () => {
  for (let length = 0; length < 300; length++) {
    const bytes = createHash('shake256', { outputLength: length }).update(String(length)).digest()
    assert.equal(typeof decodeText(bytes), 'string')
    assert.equal(typeof decodeText(bytes.map((byte) => byte | 0x80)), 'string')
  }
  assert.equal(decodeText(Uint8Array.of(0xff)), 'ÿ')
  // The whole of it decides what is valid; the guess looks at its beginning only.
  const long = encode('windows-1252', `${GERMAN}\n`.repeat(20_000))
  assert.equal(decodeText(long).length, long.length)
})
