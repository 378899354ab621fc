import assert from 'node:assert/strict'
import { AppError } from '../../src/base/errors.ts'
import { text } from '../../src/http/reply.ts'
import type { HttpHandler } from '../../src/http/types.ts'
import { echo, onBoth, raw, rawExchange, serve, until } from './harness.ts'

const readBody =
  (limit: number): HttpHandler =>
  async (request) =>
    text(200, `${(await request.body(limit)).length}`)

onBoth('the handler sees method, path, query, headers and address as they were sent', async (t, name) => {
  const { port } = await serve(t, name, echo)
  const { body } = await rawExchange(
    t,
    port,
    'GET //rest//ping%2Eview?u=a%20b&f=json HTTP/1.1\r\nHost: music.example.org:4533\r\nX-One: 1\r\nx-one: 2\r\nCookie: a=1\r\nCookie: b=2\r\n\r\n',
  )
  const seen = JSON.parse(body)
  assert.equal(seen.method, 'GET')
  assert.equal(seen.path, '/rest/ping.view')
  assert.equal(seen.query, 'u=a%20b&f=json')
  assert.equal(seen.headers['x-one'], '1, 2')
  assert.equal(seen.headers.cookie, 'a=1; b=2')
  assert.equal(seen.address, '127.0.0.1')
  assert.equal(seen.origin, 'http://music.example.org:4533')
  assert.match(seen.id, /^[0-9a-z]+$/)
})

onBoth('requests have different ids', async (t, name) => {
  const { url } = await serve(t, name, (request) => text(200, request.id))
  const ids = await Promise.all(Array.from({ length: 20 }, async () => (await fetch(url)).text()))
  assert.equal(new Set(ids).size, 20)
})

onBoth('raw UTF-8 in path and query arrives as text, or escaped', async (t, name) => {
  const { port } = await serve(t, name, (request) => text(200, `${request.path} ${request.query}`))
  const target = Buffer.from('/Café?q=Björk').toString('latin1')
  const client = raw(t, port, Buffer.from(`GET ${target} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`, 'latin1'))
  const received = Buffer.from(await client.closed, 'latin1').toString()
  // Node's parser takes only escaped targets.
  assert.ok(received.endsWith(name === 'node' ? '/Café q=Bj%C3%B6rk' : '/Café q=Björk'), received)
})

onBoth('invalid escapes, NUL and dot segments are refused before the handler', async (t, name) => {
  let calls = 0
  const { port } = await serve(t, name, () => {
    calls++
    return text(200, 'handled')
  })
  for (const target of ['/%zz', '/%ff', '/a%00b', '/../etc/passwd', '/a/%2e%2e/b', '/a/..%2fb', '/.']) {
    assert.equal((await rawExchange(t, port, `GET ${target} HTTP/1.1\r\nHost: a\r\n\r\n`)).status, 400, target)
  }
  assert.equal(calls, 0)
})

onBoth('a base path is taken off, whether or not the proxy did so already', async (t, name) => {
  const { url } = await serve(t, name, echo, { basePath: '/tonearm' })
  const inside = await (await fetch(`${url}/tonearm/rest/ping`)).json()
  assert.equal(inside.path, '/rest/ping')
  assert.equal(inside.origin, `${url}/tonearm`)
  assert.equal((await (await fetch(`${url}/tonearm`)).json()).path, '/')
  for (const path of ['/rest/ping', '/tonearmish', '/']) {
    const bare = await (await fetch(url + path)).json()
    assert.equal(bare.path, path)
    assert.equal(bare.origin, `${url}/tonearm`)
  }
})

onBoth('a GET of 200 KiB is served, one beyond the limit is answered 431', async (t, name) => {
  const { port } = await serve(t, name, (request) => text(200, String(request.query.length)))
  const query = 'songId=abcdefgh&'.repeat(12_800)
  const long = await rawExchange(t, port, `GET /rest/createPlaylist?${query} HTTP/1.1\r\nHost: a\r\n\r\n`)
  assert.equal(long.status, 200)
  assert.equal(long.body, String(query.length))
  const tooLong = `GET /?${'a'.repeat(300 * 1024)} HTTP/1.1\r\nHost: a\r\n\r\n`
  assert.match(await raw(t, port, tooLong).closed, /^HTTP\/1.1 431 /)
})

