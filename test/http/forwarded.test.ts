import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AppError } from '../../src/base/errors.ts'
import { createClientResolver } from '../../src/http/forwarded.ts'

const resolve = createClientResolver({
  trustedProxies: ['10.0.0.0/8', '2001:db8::/32', '127.0.0.1'],
  scheme: 'http',
  basePath: '/t',
  fallbackHost: () => '0.0.0.0:4533',
})
const client = (headers: Record<string, string>, peer: string | undefined = '10.0.0.1') =>
  resolve(peer, headers).address
const origin = (headers: Record<string, string>, peer: string | undefined = '10.0.0.1') => resolve(peer, headers).origin

test('the client is the rightmost address that is no trusted proxy', () => {
  assert.equal(client({ 'x-forwarded-for': '203.0.113.7' }), '203.0.113.7')
  assert.equal(client({ 'x-forwarded-for': '1.2.3.4, 203.0.113.7, 10.9.9.9' }), '203.0.113.7')
  assert.equal(client({ 'x-forwarded-for': '10.2.2.2, 10.9.9.9' }), '10.2.2.2')
  assert.equal(client({ 'x-forwarded-for': '203.0.113.7:4711' }), '203.0.113.7')
  assert.equal(client({ 'x-forwarded-for': '[2001:4860::1]:80' }), '2001:4860::1')
})

test('what is no address ends the walk at the last known proxy', () => {
  assert.equal(client({ 'x-forwarded-for': '203.0.113.7, nonsense' }), '10.0.0.1')
  assert.equal(client({ 'x-forwarded-for': '203.0.113.7, unknown, 10.0.0.2' }), '10.0.0.2')
  assert.equal(client({ 'x-forwarded-for': '' }), '10.0.0.1')
})

test('others than trusted proxies can claim nothing', () => {
  const headers = { host: 'a', 'x-forwarded-for': '1.2.3.4', 'x-forwarded-proto': 'https', 'x-forwarded-host': 'evil' }
  assert.equal(client(headers, '198.51.100.1'), '198.51.100.1')
  assert.equal(origin(headers, '198.51.100.1'), 'http://a/t')
  assert.equal(client({ forwarded: 'for=1.2.3.4' }, '198.51.100.1'), '198.51.100.1')
})

test('Forwarded is read with quotes, brackets and ports', () => {
  const forwarded = 'for="[2001:4860::17]:4711";proto=https;host="music.example.org:8443", For=10.1.1.1'
  assert.equal(client({ forwarded }), '2001:4860::17')
  assert.equal(origin({ forwarded, host: 'inner' }), 'https://music.example.org:8443/t')
  assert.equal(client({ forwarded: 'for=_hidden, for="10.1.1.1"' }), '10.1.1.1')
})

test('a quote left open by the client hides nothing that the proxy added', () => {
  assert.equal(client({ forwarded: 'for="1.2.3.4, for=5.6.7.8' }), '10.0.0.1')
  assert.equal(client({ forwarded: 'for=1.2.3.4;x=", for="[2001:4860::17]"' }), '10.0.0.1')
  assert.equal(client({ forwarded: 'for=1.2.3.4;x="\\", for="[2001:4860::17]"' }), '10.0.0.1')
})

test('the origin takes scheme, host and prefix from the proxy and refuses what is no host', () => {
  assert.equal(origin({ host: 'inner:4533' }), 'http://inner:4533/t')
  assert.equal(origin({ host: 'inner', 'x-forwarded-proto': 'https' }), 'https://inner/t')
  assert.equal(origin({ host: 'inner', 'x-forwarded-host': 'outer', 'x-forwarded-prefix': '/m/' }), 'http://outer/m/t')
  assert.equal(origin({ host: 'inner', 'x-forwarded-proto': 'javascript' }), 'http://inner/t')
  for (const host of ['a"onload=', 'a/b', 'a b', 'user@a', '', '[::1', 'a:99999999', '-a']) {
    assert.equal(origin({ host }), 'http://0.0.0.0:4533/t', host)
  }
  assert.equal(origin({ host: '[::1]:4533' }), 'http://[::1]:4533/t')
  assert.equal(origin({ host: 'a', 'x-forwarded-prefix': '//evil' }), 'http://a/t')
  assert.equal(origin({ host: 'a', 'x-forwarded-prefix': '/t' }), 'http://a/t')
})

test('a chain of proxies is read at the hop of the client', () => {
  const headers = { 'x-forwarded-for': '203.0.113.7, 10.1.1.1', 'x-forwarded-proto': 'https, http', host: 'a' }
  assert.equal(origin(headers), 'https://a/t')
})

test('a Unix socket’s peer is believed', () => {
  const believed = createClientResolver({ trustedProxies: [], scheme: 'http', basePath: '', fallbackHost: () => 'x' })
  assert.equal(believed(undefined, { 'x-forwarded-for': '1.2.3.4' }).address, '1.2.3.4')
  assert.equal(believed(undefined, {}).address, '127.0.0.1')
})

test('an unreadable proxy is refused by name', () => {
  for (const entry of ['10.0.0.0/33', 'proxy.local', '10.0.0.0/x', '']) {
    const options = { trustedProxies: [entry], scheme: 'http' as const, basePath: '', fallbackHost: () => '' }
    assert.throws(
      () => createClientResolver(options),
      (error) => error instanceof AppError && error.code === 'CONFIG_INVALID' && error.message.includes(`'${entry}'`),
    )
  }
})
