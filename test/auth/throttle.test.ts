import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createThrottle } from '../../src/auth/throttle.ts'
import { createTestClock } from '../support/clock.ts'

const from = (address: string, client = 'app') => ({ address, client })
const HOME = from('192.0.2.1')
const SETTINGS = { attempts: 3, attemptWindowMs: 20_000 }

function make(settings = SETTINGS) {
  const clock = createTestClock()
  const throttle = createThrottle(settings, clock)
  const fail = (times: number, origin = HOME, who = '1') => {
    for (let time = 0; time < times; time++) throttle.failed(origin, who)
  }
  const waits = (origin = HOME, who = '1') => {
    try {
      throttle.admit(origin, who)
      return 0
    } catch (error) {
      assert.equal((error as { code: string }).code, 'TOO_MANY_ATTEMPTS')
      return (error as { retryAfter: number }).retryAfter
    }
  }
  return { clock, throttle, fail, waits }
}

test('an address that fails too often in a window waits, for every user', () => {
  const { fail, waits } = make()
  fail(2)
  assert.equal(waits(), 0)
  fail(1)
  assert.equal(waits(), 20)
  assert.equal(waits(HOME, '2'), 20)
  assert.equal(waits(from('192.0.2.2'), '2'), 0)
})

test('failures that are older than the window do not count', () => {
  const { clock, fail, waits } = make()
  fail(2)
  clock.advance(20_001)
  fail(2)
  assert.equal(waits(), 0)
})

test('each further wait doubles, up to a quarter of an hour, and quiet forgets', () => {
  const { clock, fail, waits } = make()
  const seen: number[] = []
  for (let round = 0; round < 8; round++) {
    fail(3)
    seen.push(waits())
    clock.advance(waits() * 1000)
  }
  assert.deepEqual(seen, [20, 40, 80, 160, 320, 640, 900, 900])
  clock.advance(15 * 60_000 + 1)
  fail(3)
  assert.equal(waits(), 20)
})

test('a user is not locked out by somebody at another address', () => {
  const { throttle, fail, waits } = make()
  throttle.succeeded(HOME, '1')
  for (let index = 0; index < 100; index++) fail(3, from(`203.0.113.${index}`))
  assert.equal(waits(), 0)
})

test('guesses at one user from many addresses are slowed where the user is not known, for one window only', () => {
  const { clock, fail, waits } = make()
  for (let index = 0; index < 15; index++) fail(1, from(`203.0.113.${index}`))
  assert.equal(waits(from('198.51.100.1')), 20)
  assert.equal(waits(from('198.51.100.1'), '2'), 0)
  clock.advance(20_001)
  for (let index = 0; index < 15; index++) fail(1, from(`203.0.113.${100 + index}`))
  assert.equal(waits(from('198.51.100.1')), 20)
})

test('an old phone stops only itself, not the other devices of the house', () => {
  const { throttle, fail, waits } = make()
  const phone = from('192.0.2.1', 'phone')
  const tablet = from('192.0.2.1', 'tablet')
  for (const [origin, who] of [
    [phone, '1'],
    [tablet, '1'],
    [tablet, '2'],
  ] as const) {
    throttle.succeeded(origin, who)
  }
  fail(3, phone)
  assert.equal(waits(phone), 20)
  assert.equal(waits(tablet), 0)
  assert.equal(waits(tablet, '2'), 0)
  assert.equal(waits(from('192.0.2.1', 'new'), '3'), 0)
})

test('somebody at the same address who fails does not stop those who are known there', () => {
  const { throttle, fail, waits } = make()
  throttle.succeeded(HOME, '1')
  fail(10, from('192.0.2.1', 'guesser'), '2')
  assert.equal(waits(), 0)
  assert.ok(waits(from('192.0.2.1', 'guesser'), '1') > 0)
})

test('an attacker can not wash his guesses away by logging in as himself', () => {
  const { throttle, fail, waits } = make()
  for (let round = 0; round < 3; round++) {
    fail(1, HOME, 'victim')
    throttle.succeeded(HOME, 'attacker')
  }
  assert.equal(waits(HOME, 'victim'), 20)
})

test('a success forgets the own failures', () => {
  const { throttle, fail, waits } = make()
  fail(2)
  throttle.succeeded(HOME, '1')
  fail(2)
  assert.equal(waits(), 0)
  throttle.succeeded(HOME, '1')
  fail(2)
  assert.equal(waits(), 0)
})

test('guesses sent all at once count before they are answered', () => {
  const { throttle, waits } = make()
  const ends = [1, 2, 3].map(() => throttle.begin(HOME, '1'))
  assert.throws(() => throttle.begin(HOME, '1'), { code: 'TOO_MANY_ATTEMPTS' })
  for (const end of ends) end()
  throttle.begin(HOME, '1')()
  assert.equal(waits(), 0)
})

test('keys are counted by address alone', () => {
  const { fail, waits } = make()
  for (let index = 0; index < 100; index++) fail(1, from(`203.0.113.${index}`), '')
  assert.equal(waits(HOME, ''), 0)
  fail(3, HOME, '')
  assert.equal(waits(HOME, ''), 20)
})

test('zero attempts switch throttling off', () => {
  const { fail, waits } = make({ attempts: 0, attemptWindowMs: 20_000 })
  fail(100)
  assert.equal(waits(), 0)
})

test('guesses from the Internet do not keep a new device out at home', () => {
  const { fail, waits } = make()
  for (let index = 0; index < 100; index++) fail(1, from(`203.0.113.${index}`))
  assert.ok(waits(from('198.51.100.1')) > 0)
  for (const home of ['192.168.1.20', '10.0.0.3', 'fd00::1', '127.0.0.1', ''])
    assert.equal(waits(from(home, 'new')), 0, home)
  for (let index = 0; index < 100; index++) fail(1, from(`192.168.1.${100 + index}`))
  assert.ok(waits(from('192.168.1.20', 'new')) > 0)
  assert.equal(waits(from('127.0.0.1', 'new')), 0)
})

test('wrong API keys at an address and wrong passwords there are counted apart', () => {
  const { fail, waits } = make()
  fail(3, HOME, '')
  assert.equal(waits(HOME, ''), 20)
  assert.equal(waits(HOME, '1'), 0)
})