onBoth('a POSTed form of 5 MB arrives whole and unchanged', async (t, name) => {
  const { url } = await serve(t, name, async (request) => {
    const body = await request.body(6_000_000)
    return { kind: 'bytes', status: 200, headers: {}, body }
  })
  const sent = Buffer.alloc(5_000_000, 'songIdToAdd=s1a&')
  const reply = await fetch(url, { method: 'POST', body: sent })
  assert.ok(Buffer.from(await reply.arrayBuffer()).equals(sent))
})

onBoth('a chunked body arrives whole', async (t, name) => {
  const { port } = await serve(t, name, async (request) => text(200, Buffer.from(await request.body(100)).toString()))
  const { body } = await rawExchange(
    t,
    port,
    'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n',
  )
  assert.equal(body, 'hello world')
})

onBoth('a body may be asked for late, and its bytes wait', async (t, name) => {
  const { url } = await serve(t, name, async (request) => {
    await new Promise((resolve) => setTimeout(resolve, 100))
    return text(200, String((await request.body(3_000_000)).length))
  })
  const reply = await fetch(url, { method: 'POST', body: Buffer.alloc(2_000_000) })
  assert.equal(await reply.text(), '2000000')
})

onBoth('a body is empty where there is none, also on a GET that claims JSON', async (t, name) => {
  const { port } = await serve(t, name, readBody(10))
  const plain = 'GET / HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n\r\n'
  assert.equal((await rawExchange(t, port, plain)).body, '0')
  const empty = 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n'
  assert.equal((await rawExchange(t, port, empty)).body, '0')
})

