import assert from 'node:assert/strict'
import { bytesOf, dechunk, onBoth, raw, serve, until, watchedSource } from './harness.ts'

/** uWS by itself drops a connection that took nothing for 8 to 12 seconds. */
const PAUSE_MS = 14_000

onBoth('a player that pauses for long gets the rest afterwards, to the last byte', async (t, name) => {
  const sources = new Map<string, ReturnType<typeof watchedSource>>()
  const { port } = await serve(t, name, ({ query }) => {
    const [size = 0, known, again] = query.split(',').map(Number)
    const source = watchedSource(size, known ? { length: size } : {}, again ? { chunkBytes: 20_480, again: true } : {})
    sources.set(query, source)
    return { kind: 'source', headers: {}, source }
  })
  const ask = (query: string) => {
    const client = raw(t, port, `GET /?${query} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`)
    client.socket.pause()
    return { query, client }
  }
  const settled = async (query: string): Promise<number> => {
    let before = -1
    return until(() => {
      const pulled = sources.get(query)?.pulled ?? 0
      const still = pulled > 0 && pulled === before
      before = pulled
      return still && pulled
    })
  }
  // How much disappears into the buffers on the way: replies that end just beyond it are the delicate ones.
  const probe = ask('99999999,1')
  const capacity = await settled(probe.query)
  probe.client.socket.destroy()

  const sizes = [-30_000, -16_384, -9000, -4000, -2500, -2000, -1500, 0, 5000, 40_000, 1_000_000].map(
    (more) => capacity + more,
  )
  const clients = sizes.flatMap((size) => [ask(`${size},1`), ask(`${size},0`), ask(`${size},1,1`)])
  for (const { query } of clients) await settled(query)
  await new Promise((resolve) => setTimeout(resolve, PAUSE_MS))
  for (const { client } of clients) client.socket.resume()
  for (const { query, client } of clients) {
    const received = await client.closed
    const [size = 0, known] = query.split(',').map(Number)
    const body = received.slice(received.indexOf('\r\n\r\n') + 4)
    const bytes = Buffer.from(known ? body : dechunk(body), 'latin1')
    assert.ok(bytes.equals(bytesOf(0, size)), `${query}: ${bytes.length} bytes came`)
  }
})
