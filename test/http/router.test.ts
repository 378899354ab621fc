import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AppError } from '../../src/base/errors.ts'
import { pingRoute, robotsRoute } from '../../src/http/ping-route.ts'
import { text } from '../../src/http/reply.ts'
import { createRouter, type Route } from '../../src/http/router.ts'
import type { HttpReply, HttpRequest } from '../../src/http/types.ts'

type Bytes = Extract<HttpReply, { kind: 'bytes' }>

function requestFor(method: string, path: string): HttpRequest {
  return {
    id: '1',
    method,
    path,
    query: '',
    headers: {},
    address: '127.0.0.1',
    origin: 'http://a',
    signal: new AbortController().signal,
    body: async () => new Uint8Array(0),
  }
}

const say = (method: string, path: string, more: Partial<Route> = {}): Route => ({
  method,
  path,
  handler: (_request, params) => text(200, `${method} ${path} ${JSON.stringify(params)}`),
  ...more,
})

function ask(router: { handle: (request: HttpRequest) => unknown }, method: string, path: string): Bytes {
  return router.handle(requestFor(method, path)) as Bytes
}

test('a browser at an address where nothing is gets a page, a program JSON', () => {
  const router = createRouter([say('POST', '/auth/login'), say('GET', '/here')])
  const from = (method: string, path: string, accept?: string) =>
    router.handle({ ...requestFor(method, path), headers: accept === undefined ? {} : { accept } }) as Bytes
  const browser = 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8'
  for (const path of ['/music', '/', '/admin/', '/api/nothing', '/%3Cscript%3E', '/auth/login']) {
    const page = from('GET', path, browser)
    assert.equal(page.status, path === '/auth/login' ? 405 : 404)
    assert.match(String(page.headers['content-type']), /^text\/html/)
    assert.match(String(page.headers['content-security-policy']), /default-src 'none'/)
    assert.match(String(page.body), /<a href="http:\/\/a\/">/)
    assert.doesNotMatch(String(page.body), /script/)
    for (const [method, accept] of [
      ['GET', 'application/json'],
      ['GET', '*/*'],
      ['GET', undefined],
      ['DELETE', browser],
    ] as const)
      assert.match(String(from(method, path, accept).headers['content-type']), /^application\/json/)
  }
  assert.equal(from('GET', '/here', browser).status, 200)
})

test('routes are found by method and path, parameters as they were written', () => {
  const router = createRouter([say('GET', '/api/albums/:id'), say('DELETE', '/api/albums/:id'), say('GET', '/files/*')])
  assert.equal(ask(router, 'GET', '/api/albums/A1z').body, 'GET /api/albums/:id {"id":"A1z"}')
  assert.equal(ask(router, 'DELETE', '/api/albums/7').body, 'DELETE /api/albums/:id {"id":"7"}')
  assert.equal(ask(router, 'GET', '/files/a/b.css').body, 'GET /files/* {"*":"a/b.css"}')
})

test('parameters are not decoded a second time', () => {
  const router = createRouter([say('GET', '/p/:name')])
  for (const name of ['100%25', '%41', 'a?b', 'a#b', 'a;b', 'ünï']) {
    assert.equal(ask(router, 'GET', `/p/${name}`).body, `GET /p/:name {"name":${JSON.stringify(name)}}`)
  }
})

test('unknown paths answer 404, unknown methods 405 with what is allowed', () => {
  const router = createRouter([say('GET', '/a'), say('POST', '/a'), say('POST', '/b')])
  assert.equal(ask(router, 'GET', '/c').status, 404)
  const wrong = ask(router, 'DELETE', '/a')
  assert.equal(wrong.status, 405)
  assert.equal(wrong.headers.allow, 'GET, POST, HEAD')
  assert.equal(ask(router, 'GET', '/b').headers.allow, 'POST')
  assert.equal(ask(router, 'UNBIND', '/a').status, 405)
  assert.equal(ask(router, 'BREW', '/a').status, 405)
})

test('GET answers HEAD, and ANY what no other route takes', () => {
  const router = createRouter([say('GET', '/a'), say('ANY', '/a'), say('ANY', '/rest/:method')])
  assert.match(String(ask(router, 'HEAD', '/a').body), /^GET/)
  assert.match(String(ask(router, 'PUT', '/a').body), /^ANY/)
  for (const method of ['GET', 'POST', 'HEAD', 'BREW', 'UNBIND']) {
    assert.match(String(ask(router, method, '/rest/ping').body), /^ANY/)
  }
})

test('case counts unless a route says otherwise', () => {
  const router = createRouter([say('GET', '/Api/x'), say('ANY', '/rest/:method', { ignoreCase: true })])
  assert.equal(ask(router, 'GET', '/api/x').status, 404)
  assert.equal(ask(router, 'GET', '/REST/getAlbum.View').body, 'ANY /rest/:method {"method":"getAlbum.View"}')
})

test('a swap replaces the whole table, and a bad one changes nothing', () => {
  const router = createRouter([say('GET', '/old')])
  router.swap([say('GET', '/new')])
  assert.equal(ask(router, 'GET', '/old').status, 404)
  assert.equal(ask(router, 'GET', '/new').status, 200)
  const twice = [say('GET', '/x'), say('GET', '/x')]
  assert.throws(
    () => router.swap(twice),
    (error) => error instanceof AppError && error.code === 'CONFLICT',
  )
  assert.throws(() => router.swap([say('UNBIND', '/x')]), AppError)
  assert.equal(ask(router, 'GET', '/new').status, 200)
})

test('health checks and search engines are answered', () => {
  const router = createRouter([pingRoute(() => undefined), robotsRoute])
  const ping = ask(router, 'GET', '/ping')
  assert.deepEqual([ping.status, ping.body, ping.headers['content-type']], [200, '.', 'text/plain; charset=utf-8'])
  assert.match(String(ask(router, 'GET', '/robots.txt').body), /Disallow: \/\n/)
})
