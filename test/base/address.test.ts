import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  addressGroup,
  createNetworkMatcher,
  isLocalAddress,
  isNetwork,
  isPrivateAddress,
  normalizeAddress,
  truncatedAddress,
} from '../../src/base/address.ts'

/** Forms that some readers take for an IPv4 address, and what is none at all. */
const NO_ADDRESSES = [
  ...['', 'x', 'localhost', '127.1', '0x7f.1', '0177.0.0.1', '010.0.0.1', '2130706433', '127.0.0.1.', ' 127.0.0.1'],
  ...['1.2.3', '1.2.3.256', '1.2.3.4.5', '1.2.3.4%eth0', '1.2.3.4/32', '127.0.0.1:80', '①②⑦.0.0.1'],
  ...[':::', '1::2::3', '1:2:3:4:5:6:7:8:9', '[::1]', '::1.', '::g', '::ffff:1.2.3', '::ffff:010.0.0.1', 'fe80::1%'],
]

test('addresses come in one form', () => {
  assert.equal(normalizeAddress('::ffff:192.0.2.1'), '192.0.2.1')
  assert.equal(normalizeAddress('0000:0000:0000:0000:0000:ffff:c000:0201'), '192.0.2.1')
  assert.equal(normalizeAddress('2001:0DB8:0000:0000:0000:0000:0000:0001'), '2001:db8::1')
  assert.equal(normalizeAddress('192.0.2.1'), '192.0.2.1')
  assert.equal(normalizeAddress('2001:db8:0:1:0:0:0:1'), '2001:db8:0:1::1')
  assert.equal(normalizeAddress('fe80::1%eth0'), 'fe80::1')
  assert.equal(normalizeAddress('::FFFF:C000:201%ffff'), '192.0.2.1')
  // Not mapped, whatever it looks like.
  for (const text of ['::192.0.2.1', '::192.0.2.1%ffff', '::ffff:0:192.0.2.1', '64:ff9b::192.0.2.1'])
    assert.ok(normalizeAddress(text).endsWith(':c000:201'), text)
  for (const none of NO_ADDRESSES) assert.equal(normalizeAddress(none), none)
})

test('an IPv6 network of one customer counts as one address', () => {
  assert.equal(addressGroup('2001:db8:1:2:3:4:5:6'), '2001:db8:1:2::/64')
  assert.equal(addressGroup('2001:db8:1:2::9'), '2001:db8:1:2::/64')
  assert.equal(addressGroup('2001:db8::1'), '2001:db8:0:0::/64')
  assert.equal(addressGroup('::1'), '0:0:0:0::/64')
  assert.equal(addressGroup('fe80::1%eth0'), 'fe80:0:0:0::/64')
  assert.equal(addressGroup('::ffff:192.0.2.7'), '192.0.2.7')
  assert.equal(addressGroup('::ffff:c000:0207'), '192.0.2.7')
  assert.equal(addressGroup('192.0.2.7'), '192.0.2.7')
  assert.equal(addressGroup(''), '')
  assert.equal(addressGroup('::192.0.2.7'), '0:0:0:0::/64')
  assert.equal(addressGroup('x'.repeat(200)), 'x'.repeat(64))
  for (const none of NO_ADDRESSES) assert.equal(addressGroup(none), none)
})

test('a truncated address tells networks apart and no more', () => {
  assert.equal(truncatedAddress('203.0.113.77'), '203.0.113.0/24')
  assert.equal(truncatedAddress('::ffff:203.0.113.77'), '203.0.113.0/24')
  assert.equal(truncatedAddress('2001:0DB8:1:2::1%eth0'), '2001:db8:1::/48')
  assert.equal(truncatedAddress('2001:db8::1'), '2001:db8:0::/48')
  for (const none of NO_ADDRESSES) assert.equal(truncatedAddress(none), '', none)
})

