import assert from 'node:assert/strict'
import { test } from 'node:test'
import { attachment } from '../../src/http/content-disposition.ts'
import { readRange } from '../../src/http/range.ts'
import { readPath } from '../../src/http/request-path.ts'

test('targets become decoded paths below the base path', () => {
  const cases: readonly [string, string, string][] = [
    ['/rest/ping.view', '', '/rest/ping.view'],
    ['//rest///ping', '', '/rest/ping'],
    ['/a%20b/%C3%A9', '', '/a b/é'],
    ['/%2541', '', '/%41'],
    ['/', '', '/'],
    ['/a/', '', '/a/'],
    ['http://host:1/a', '', '/a'],
    ['http://host', '', '/'],
    ['/t/rest', '/t', '/rest'],
    ['//t//rest', '/t', '/rest'],
    ['/%74/rest', '/t', '/rest'],
    ['/t', '/t', '/'],
    ['/t/', '/t', '/'],
    ['/a.b/..c/...', '', '/a.b/..c/...'],
  ]
  for (const [target, base, path] of cases) assert.deepEqual(readPath(target, base), { kind: 'path', path }, target)
})

test('what is no honest target is bad', () => {
  for (const target of [
    '',
    '*',
    'a',
    '/%',
    '/%g0',
    '/%80',
    '/a%00',
    '/./a',
    '/a/..',
    '/%2e%2e/',
    '/a%2f..%2fb',
    '/a/.',
  ]) {
    assert.equal(readPath(target, '').kind, 'bad', target)
  }
})

test('ranges of an empty body and numbers beyond all sizes do no harm', () => {
  assert.equal(readRange('bytes=0-', 0), 'whole')
  assert.deepEqual(readRange('bytes=0-999999999999999', 10), { start: 0, end: 9 })
  assert.equal(readRange('bytes=9999999999999999-', 10), 'unsatisfiable')
})

test('names of any script and with any characters stay inside their header', () => {
  assert.equal(attachment('Song.mp3'), 'attachment; filename="Song.mp3"')
  assert.equal(attachment('a"b.mp3'), `attachment; filename="a_b.mp3"; filename*=UTF-8''a%22b.mp3`)
  assert.equal(attachment('50%.mp3'), `attachment; filename="50_.mp3"; filename*=UTF-8''50%25.mp3`)
  assert.equal(attachment('a/b\\c\r\nd'), 'attachment; filename="a_b_c__d"')
  assert.equal(
    attachment("дом'(1)*.ogg"),
    `attachment; filename="___'(1)*.ogg"; filename*=UTF-8''%D0%B4%D0%BE%D0%BC%27%281%29%2A.ogg`,
  )
  assert.equal(attachment('\ud800x'), 'attachment; filename="_x"')
  assert.equal(attachment('🎵.mp3'), `attachment; filename="_.mp3"; filename*=UTF-8''%F0%9F%8E%B5.mp3`)
})
