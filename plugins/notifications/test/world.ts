import { createServer, type IncomingHttpHeaders, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import {
  createTestHost,
  type InjectedReply,
  type Loaded,
  type TestHost,
  type TestHostOptions,
} from 'tonearm/plugin/testing'
import plugin from '../plugin.ts'

export const FOLDER = new URL('../', import.meta.url)
export const SHARING = new URL('../../sharing/', import.meta.url)
const SECRET = 'a secret of enough bytes'

export interface Received {
  readonly headers: IncomingHttpHeaders
  readonly id: string
  readonly topic: string
  readonly title: string
  readonly body: string
  readonly path: string
}

/** Takes webhooks, and answers as it is told to. */
export interface Receiver extends AsyncDisposable {
  readonly url: string
  readonly received: readonly Received[]
  /** The next answers; 204 when there is none. 0 = hangs up. */
  readonly answers: number[]
  /** Requests are not answered until this is called again with false. */
  hold(on: boolean): void
}

export async function startReceiver(port = 0): Promise<Receiver> {
  const received: Received[] = []
  const answers: number[] = []
  const held: (() => void)[] = []
  let isHeld = false
  const server: Server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const text = Buffer.concat(chunks).toString()
    const { type, data, ...rest } = JSON.parse(text) as Record<string, unknown> & { data?: Record<string, unknown> }
    const body = { ...rest, ...data } as Record<string, string>
    const one = {
      headers: request.headers,
      id: String(request.headers['webhook-id'] ?? ''),
      topic: String(body.topic ?? type ?? ''),
      title: String(body.title ?? ''),
      body: String(body.body ?? ''),
      path: request.url ?? '',
    }
    if (isHeld) await new Promise<void>((resolve) => held.push(resolve))
    received.push(one)
    const status = answers.shift() ?? 204
    if (status === 0) response.destroy()
    else response.writeHead(status).end()
  })
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  const at = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${at.port}`,
    received,
    answers,
    hold(on) {
      isHeld = on
      if (!on) for (const free of held.splice(0)) free()
    },
    async [Symbol.asyncDispose]() {
      for (const free of held.splice(0)) free()
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

// biome-ignore lint/suspicious/noExplicitAny: bodies of any shape are looked into
export type Answer = any

export interface World extends AsyncDisposable {
  readonly host: TestHost
  readonly plugin: Loaded
  call(user: string, method: string, url: string, body?: unknown): Promise<InjectedReply & { readonly body_: Answer }>
  /** The list of a user's notes, newest first. */
  notes(user: string): Promise<readonly Answer[]>
  /** Adds a webhook of this user to a receiver. */
  hook(user: string, receiver: Receiver, path?: string): Promise<string>
}

export const GRANTED = [...(plugin.permissions ?? []), 'net:127.0.0.1'] as const

export async function startWorld(
  options: TestHostOptions & { readonly config?: Readonly<Record<string, unknown>>; readonly sharing?: boolean } = {},
): Promise<World> {
  const { config = {}, sharing = false, ...rest } = options
  const host = await createTestHost(rest)
  try {
    const loaded = await host.load(FOLDER, config, { granted: GRANTED as never })
    if (sharing) await host.load(SHARING)
    await host.clock.advance(2_000)
    const world: World = {
      host,
      plugin: loaded,
      async call(user, method, url, body) {
        const reply = await host.inject({
          method,
          url,
          ...(user === '' ? {} : { user }),
          ...(body === undefined ? {} : { body }),
        })
        const isJson = reply.headers['content-type']?.startsWith('application/json')
        return { ...reply, body_: isJson ? reply.json() : undefined }
      },
      async notes(user) {
        return (await world.call(user, 'GET', '/api/notifications')).body_
      },
      async hook(user, receiver, path = '') {
        const target = { url: `${receiver.url}/${path}`, secret: SECRET }
        const reply = await world.call(user, 'POST', '/api/notifications/targets', {
          channel: 'webhook',
          name: 'mine',
          target,
        })
        if (reply.status !== 200) throw new Error(`no target: ${reply.status} ${reply.body}`)
        return reply.body_.id
      },
      [Symbol.asyncDispose]: () => host.dispose(),
    }
    return world
  } catch (error) {
    await host.dispose()
    throw error
  }
}

/** Polls until it is so. */
export async function until<T>(
  what: string,
  look: () => T | false | undefined | Promise<T | false | undefined>,
  ms = 20_000,
): Promise<T> {
  const end = performance.now() + ms
  for (;;) {
    const found = await look()
    if (found) return found
    if (performance.now() > end) throw new Error(`waited in vain for ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}
