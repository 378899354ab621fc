import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { AppError } from '../../src/base/errors.ts'
import { text } from '../../src/http/reply.ts'
import type { HttpReply } from '../../src/http/types.ts'
import { BufferPool } from '../../src/media/buffer-pool.ts'
import { fileSource } from '../../src/media/file-source.ts'
import {
  bytesOf,
  dechunk,
  onBoth,
  raw,
  rawExchange,
  serve,
  until,
  type WatchedSource,
  watchedSource,
} from './harness.ts'

const SIZE = 100_000
const MODIFIED = new Date('2026-01-02T03:04:05.678Z')
const FIELDS = { length: SIZE, etag: '"v1"', lastModified: MODIFIED }

const reply = (source: WatchedSource): HttpReply => ({ kind: 'source', headers: {}, source })

onBoth('a whole source comes with its length, validators and accept-ranges', async (t, name) => {
  const source = watchedSource(SIZE, { ...FIELDS, cacheControl: 'private', headers: { 'x-content-duration': '3.5' } })
  const { url, finished } = await serve(t, name, () => reply(source))
  const got = await fetch(url)
  assert.equal(got.status, 200)
  assert.equal(got.headers.get('content-length'), String(SIZE))
  assert.equal(got.headers.get('accept-ranges'), 'bytes')
  assert.equal(got.headers.get('etag'), '"v1"')
  assert.equal(got.headers.get('last-modified'), 'Fri, 02 Jan 2026 03:04:05 GMT')
  assert.equal(got.headers.get('cache-control'), 'private')
  assert.equal(got.headers.get('x-content-duration'), '3.5')
  assert.deepEqual(new Uint8Array(await got.arrayBuffer()), bytesOf(0, SIZE))
  assert.deepEqual(source.opened, [undefined])
  await until(() => finished.length === 1)
  assert.equal(source.closes, 1)
  assert.equal(finished[0]?.bytes, SIZE)
})

onBoth('single, open and suffix ranges are cut exactly', async (t, name) => {
  const { url } = await serve(t, name, () => reply(watchedSource(SIZE, FIELDS)))
  const cases: readonly [string, number, number][] = [
    ['bytes=0-0', 0, 1],
    ['bytes=100-299', 100, 300],
    ['bytes=70000-', 70_000, SIZE],
    ['bytes=-500', SIZE - 500, SIZE],
    ['bytes=-999999', 0, SIZE],
    ['bytes=-99999999999999999999', 0, SIZE],
    ['bytes=5-99999999999999999999', 5, SIZE],
    ['bytes=99999-200000', 99_999, SIZE],
    ['BYTES = 5-6', 5, 7],
  ]
  for (const [range, start, end] of cases) {
    const got = await fetch(url, { headers: { range } })
    assert.equal(got.status, 206, range)
    assert.equal(got.headers.get('content-range'), `bytes ${start}-${end - 1}/${SIZE}`)
    assert.equal(got.headers.get('content-length'), String(end - start))
    assert.deepEqual(new Uint8Array(await got.arrayBuffer()), bytesOf(start, end))
  }
})

onBoth(
  'sources and ranges about as long as one piece come whole, and their buffer is free at once',
  async (t, name) => {
    const sources: WatchedSource[] = []
    const { url, finished } = await serve(t, name, ({ query }) => {
      const source = watchedSource(
        Number(query),
        { ...FIELDS, length: Number(query) },
        { chunkBytes: 20_480, again: true },
      )
      sources.push(source)
      return reply(source)
    })
    const sizes = [1, 2, 4096, 16_383, 16_384, 16_385, 20_479, 20_480, 20_481, 40_960, 40_961]
    for (const size of sizes) {
      const got = await fetch(`${url}?${size}`)
      assert.equal(got.headers.get('content-length'), String(size))
      assert.deepEqual(new Uint8Array(await got.arrayBuffer()), bytesOf(0, size), String(size))
    }
    for (const [start, end] of [
      [0, 16_383],
      [0, 16_384],
      [1, 16_384],
      [20_479, 20_480],
      [20_480, 36_863],
      [SIZE - 16_384, SIZE - 1],
      [SIZE - 16_385, SIZE - 1],
    ] as const) {
      const got = await fetch(`${url}?${SIZE}`, { headers: { range: `bytes=${start}-${end}` } })
      assert.equal(got.status, 206)
      assert.deepEqual(new Uint8Array(await got.arrayBuffer()), bytesOf(start, end + 1), `${start}-${end}`)
    }
    await until(() => finished.length === sources.length)
    assert.deepEqual(
      sources.map(({ closes }) => closes),
      sources.map(() => 1),
    )
    assert.deepEqual(
      finished.slice(0, sizes.length).map(({ bytes }) => bytes),
      sizes,
    )
  },
)

