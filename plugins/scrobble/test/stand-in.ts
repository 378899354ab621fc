import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface Received {
  readonly method: string
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

export interface Answer {
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body: unknown
}

export interface StandIn {
  /** `http://127.0.0.1:<port>` */
  readonly url: string
  readonly received: readonly Received[]
  /** From now on. */
  answer(how: (request: Received) => Answer): void
  close(): Promise<void>
}

/** A scrobbling service on this machine that remembers what it was sent and answers what it is told to. */
export async function startStandIn(how: (request: Received) => Answer): Promise<StandIn> {
  const received: Received[] = []
  let answer = how
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const one = {
        method: request.method ?? '',
        path: request.url ?? '',
        headers: request.headers,
        body: Buffer.concat(chunks).toString(),
      }
      received.push(one)
      const { status = 200, headers = {}, body } = answer(one)
      response.writeHead(status, { 'content-type': 'application/json', connection: 'close', ...headers })
      response.end(typeof body === 'string' ? body : JSON.stringify(body))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received,
    answer(next) {
      answer = next
    },
    close: () => new Promise((resolve) => server.close(() => resolve())),
  }
}
