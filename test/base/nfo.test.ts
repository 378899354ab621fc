import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseNfo } from '../../src/base/nfo.ts'
import { plainText } from '../../src/base/plain-text.ts'

const UUID = '0dcc6a4e-9bbf-4cd5-b2a4-4b8d9b1b0f5d'
const read = (text: string | Uint8Array, kind: 'artist' | 'album' = 'artist') =>
  parseNfo(kind, typeof text === 'string' ? Buffer.from(text) : text)
const bio = (inside: string) => read(`<artist><biography>${inside}</biography></artist>`)?.text

test('artist.nfo and album.nfo say who they are about, what is told and which id they have', () => {
  const artist = `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
    <artist>
      <name>Björk &amp; Co</name><musicBrainzArtistID>${UUID.toUpperCase()}</musicBrainzArtistID>
      <genre>Pop</genre><biography>First.&#10;&#x0a;Second &lt;3</biography>
      <thumb preview="http://x/1">http://x/2</thumb>
      <album><title>Debut</title><name>Other</name><biography>Not this.</biography></album>
    </artist>
    https://musicbrainz.org/artist/x`
  assert.deepEqual(read(artist), { name: 'Björk & Co', text: 'First.\n\nSecond <3', musicBrainzId: UUID })
  const album = `<album><title>Debut</title><review><![CDATA[Good & <b>loud</b>.]]></review>
    <artist>Björk</artist><musicbrainzalbumid>${UUID}</musicbrainzalbumid><track><title>One</title></track></album>`
  assert.deepEqual(read(album, 'album'), { name: 'Debut', text: 'Good & loud.', musicBrainzId: UUID })
  assert.equal(read('<artist><outline>Short.</outline><biography/></artist>')?.text, 'Short.')
})

test('files as people make them are read as far as they go', () => {
  const cases: readonly (readonly [string | Uint8Array, string | undefined])[] = [
    ['\ufeff<artist><biography>BOM</biography></artist>', 'BOM'],
    [Buffer.from('\ufeff<artist><biography>Käse</biography></artist>', 'utf16le'), 'Käse'],
    [
      Buffer.from('<?xml version="1.0" encoding="ISO-8859-1"?><artist><biography>Käse</biography></artist>', 'latin1'),
      'Käse',
    ],
    ['<ARTIST><Biography>Case</Biography></ARTIST>', 'Case'],
    ['<artist><biography>AT&T & R&B</biography></artist>', 'AT&T & R&B'],
    ['<artist><biography>caf&eacute;</biography></artist>', 'café'],
    ['<artist><biography>cut off', 'cut off'],
    ['<artist><biography>a</wrong>b</biography></artist>', 'ab'],
    ['<artist><biography>one<br>two<p>three</p></biography></artist>', 'one\ntwo\nthree'],
    ['<artist></artist><artist><biography>second</biography></artist>', undefined],
    ['<album><review>other kind</review></album>', undefined],
    ['<html><artist><biography>inside</biography></artist></html>', undefined],
    ['https://musicbrainz.org/artist/x', undefined],
    ['', undefined],
    [Buffer.from([0, 1, 2, 255, 254]), undefined],
  ]
  for (const [text, expected] of cases) assert.equal(read(text)?.text, expected, String(text).slice(0, 60))
  assert.equal(read('<artist><musicbrainzartistid>x" onload="</musicbrainzartistid></artist>')?.musicBrainzId, '')
})

test('hostile files cost little and say nothing', () => {
  const began = performance.now()
  const laughs = `<!DOCTYPE a [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;"><!ENTITY x SYSTEM "file:///etc/passwd">]>
    <artist><biography>&b;&x;</biography></artist>`
  assert.doesNotMatch(read(laughs)?.text ?? '', /haha|root:/)
  const size = 250_000
  const bombs = [
    '<artist>'.repeat(size / 8),
    `<artist>${'<a>'.repeat(size / 8)}${'</b>'.repeat(size / 8)}`,
    `<artist><biography>${'<a>x</b>'.repeat(size / 8)}`,
    `<artist ${'a="b" '.repeat(size / 6)}>`,
    `<artist><biography>${'<'.repeat(size)}`,
    `<artist><biography>${'&'.repeat(size)}`,
    `<artist><biography>${'&#'.repeat(size / 2)}`,
    `<artist><biography><![CDATA[${'<b'.repeat(size / 2)}`,
    `<artist><biography>${'&lt;'.repeat(size / 4)}`,
    `<artist><biography><!--${'-'.repeat(size)}`,
    `<!DOCTYPE ${'['.repeat(size)}`,
    `<?xml ${'?'.repeat(size)}`,
    `<artist><script>${'</scrip'.repeat(size / 7)}`,
    `<artist><biography>${'x'.repeat(size)}</biography>`,
  ]
  for (const bomb of bombs) assert.ok((read(bomb)?.text ?? '').length <= 32_768)
  assert.ok(performance.now() - began < 20_000, 'none of them takes more than a moment')
})

test('what comes out of a text holds no tag, however it was put together', () => {
  const cases: readonly (readonly [string, string])[] = [
    ['a <a href="http://x">link</a> b', 'a link b'],
    ['<script>alert(1)</script>', 'alert(1)'],
    ['<scr<b>ipt>alert(1)</scr<b>ipt>', '‹script>alert(1)‹/script>'],
    ['<<b>img src=x onerror=y>', '‹img src=x onerror=y>'],
    ['end <img src=x onerror=y', 'end ‹img src=x onerror=y'],
    ['<!-- <b> -->x', '‹!--  -->x'.replace('  ', ' ')],
    ['I <3 you > me', 'I <3 you > me'],
    ['a<br/>b<BR>c</p>d', 'a\nb\nc\nd'],
    ['a\r\n\r\n\r\n\r\nb \t c', 'a\n\nb c'],
  ]
  for (const [text, expected] of cases) assert.equal(plainText(text), expected, text)
  for (const text of ['<'.repeat(30_000), '<a'.repeat(15_000), `${'<a '.repeat(10_000)}>`])
    assert.doesNotMatch(plainText(text), /<[a-z/!?]/i)
  assert.equal(bio('&lt;img src=x onerror=alert(1)&gt;Sings.'), 'Sings.')
})