onBoth('files arrive whole though their readers stop again and again', async (t, name) => {
  const folder = await mkdtemp(join(tmpdir(), 'tonearm-'))
  t.after(() => rm(folder, { recursive: true }))
  const size = 12_345_678
  const content = Buffer.from(bytesOf(0, size))
  await writeFile(join(folder, 'file'), content)
  const pool = new BufferPool()
  const { port } = await serve(t, name, async () => ({
    kind: 'source',
    headers: {},
    source: await fileSource({ path: join(folder, 'file'), contentType: 'audio/mpeg', tag: 'a', pool }),
  }))
  const ranges = [
    [0, size],
    [1, size - 1],
    [20_480, 20_480 + 65_536],
    [size - 65_536, size],
  ] as const
  const bodies = ranges.map(async ([start, end], at) => {
    const range = `bytes=${start}-${end - 1}`
    const client = raw(t, port, `GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nRange: ${range}\r\n\r\n`)
    let taken = 0
    client.socket.on('data', (chunk) => {
      taken += chunk.length
      if (taken < (at + 1) * 700_000) return
      taken = 0
      client.socket.pause()
      setImmediate(() => client.socket.resume())
    })
    const received = await client.closed
    return Buffer.from(received.slice(received.indexOf('\r\n\r\n') + 4), 'latin1')
  })
  for (const [at, body] of (await Promise.all(bodies)).entries())
    assert.ok(body.equals(content.subarray(...(ranges[at] as readonly [number, number]))), String(ranges[at]))
})

onBoth('a short source that ends early is no whole answer', async (t, name) => {
  const source = watchedSource(700, { ...FIELDS, length: 800 })
  const { port, finished } = await serve(t, name, () => reply(source))
  const got = await raw(t, port, 'GET / HTTP/1.1\r\nHost: a\r\n\r\n').closed
  assert.doesNotMatch(got, /content-length: 700/i)
  await until(() => finished.length === 1)
  assert.equal(finished[0]?.outcome, 'failed')
  assert.equal(source.closes, 1)
})

onBoth('ranges that can not be met answer 416 and open nothing', async (t, name) => {
  const source = watchedSource(SIZE, FIELDS)
  const { url } = await serve(t, name, () => reply(source))
  for (const range of [`bytes=${SIZE}-`, 'bytes=5-2', 'bytes=-0', 'bytes=a-b', 'bytes=', 'bytes=9999999999999999-']) {
    const got = await fetch(url, { headers: { range } })
    assert.equal(got.status, 416, range)
    assert.equal(got.headers.get('content-range'), `bytes */${SIZE}`)
    assert.equal((await got.arrayBuffer()).byteLength, 0)
  }
  assert.deepEqual(source.opened, [])
})

onBoth('several ranges and other units answer with everything', async (t, name) => {
  const { url } = await serve(t, name, () => reply(watchedSource(SIZE, FIELDS)))
  for (const range of ['bytes=0-1,5-6', 'items=0-5']) {
    const got = await fetch(url, { headers: { range } })
    assert.equal(got.status, 200)
    assert.equal((await got.arrayBuffer()).byteLength, SIZE)
  }
})

