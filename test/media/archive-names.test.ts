import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createArchiveNames, songFileName, titleName } from '../../src/media/archive-names.ts'

const LONG = 'x'.repeat(1_000_000)

test('names of songs are names, in every script and on every system', () => {
  const cases: readonly [string, string, string, string, string][] = [
    ['Anna', 'One', 'mp3', '01', '01 - Anna - One.mp3'],
    ['Anna', 'One', 'mp3', '', 'Anna - One.mp3'],
    ['Die Ärzte', '日本語 🎵', 'flac', '12', '12 - Die Ärzte - 日本語 🎵.flac'],
    ['مرحبا', 'שלום', 'ogg', '03', '03 - مرحبا - שלום.ogg'],
    ['..', '../../etc/passwd', 'mp3', '01', '01 - untitled - _.._etc_passwd.mp3'],
    ['a/b', 'c\\d:e*f?g"h<i>j|k', 'mp3', '01', '01 - a_b - c_d_e_f_g_h_i_j_k.mp3'],
    ['\u0000\u001f\u007f', '\ud800\ufffe', 'mp3', '01', '01 - ___ - __.mp3'],
    ['a\u202egpj', 'x\u200f', 'mp3', '01', '01 - a_gpj - x_.mp3'],
    [' . a. ', '. ', 'mp3', '01', '01 - a - untitled.mp3'],
    ['', '', '', '01', '01 - untitled - untitled.bin'],
    ['CON', 'aux.b', 'mp3', '', '_CON - _aux.b.mp3'],
    ['A', 'b', '../sh', '01', '01 - A - b.sh'],
  ]
  for (const [artist, title, suffix, number, expected] of cases) {
    assert.equal(songFileName({ artist, title }, suffix, number), expected)
  }
})

test('long names are cut between signs, and fit into file systems', () => {
  for (const sign of ['x', 'ß', '日', '👩‍👩‍👧', 'e\u0301\u0302\u0303']) {
    const name = songFileName({ artist: sign.repeat(500), title: sign.repeat(500) }, 'flac', '01')
    assert.ok(Buffer.byteLength(name) <= 180, name)
    assert.match(name, /^01 - .+… - .+….flac$/u)
    const [, by, title] = /^01 - (.*)… - (.*)…\.flac$/.exec(name) ?? []
    for (const part of [by, title]) assert.equal(part?.replaceAll(sign, ''), '')
    assert.doesNotMatch(name, /\p{Surrogate}/u)
  }
  assert.ok(songFileName({ artist: LONG, title: LONG }, 'mp3', '01').length < 200)
  assert.ok(Buffer.byteLength(createArchiveNames().folder('', LONG)) <= 81)
})

test('reserved names of Windows are no names of folders and archives', () => {
  for (const name of ['CON', 'nul', 'Aux', 'prn', 'COM1', 'lpt9', 'com\u00b2', 'CON.x', 'conin$']) {
    assert.equal(titleName(name), `_${name}`)
    assert.equal(createArchiveNames().folder('', name), `_${name}/`)
  }
  for (const name of ['Console', 'COM', 'LPT10', 'nulla']) assert.equal(titleName(name), name)
})

test('each name is given once, whatever its case and however its letters are composed', () => {
  const names = createArchiveNames()
  const given = ['a.mp3', 'A.mp3', 'a (2).mp3', 'a.mp3', 'é.mp3', 'e\u0301.mp3'].map((name) => names.file('', name))
  assert.deepEqual(given, ['a.mp3', 'A (2).mp3', 'a (2) (2).mp3', 'a (3).mp3', 'é.mp3', 'e\u0301 (2).mp3'])
  assert.deepEqual(
    ['Live', 'live', '..', 'Live'].map((name) => names.folder('Anna/', name)),
    ['Anna/Live/', 'Anna/live (2)/', 'Anna/untitled/', 'Anna/Live (3)/'],
  )
  assert.equal(names.folder('', 'a.mp3'), 'a.mp3 (4)/')
  const many = createArchiveNames()
  const all = Array.from({ length: 20_000 }, () => many.file('', 'same.mp3'))
  assert.equal(new Set(all).size, all.length)
})