onBoth('a body beyond the limit is refused with 413, announced or not', async (t, name) => {
  const { port, url } = await serve(t, name, readBody(1000))
  assert.equal((await fetch(url, { method: 'POST', body: 'a'.repeat(1001) })).status, 413)
  assert.equal((await fetch(url, { method: 'POST', body: 'a'.repeat(300_000) })).status, 413)
  assert.equal((await fetch(url, { method: 'POST', body: 'a'.repeat(1000) })).status, 200)
  const announced = raw(t, port, 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9000000000\r\n\r\nhello')
  assert.match(await announced.closed, /^HTTP\/1.1 413 /)
})

onBoth('the server-wide body limit holds where a handler allows more', async (t, name) => {
  const { url } = await serve(t, name, readBody(1_000_000), { limits: { bodyBytes: 500 } })
  assert.equal((await fetch(url, { method: 'POST', body: 'a'.repeat(501) })).status, 413)
})

onBoth('all bodies together have a bound while they arrive; small ones always have room', async (t, name) => {
  const { port, url } = await serve(t, name, readBody(1_000_000), { limits: { bodiesBytes: 450_000, bodyMs: 60_000 } })
  const moment = () => new Promise((resolve) => setTimeout(resolve, 20))
  const big = async () =>
    (await fetch(url, { method: 'POST', body: 'b'.repeat(300_000) }).catch(() => undefined))?.status
  /** A client whose body has come for the most part and holds the room. When a big one was quicker, once more. */
  const halfway = async () => {
    for (;;) {
      const client = raw(t, port, `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 500000\r\n\r\n${'a'.repeat(440_000)}`)
      for (let tries = 0; tries < 20; tries++) {
        if ((await big()) === 503) return client
        await moment()
      }
      client.socket.destroy()
      await moment()
    }
  }
  const first = await halfway()
  assert.equal((await fetch(url, { method: 'POST', body: 'c'.repeat(60_000) })).status, 200)
  first.socket.write('a'.repeat(60_000))
  await until(() => first.text().startsWith('HTTP/1.1 200 '))
  assert.equal(await big(), 200, 'what was held is free again')
  const leaving = await halfway()
  leaving.socket.destroy()
  while ((await big()) !== 200) await moment()
})

onBoth('a body that does not come is given up', async (t, name) => {
  const { port, errors } = await serve(t, name, readBody(1000), { limits: { bodyMs: 150 } })
  const client = raw(t, port, 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhello')
  assert.match(await client.closed, /^HTTP\/1.1 408 /)
  assert.equal(errors.length, 0)
})

onBoth('a client that leaves in the middle of its body rejects the read and is no error', async (t, name) => {
  const failures: unknown[] = []
  const { port, finished, errors } = await serve(t, name, async (request) => {
    try {
      return text(200, String((await request.body(1000)).length))
    } catch (error) {
      failures.push(error)
      throw error
    }
  })
  const client = raw(t, port, 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhello')
  setTimeout(() => client.socket.destroy(), 50)
  await until(() => finished.length > 0 && failures.length > 0)
  assert.ok(failures[0] instanceof AppError && failures[0].code === 'CANCELLED')
  assert.equal(finished[0]?.outcome, 'aborted')
  assert.deepEqual(errors, [])
})

onBoth('a client that waits for 100 Continue gets it', async (t, name) => {
  const { port } = await serve(t, name, readBody(1000))
  const client = raw(
    t,
    port,
    'POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\nConnection: close\r\n\r\n',
  )
  await until(() => client.text().includes('100 Continue'))
  client.socket.write('hello')
  assert.match(await client.closed, /HTTP\/1.1 200 OK[\s\S]*\r\n\r\n5$/)
})

onBoth('a small body that nobody reads does not disturb the next request', async (t, name) => {
  const { port } = await serve(t, name, (request) => text(200, `<${request.method}>`))
  const client = raw(t, port, 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello')
  await until(() => client.text().includes('<POST>'))
  client.socket.write('GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')
  assert.match(await client.closed, /<POST>HTTP\/1.1 200 OK[\s\S]*<GET>$/)
})

onBoth('malformed requests are refused, and the server goes on', async (t, name) => {
  let calls = 0
  const { port, url } = await serve(t, name, () => {
    calls++
    return text(200, 'ok')
  })
  const hostile = [
    'garbage\r\n\r\n',
    'get / HTTP/1.1\r\nHost: a\r\n\r\n',
    'GET / HTTP/9.9\r\nHost: a\r\n\r\n',
    'GET /\x00 HTTP/1.1\r\nHost: a\r\n\r\n',
    'GET /a b HTTP/1.1\r\nHost: a\r\n\r\n',
    'GET / HTTP/1.1\r\nBad Header: 1\r\nHost : a\r\n\r\n',
    'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!',
    'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: abc\r\n\r\nhello',
    'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -5\r\n\r\nhello',
    'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999\r\n\r\nhello',
    'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    'OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n',
  ]
  for (const request of hostile) {
    const client = raw(t, port, request)
    // Some are taken for the beginning of something longer: leaving must do no harm either.
    client.socket.end()
    const reply = await client.closed
    assert.ok(reply === '' || /^HTTP\/1.1 (400|405|408|431|505) /.test(reply), `${JSON.stringify(request)}: ${reply}`)
  }
  assert.equal(calls, 0)
  assert.equal((await fetch(url)).status, 200)
})

onBoth('forwarding headers count from trusted proxies only', async (t, name) => {
  const headers = {
    'x-forwarded-for': '203.0.113.7, 198.51.100.9',
    'x-forwarded-proto': 'https',
    'x-forwarded-host': 'music.example.org',
    'x-forwarded-prefix': '/audio',
  }
  const open = await serve(t, name, echo)
  const spoofed = await (await fetch(open.url, { headers })).json()
  assert.equal(spoofed.address, '127.0.0.1')
  assert.equal(spoofed.origin, open.url)
  const behind = await serve(t, name, echo, { trustedProxies: ['127.0.0.0/8', '198.51.100.9'], basePath: '/t' })
  const seen = await (await fetch(`${behind.url}/t/`, { headers })).json()
  assert.equal(seen.address, '203.0.113.7')
  assert.equal(seen.origin, 'https://music.example.org/audio/t')
})

onBoth('a connection goes on after a large body that was there before the handler asked for it', async (t, name) => {
  let release: () => void = () => {}
  const released = new Promise<void>((resolve) => {
    release = resolve
  })
  const { port } = await serve(t, name, async (request) => {
    if (request.method === 'GET') {
      release()
      return text(200, request.path)
    }
    await released
    return text(200, String((await request.body(1 << 20)).length))
  })
  const post = 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 70000\r\n\r\n'
  const client = raw(t, port, post + 'x'.repeat(70_000))
  // Of another connection, when all of the body was written.
  await fetch(`http://127.0.0.1:${port}/go`)
  await until(() => client.text().includes('\r\n\r\n70000'))
  client.socket.write('GET /next HTTP/1.1\r\nHost: x\r\n\r\n')
  await until(() => client.text().includes('\r\n\r\n/next'))
})