test('addresses that are not of the public Internet', () => {
  const closed = [
    ...['127.0.0.1', '10.1.2.3', '172.31.0.1', '192.168.0.1', '169.254.169.254', '100.64.0.1', '100.127.255.255'],
    ...['0.0.0.0', '0.1.2.3', '224.0.0.1', '240.0.0.1', '255.255.255.255', '192.0.0.8', '192.88.99.1', '198.19.0.1'],
    ...['192.0.2.1', '198.51.100.1', '203.0.113.1', '::', '::1', '::7f00:1', '::127.0.0.1', '::8.8.8.8'],
    ...['::ffff:10.0.0.1', '::ffff:7f00:1', '::ffff:8.8.8.8', '::ffff:0:127.0.0.1', '::ffff:127.0.0.1%eth0'],
    ...['64:ff9b::7f00:1', '64:ff9b::127.0.0.1', '64:ff9b:1::1', '2002:7f00:1::1', '2002:a00:1::', '2001:0:1::1'],
    ...['2001:db8::1', '2001:10::1', '2001:20::1', '3fff::1', '100::1', '5f00::1', '4000::1'],
    ...['fc00::1', 'fd12::1', 'fe80::1', 'fe80::1%eth0', 'febf::1', 'fec0::1', 'ff02::1', '2606:4700::1111%eth0'],
    ...NO_ADDRESSES,
  ]
  for (const address of closed) assert.equal(isPrivateAddress(address), true, address)
  for (const address of [
    '1.1.1.1',
    '93.184.216.34',
    '2606:4700::1111',
    '2a00:1450:4001::1',
    '172.32.0.1',
    '100.128.0.1',
  ])
    assert.equal(isPrivateAddress(address), false, address)
})

test('addresses at home', () => {
  const near = ['127.0.0.1', '127.9.9.9', '10.1.2.3', '172.16.0.1', '172.31.255.1', '192.168.1.1', '169.254.1.1', '::1']
  for (const address of [...near, 'fd00::1', 'fc00::1', 'fe80::1%eth0', '::ffff:192.168.1.1', '::ffff:c0a8:101'])
    assert.equal(isLocalAddress(address), true, address)
  const far = [
    '8.8.8.8',
    '100.64.0.1',
    '172.32.0.1',
    '192.169.0.1',
    '0.0.0.0',
    '2001:db8::1',
    'fe00::1',
    'fec0::1',
    '::',
  ]
  for (const address of [
    ...far,
    'fc5::1',
    'fe8::1',
    '64:ff9b::10.0.0.1',
    '2002:a00:1::',
    '::10.0.0.1',
    ...NO_ADDRESSES,
  ])
    assert.equal(isLocalAddress(address), false, address)
})

test('a list of networks lets in what is in one of them, and nothing else', () => {
  const isIn = createNetworkMatcher(['10.0.0.0/8', 'fd00::/8', '192.168.1.7', '::1', '::ffff:172.16.0.0/108'])
  for (const address of ['10.9.9.9', '::ffff:10.9.9.9', 'fd12::1', 'FD12::1%eth0', '192.168.1.7', '::1', '172.31.0.1'])
    assert.equal(isIn(address), true, address)
  const out = ['11.0.0.1', '192.168.1.8', 'fe80::1', '::2', '172.32.0.1', '::10.0.0.1', '64:ff9b::10.0.0.1']
  for (const address of [...out, ...NO_ADDRESSES]) assert.equal(isIn(address), false, address)
  assert.equal(createNetworkMatcher([])('10.0.0.1'), false)
  assert.deepEqual(['1.2.3.4', '2001::1'].map(createNetworkMatcher(['::/0'])), [false, true])
  assert.deepEqual(['1.2.3.4', '2001::1'].map(createNetworkMatcher(['0.0.0.0/0'])), [true, false])

  const wrong = ['10.0.0.0/', '10.0.0.0/33', '10.0.0.0/-1', '10.0.0.0/8/8', '10.0.0.0/x', '10.0.0.0/0008', '::/129']
  for (const text of [...wrong, '::ffff:10.0.0.0/90', 'all', '300.1.1.1', '127.1/8', '0x7f.1', '']) {
    assert.equal(isNetwork(text), false, text)
    assert.throws(() => createNetworkMatcher(['::1', text]), { code: 'CONFIG_INVALID' }, text)
  }
})
