import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { TestHost } from 'tonearm/plugin/testing'

export const CHROMIUM = '/usr/bin/chromium'
/** As behind a proxy that serves the music at a path of its own. */
export const BASE = '/music'
export const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
]

/** The host has no socket: this is the proxy before it. */
export async function serve(host: TestHost) {
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const { url = '', method = 'GET' } = request
    const inside = url.startsWith(`${BASE}/`) ? url.slice(BASE.length) : '/nowhere'
    const headers = Object.fromEntries(
      Object.entries(request.headers).filter((pair): pair is [string, string] => typeof pair[1] === 'string'),
    )
    if (inside.startsWith('/api/events')) {
      const peer = await host.connect({ url: inside, headers })
      response.writeHead(peer.status, peer.headers)
      let sent = 0
      const timer = setInterval(() => {
        for (const { id, event, data } of peer.events.slice(sent)) {
          response.write(`${id ? `id: ${id}\n` : ''}event: ${event}\ndata: ${data}\n\n`)
          sent++
        }
      }, 20)
      request.on('close', () => {
        clearInterval(timer)
        peer.close()
      })
      response.on('close', () => clearInterval(timer))
      return
    }
    const body = chunks.length > 0 ? { body: new Uint8Array(Buffer.concat(chunks)) } : {}
    const reply = await host.inject({ method, url: inside, headers, ...body })
    response.writeHead(reply.status, reply.headers).end(reply.bytes)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return { server, origin: `http://127.0.0.1:${port}` }
}