onBoth('If-Range lets a range through only for the same bytes', async (t, name) => {
  const { url } = await serve(t, name, () => reply(watchedSource(SIZE, FIELDS)))
  const ask = async (value: string) => (await fetch(url, { headers: { range: 'bytes=1-2', 'if-range': value } })).status
  assert.equal(await ask('"v1"'), 206)
  assert.equal(await ask('"v2"'), 200)
  assert.equal(await ask('W/"v1"'), 200)
  assert.equal(await ask('Fri, 02 Jan 2026 03:04:05 GMT'), 206)
  assert.equal(await ask('Fri, 02 Jan 2026 03:04:06 GMT'), 200)
  assert.equal(await ask('nonsense'), 200)
})

onBoth('conditions answer 304 or 412 without opening the source', async (t, name) => {
  const source = watchedSource(SIZE, { ...FIELDS, cacheControl: 'max-age=5' })
  const { url } = await serve(t, name, () => reply(source))
  const same = await fetch(url, { headers: { 'if-none-match': 'W/"v1"' } })
  assert.equal(same.status, 304)
  assert.equal(same.headers.get('etag'), '"v1"')
  assert.equal(same.headers.get('cache-control'), 'max-age=5')
  assert.equal(same.headers.get('content-length'), null)
  const ask = async (headers: Record<string, string>) => (await fetch(url, { method: 'HEAD', headers })).status
  assert.equal(await ask({ 'if-none-match': '*' }), 304)
  assert.equal(await ask({ 'if-modified-since': 'Fri, 02 Jan 2026 03:04:05 GMT' }), 304)
  assert.equal(await ask({ 'if-modified-since': 'Fri, 02 Jan 2026 03:04:04 GMT' }), 200)
  assert.equal(await ask({ 'if-match': '"v2"' }), 412)
  assert.equal(await ask({ 'if-match': '"v2", "v1"' }), 200)
  assert.equal(await ask({ 'if-unmodified-since': 'Thu, 01 Jan 2026 00:00:00 GMT' }), 412)
  assert.deepEqual(source.opened, [])
})

onBoth('HEAD describes a source without opening it', async (t, name) => {
  const source = watchedSource(SIZE, FIELDS)
  const { port } = await serve(t, name, () => reply(source))
  const { status, head, body } = await rawExchange(t, port, 'HEAD / HTTP/1.1\r\nHost: a\r\nRange: bytes=1-2\r\n\r\n')
  assert.equal(status, 200)
  assert.match(head, /content-length: 100000/)
  assert.match(head, /accept-ranges: bytes/)
  assert.equal(body, '')
  assert.deepEqual(source.opened, [])
})

onBoth('a source of unknown length is chunked, without ranges', async (t, name) => {
  const source = watchedSource(SIZE)
  const { port } = await serve(t, name, () => reply(source))
  const { status, head, body } = await rawExchange(t, port, 'GET / HTTP/1.1\r\nHost: a\r\nRange: bytes=5-9\r\n\r\n')
  assert.equal(status, 200)
  assert.match(head, /accept-ranges: none/)
  assert.match(head, /transfer-encoding: chunked/)
  assert.ok(Buffer.from(body, 'latin1').equals(bytesOf(0, SIZE)))
})

onBoth('sources of one byte, of none, and in tiny chunks arrive whole', async (t, name) => {
  const { url } = await serve(t, name, ({ query }) => {
    const [size, chunk, known] = query.split(',').map(Number) as [number, number, number]
    return reply(watchedSource(size, known ? { length: size } : {}, { chunkBytes: chunk }))
  })
  for (const query of [
    '0,10,1',
    '0,10,0',
    '1,10,1',
    '1,10,0',
    '5000,7,1',
    '5000,7,0',
    '700000,600000,0',
    '16384,16384,1',
  ]) {
    const got = new Uint8Array(await (await fetch(`${url}/?${query}`)).arrayBuffer())
    assert.deepEqual(got, bytesOf(0, Number(query.split(',')[0])), query)
  }
})

onBoth('a promised length is kept by padding with zeros or by cutting', async (t, name) => {
  const { url } = await serve(t, name, ({ query }) => reply(watchedSource(Number(query), { estimatedLength: 50_000 })))
  const short = await fetch(`${url}/?1000`)
  assert.equal(short.headers.get('content-length'), '50000')
  assert.equal(short.headers.get('accept-ranges'), 'none')
  const padded = new Uint8Array(await short.arrayBuffer())
  assert.deepEqual(padded.subarray(0, 1000), bytesOf(0, 1000))
  assert.ok(padded.length === 50_000 && padded.subarray(1000).every((byte) => byte === 0))
  const cut = new Uint8Array(await (await fetch(`${url}/?90000`)).arrayBuffer())
  assert.deepEqual(cut, bytesOf(0, 50_000))
})

