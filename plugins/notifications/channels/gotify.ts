import { Type } from 'tonearm/plugin'
import { ChannelError, type ChannelKind, type Delivery } from '../channel.ts'
import { addressProblem, below, httpAddress, shortAddress } from './http-address.ts'
import { fieldOf, isDone, post, refusal } from './peer.ts'
import { clip, lineOf, linesOf } from './text.ts'

/** https://gotify.net/docs/pushmsg and /docs/msgextras. Gotify knows nothing that would make a second try harmless. */
export interface GotifyTarget {
  readonly server: string
  /** Of an application. */
  readonly token: string
}

/** 0 is silent, from 4 on there is a sound, from 8 on it vibrates and stays on the screen. */
const PRIORITY = { info: 5, warn: 7, error: 8 } as const
const MAX_TITLE = 1024
const MAX_MESSAGE = 16 * 1024

export const gotify: ChannelKind<GotifyTarget> = {
  kind: 'gotify',
  target: Type.Object(
    {
      server: Type.String({ title: 'Server', minLength: 1, maxLength: 500 }),
      token: Type.String({ title: 'Token of an application', secret: true, minLength: 1, maxLength: 200 }),
    },
    { additionalProperties: false },
  ),
  hosts: ({ server }) => [httpAddress(server)?.hostname ?? ''].filter(Boolean),
  problem({ server, token }) {
    const wrong = addressProblem(server, 'The server')
    if (wrong) return wrong
    return /^[\x21-\x7e]+$/.test(token) ? undefined : 'The token has letters that no token of Gotify has'
  },
  label: ({ server }) => shortAddress(server),

  async send({ server, token }, delivery, tools) {
    const base = httpAddress(server)
    if (!base) throw new ChannelError('The address of the Gotify server is not valid', { retry: false })
    const answer = await post(tools, {
      url: below(base, 'message'),
      headers: { 'content-type': 'application/json', 'x-gotify-key': token },
      body: bodyOf(delivery),
    })
    if (isDone(answer)) return
    if (answer.status === 401 || answer.status === 403)
      throw new ChannelError(`${base.host} does not accept the token (${answer.status})`, { retry: false })
    throw refusal(answer, base.host, fieldOf(answer, 'errorDescription'))
  },
}

function bodyOf({ title, body, level, url }: Delivery): string {
  const heading = clip(lineOf(title), MAX_TITLE)
  return JSON.stringify({
    title: heading,
    // Must not be empty.
    message: clip(linesOf(body), MAX_MESSAGE) || heading,
    priority: PRIORITY[level],
    extras: {
      'client::display': { contentType: 'text/plain' },
      ...(url === undefined ? {} : { 'client::notification': { click: { url } } }),
    },
  })
}
