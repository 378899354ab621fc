import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type ErrorCode, isAppError } from '../../src/base/errors.ts'
import { decodePassword, Params } from '../../src/subsonic/params.ts'

function fails(work: () => unknown, code: ErrorCode, message: RegExp): void {
  assert.throws(work, (error) => isAppError(error) && error.code === code && message.test(error.message))
}

test('repeated parameters keep their order, and the first counts where one is wanted', () => {
  const params = Params.parse('id=s3&id=s1&id=&id=s2&u=one&u=two')
  assert.deepEqual(params.all('id'), ['s3', 's1', 's2'])
  assert.equal(params.string('u'), 'one')
})

test('a form is merged after the query', () => {
  const params = Params.parse('f=json&id=s1', 'id=s2&f=xml&name=A+%26+B%20%C3%A9')
  assert.deepEqual(params.all('id'), ['s1', 's2'])
  assert.equal(params.string('f'), 'json')
  assert.equal(params.string('name'), 'A & B é')
})

test('more than a thousand values are kept', () => {
  const query = Array.from({ length: 20_000 }, (_, index) => `songId=s${index}`).join('&')
  assert.equal(Params.parse(query).all('songId').length, 20_000)
})

test('a flood of parameters is refused', () => {
  fails(() => Params.parse('a&'.repeat(200_001)), 'BAD_REQUEST', /200000 parameters/)
})

test('names of object members are ordinary parameters', () => {
  const params = Params.parse('__proto__=a&constructor=b')
  assert.equal(params.string('__proto__'), 'a')
  assert.equal(params.string('constructor'), 'b')
  assert.equal(params.optional('toString'), undefined)
})

test('broken percent escapes do not throw', () => {
  assert.equal(Params.parse('q=%zz%4').string('q'), '%zz%4')
})

test('what is missing or empty is named', () => {
  const params = Params.parse('empty=&size=ten&yes=maybe')
  fails(() => params.string('id'), 'MISSING_PARAMETER', /'id'/)
  fails(() => params.string('empty'), 'MISSING_PARAMETER', /'empty'/)
  fails(() => params.integer('rating'), 'MISSING_PARAMETER', /'rating'/)
  fails(() => params.boolean('yes', true), 'INVALID_PARAMETER', /'yes'/)
})

for (const [sent, required, optional] of [
  ['300', 300, 300],
  ['+5', 5, 5],
  ['-3', -3, -3],
  ['300.0', undefined, 300],
  ['10.', undefined, 10],
  ['1893456000000.0', undefined, 1893456000000],
  ['2.5', undefined, 3],
  ['1e3', undefined, 1000],
  ['ten', undefined, 77],
  ['1.2.3', undefined, 77],
  ['10,5', undefined, 77],
  ['NaN', undefined, 77],
  ['Infinity', undefined, 77],
  ['0x10', undefined, 77],
  ['99999999999999999', undefined, 77],
  ['1e99', undefined, 77],
  ['%20', undefined, 77],
] as const) {
  test(`the number '${sent}' is ${required ?? 'refused'} where it must be sent, and ${optional} where it need not`, () => {
    const params = Params.parse(`n=${sent}`)
    if (required === undefined) fails(() => params.integer('n'), 'INVALID_PARAMETER', /'n'/)
    else assert.equal(params.integer('n'), required)
    assert.equal(params.integer('n', 77), optional)
    assert.deepEqual(params.integers('n'), [optional === 77 ? undefined : optional])
  })
}

test('fallbacks stand in for what was not sent', () => {
  const params = Params.parse('')
  assert.equal(params.integer('size', 10), 10)
  assert.equal(params.integer('size', undefined), undefined)
  assert.equal(params.boolean('public', true), true)
  assert.equal(params.decimal('timeOffset', undefined), undefined)
})

test('numbers and truth values are read the ways that clients write them', () => {
  const params = Params.parse('a=-3&b=True&c=0&d=12.75&e=false')
  assert.equal(params.integer('a'), -3)
  assert.equal(params.boolean('b', false), true)
  assert.equal(params.boolean('c', true), false)
  assert.equal(params.decimal('d', 0), 12.75)
  assert.equal(Params.parse('d=1.2.3').decimal('d', 5), 5)
  assert.equal(params.boolean('e', true), false)
})

test('encoded passwords are decoded, and hex that is none is the password itself', () => {
  assert.equal(decodePassword('enc:736573616d65'), 'sesame')
  assert.equal(decodePassword('enc:736573616D65'), 'sesame')
  assert.equal(decodePassword('enc:c3a9'), 'é')
  assert.equal(decodePassword('enc:70E4'), 'pä')
  assert.equal(decodePassword('enc:xyz'), 'enc:xyz')
  assert.equal(decodePassword('enc:abc'), 'enc:abc')
  assert.equal(decodePassword('sesame'), 'sesame')
})

test('ids are read by kind, with or without the version of a cover', () => {
  const params = Params.parse('id=a1z_0ff&song=s2&other=17&songs=s1&songs=a1&songs=s3')
  assert.deepEqual(params.id('id'), { kind: 'album', key: 71 })
  assert.equal(params.idOf('song', 'song'), 2)
  assert.deepEqual(params.idsOf('song', 'songs'), [1, 3])
  fails(() => params.id('other'), 'NOT_FOUND', /'other'/)
  fails(() => params.idOf('album', 'song'), 'NOT_FOUND', /'song'/)
  fails(() => params.id('none'), 'MISSING_PARAMETER', /'none'/)
})

test('no value holds a NUL, at which the database would cut it off', () => {
  assert.equal(Params.parse('name=a%00b&x=%2500', 'note=c\0d').string('name'), 'ab')
  assert.equal(Params.parse('x=%2500').string('x'), '%00')
  assert.equal(Params.parse('', 'note=c\0d').string('note'), 'cd')
})

test('a form of names without values costs by its length, not by its square', () => {
  const before = process.cpuUsage()
  fails(() => Params.parse(`${'a&'.repeat(190_000)}${'b'.repeat(10_000_000)}`), 'BAD_REQUEST', /16384 characters/)
  const { user, system } = process.cpuUsage(before)
  // Looking for the next `=` in all that follows takes some minutes.
  assert.ok(user + system < 30e6, `${(user + system) / 1e6} s of processor time`)
})

test('one value has a bound, a thousand songs in a row have not', () => {
  const name = 'x'.repeat(16_384)
  assert.equal(Params.parse(`name=${name}`).string('name'), name)
  fails(() => Params.parse(`name=${name}y`), 'BAD_REQUEST', /A parameter may have 16384 characters/)
  fails(() => Params.parse(`${name}y`), 'BAD_REQUEST', /A parameter may have 16384 characters/)
  const many = Array.from({ length: 50_000 }, (_, index) => `id=s${index.toString(36)}`)
  assert.equal(Params.parse(many.join('&')).all('id').length, 50_000)
})