onBoth('a source that ends early cuts the connection instead of lying', async (t, name) => {
  const source = watchedSource(1000, { length: 50_000 })
  const { url, finished, errors } = await serve(t, name, () => reply(source))
  await assert.rejects(async () => (await fetch(url)).arrayBuffer())
  await until(() => finished.length === 1)
  assert.equal(finished[0]?.outcome, 'failed')
  assert.equal(source.closes, 1)
  assert.equal(errors.length, 1)
})

onBoth('a source that fails before its first byte answers properly', async (t, name) => {
  let closes = 0
  const failure = new AppError('NOT_FOUND', 'The song is gone')
  const { url } = await serve(t, name, ({ path }) => ({
    kind: 'source',
    headers: {},
    source: {
      contentType: 'audio/mpeg',
      length: 10,
      open: () =>
        path === '/open'
          ? Promise.reject(failure)
          : Promise.resolve({ read: () => Promise.reject(failure), close: () => void closes++ }),
    },
    ...(path === '/own' ? { onError: (error) => text(200, `<failed>${error === failure}</failed>`) } : {}),
  }))
  assert.equal((await fetch(`${url}/open`)).status, 404)
  assert.equal((await fetch(`${url}/read`)).status, 404)
  assert.equal(closes, 1)
  assert.equal(await (await fetch(`${url}/own`)).text(), '<failed>true</failed>')
  assert.equal(closes, 2)
})

onBoth('a source that fails on the way cuts the connection and is closed once', async (t, name) => {
  let closes = 0
  let reads = 0
  const { url, errors } = await serve(t, name, () => ({
    kind: 'source',
    headers: {},
    source: {
      contentType: 'audio/mpeg',
      open: async () => ({
        read: async () => {
          if (reads++ > 3) throw new Error('disk')
          return new Uint8Array(5000)
        },
        close: () => void closes++,
      }),
    },
  }))
  await assert.rejects(async () => (await fetch(url)).arrayBuffer())
  await until(() => closes > 0)
  assert.equal(closes, 1)
  assert.equal(errors.length, 1)
})

for (const known of [true, false]) {
  onBoth(`a reader that stops holds back a source of ${known ? 'known' : 'unknown'} length`, async (t, name) => {
    const size = 64 * 1024 * 1024
    const source = watchedSource(size, known ? { length: size } : {})
    const { port, finished } = await serve(t, name, () => reply(source))
    const client = raw(t, port, 'GET / HTTP/1.1\r\nHost: a\r\n\r\n')
    client.socket.pause()
    let before = -1
    await until(() => {
      const still = source.pulled > 0 && source.pulled === before
      before = source.pulled
      return still
    })
    assert.ok(source.pulled < size / 3, `${source.pulled} bytes were read for a client that takes none`)
    client.socket.destroy()
    await until(() => finished.length === 1)
    assert.equal(source.closes, 1)
    assert.equal(finished[0]?.outcome, 'aborted')
  })

  onBoth(`a reader that dawdles gets every byte of ${known ? 'known' : 'unknown'} length`, async (t, name) => {
    const size = 12 * 1024 * 1024
    const { port } = await serve(t, name, () =>
      reply(watchedSource(size, known ? { length: size } : {}, { chunkBytes: 40_000 })),
    )
    const client = raw(t, port, 'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')
    const rest = setInterval(() => {
      client.socket.pause()
      setTimeout(() => client.socket.resume(), 15)
    }, 20)
    const received = await client.closed
    clearInterval(rest)
    const body = received.slice(received.indexOf('\r\n\r\n') + 4)
    const bytes = Buffer.from(known ? body : dechunk(body), 'latin1')
    assert.ok(bytes.equals(bytesOf(0, size)))
  })
}

