import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer, type IncomingHttpHeaders, type RequestListener, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { TestContext } from 'node:test'
import { definePlugin, type PluginContext } from 'tonearm/plugin'
import { createTestHost } from 'tonearm/plugin/testing'
import type { ChannelConfig, ChannelError, ChannelTools, Delivery } from '../../channel.ts'

export const DELIVERY: Delivery = {
  id: 'd-42_a',
  topic: 'share.received',
  title: 'Ann shared an album with you',
  body: 'Blue\nby Joni Mitchell',
  level: 'info',
  at: Date.UTC(2026, 2, 1, 12, 30),
  url: 'https://music.example.org/share/abc',
}

/** What names and tags may be, and people are. */
export const HOSTILE = [
  'Line one\r\nBcc: eve@example.org\r\n\r\nhello',
  'Tab\tnull\0escape\u001b[31m bell\u0007 next\u0085line\u2028separator',
  '🎶 José & Мари́я 李小龙 👩‍👩‍👧‍👦 "quoted" <b>bold</b>',
  'שלום \u202Eevil\u202C مرحبا',
  'half a letter \ud83c and back',
  '\u{1F3B5}'.repeat(2_560),
  '"\\\n'.repeat(4_000),
  '=?utf-8?q?not_encoded?= {{template}} %0d%0aX: y',
  '.\r\n.\r\nQUIT\r\n',
  '',
] as const

/** What is left of a text where control characters are not taken. */
export function isClean(text: string): boolean {
  return !/[^\P{Cc}\n\t]/u.test(text) && !/\p{Surrogate}/u.test(text)
}

export const NO_CONFIG: ChannelConfig = { smtpUrl: '', smtpUser: '', smtpPassword: '', mailFrom: '', pushContact: '' }

const TLS = new URL('../../../../test/fixtures/tls/', import.meta.url)
export const tlsFiles = {
  key: readFileSync(new URL('key.pem', TLS)),
  cert: readFileSync(new URL('cert.pem', TLS)),
}

type Network = Pick<PluginContext, 'fetch' | 'connect' | 'log'>

/** The network that the host gives a plugin with these grants. */
export async function networkOf(t: TestContext, ...hosts: readonly string[]): Promise<Network> {
  const host = await createTestHost()
  t.after(() => host.dispose())
  let network: Network | undefined
  const permissions = hosts.map((name) => `net:${name}` as const)
  await host.load(
    definePlugin({
      name: 'sender',
      apiVersion: '1.0',
      permissions,
      setup({ fetch, connect, log }) {
        network = { fetch, connect, log }
      },
    }),
  )
  assert.ok(network)
  return network
}

export function toolsOf(network: Network, rest: Partial<ChannelTools> = {}): ChannelTools {
  return {
    fetch: network.fetch,
    log: network.log,
    signal: AbortSignal.timeout(30_000),
    now: () => Date.now(),
    config: NO_CONFIG,
    vapid: { publicKey: '', privateKey: '' },
    ...rest,
  }
}

export interface Received {
  readonly method: string
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
}

export interface Answer {
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
}

export interface StandIn {
  /** `http://127.0.0.1:<port>` */
  readonly url: string
  readonly received: Received[]
  /** Of connections, by now. */
  open(): Promise<number>
  answer(how: Answer | ((request: Received, response: ServerResponse) => Answer | undefined)): void
}

/** Remembers what it was sent and answers what it is told to; `undefined`: the handler answers by itself. */
export async function startStandIn(t: TestContext, { tls = false } = {}): Promise<StandIn> {
  const received: Received[] = []
  let how: (request: Received, response: ServerResponse) => Answer | undefined = () => ({})
  const listener: RequestListener = (request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const { method = '', url: path = '', headers } = request
      const one = { method, path, headers, body: Buffer.concat(chunks) }
      received.push(one)
      const answer = how(one, response)
      if (answer) response.writeHead(answer.status ?? 200, answer.headers).end(answer.body ?? '')
    })
  }
  const server = tls ? createTlsServer(tlsFiles, listener) : createServer(listener)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  return {
    url: `${tls ? 'https' : 'http'}://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received,
    open: () =>
      new Promise((resolve, reject) =>
        server.getConnections((error, count) => (error ? reject(error) : resolve(count))),
      ),
    answer(next) {
      how = typeof next === 'function' ? next : () => next
    },
  }
}

/** What a channel says when it fails, with nothing else let through. */
export async function failureOf(sending: Promise<void>): Promise<ChannelError> {
  const error = await sending.then(
    () => assert.fail('it was taken'),
    (failure: unknown) => failure as ChannelError,
  )
  assert.equal(error.name, 'ChannelError', String(error.stack))
  return error
}

/** Polls: machines are slow. */
export async function eventually(isThere: () => boolean | Promise<boolean>, what: string): Promise<void> {
  for (let tries = 0; tries < 1_000; tries++) {
    if (await isThere()) return
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  assert.fail(`never happened: ${what}`)
}