onBoth('a client that leaves while the source waits closes it at once', async (t, name) => {
  let closes = 0
  const { port, finished } = await serve(t, name, () => ({
    kind: 'source',
    headers: {},
    source: {
      contentType: 'audio/mpeg',
      open: async () => ({ read: () => new Promise(() => {}), close: () => void closes++ }),
    },
  }))
  const client = raw(t, port, 'GET / HTTP/1.1\r\nHost: a\r\n\r\n')
  setTimeout(() => client.socket.destroy(), 50)
  await until(() => closes > 0)
  assert.equal(closes, 1)
  assert.equal(finished[0]?.outcome, 'aborted')
})

onBoth('a client that leaves while the source is being opened closes what was opened', async (t, name) => {
  let closes = 0
  let open = () => {}
  const { port, finished } = await serve(t, name, () => ({
    kind: 'source',
    headers: {},
    source: {
      contentType: 'audio/mpeg',
      open: async () => {
        await new Promise<void>((resolve) => {
          open = resolve
        })
        return { read: async () => new Uint8Array(10), close: () => void closes++ }
      },
    },
  }))
  const client = raw(t, port, 'GET / HTTP/1.1\r\nHost: a\r\n\r\n')
  setTimeout(() => client.socket.destroy(), 50)
  await until(() => finished.length === 1)
  assert.equal(closes, 0)
  open()
  await until(() => closes > 0)
  assert.equal(closes, 1)
})

onBoth('a client that takes nothing for too long is cut off', async (t, name) => {
  const size = 64 * 1024 * 1024
  const source = watchedSource(size, { length: size })
  const { port, finished } = await serve(t, name, () => reply(source), { limits: { stallMs: 300 } })
  const client = raw(t, port, 'GET / HTTP/1.1\r\nHost: a\r\n\r\n')
  client.socket.pause()
  await until(() => finished.length === 1)
  assert.equal(finished[0]?.outcome, 'aborted')
  assert.equal(source.closes, 1)
})

onBoth('a POSTed form can ask for a range', async (t, name) => {
  const { url } = await serve(t, name, () => reply(watchedSource(SIZE, FIELDS)))
  const got = await fetch(url, { method: 'POST', body: 'id=s1', headers: { range: 'bytes=10-19' } })
  assert.equal(got.status, 206)
  assert.deepEqual(new Uint8Array(await got.arrayBuffer()), bytesOf(10, 20))
})

onBoth('a download is named in any script', async (t, name) => {
  const source = watchedSource(10, { length: 10, downloadName: 'Sigur Rós – "Untitled/#1".flac' })
  const { url } = await serve(t, name, () => reply(source))
  const got = await fetch(url)
  assert.equal(
    got.headers.get('content-disposition'),
    `attachment; filename="Sigur R_s _ _Untitled_#1_.flac"; filename*=UTF-8''Sigur%20R%C3%B3s%20%E2%80%93%20%22Untitled_%231%22.flac`,
  )
})

onBoth(
  'a source that can not be opened is replaced by the one it names, with that one head and ranges',
  async (t, name) => {
    const failing = (): WatchedSource => ({
      ...watchedSource(SIZE, { contentType: 'audio/mpeg' }),
      open: () => Promise.reject(new AppError('TRANSCODE_FAILED', 'no')),
    })
    const other = watchedSource(SIZE, { ...FIELDS, contentType: 'audio/flac' })
    const { url } = await serve(t, name, ({ path }) => {
      if (path === '/other') return reply({ ...failing(), instead: async () => other } as WatchedSource)
      const instead = path === '/none' ? async () => undefined : () => Promise.reject(new Error('gone too'))
      return { ...reply({ ...failing(), instead } as WatchedSource), onError: () => text(200, 'an error') } as HttpReply
    })
    const got = await fetch(`${url}/other`, { headers: { range: 'bytes=5-9' } })
    assert.equal(got.status, 206)
    assert.equal(got.headers.get('content-type'), 'audio/flac')
    assert.deepEqual(new Uint8Array(await got.arrayBuffer()), bytesOf(5, 10))
    for (const path of ['/none', '/broken']) assert.equal(await (await fetch(url + path)).text(), 'an error')
  },
)
