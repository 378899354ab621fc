import { createHash } from 'node:crypto'
import { Type } from 'tonearm/plugin'
import { ChannelError, type ChannelKind, type Delivery } from '../channel.ts'
import { addressProblem, httpAddress, shortAddress } from './http-address.ts'
import { fieldOf, isDone, post, refusal } from './peer.ts'
import { clip, fitJson, lineOf, linesOf } from './text.ts'

/** https://docs.ntfy.sh/publish/#publish-as-json: all in one body of JSON, so that every script gets through. */
export interface NtfyTarget {
  readonly server: string
  readonly topic: string
  /** `tk_...`, for topics that are protected. */
  readonly token?: string
  readonly user?: string
  readonly password?: string
}

const TOPIC = '^[-_A-Za-z0-9]{1,64}$'
/** Longer ones are refused since ntfy 2.28. */
const MAX_TITLE = 1024
/** Longer ones become an attachment. */
const MAX_MESSAGE = 4096
/** ntfy reads twice the size of a message. */
const MAX_JSON = 2 * MAX_MESSAGE

const PRIORITY = { info: 3, warn: 4, error: 5 } as const
/** Names of emojis, shown before the title. */
const TAG = { info: 'musical_note', warn: 'warning', error: 'rotating_light' } as const

export const ntfy: ChannelKind<NtfyTarget> = {
  kind: 'ntfy',
  target: Type.Object(
    {
      server: Type.String({ title: 'Server', default: 'https://ntfy.sh', minLength: 1, maxLength: 500 }),
      topic: Type.String({ title: 'Topic', pattern: TOPIC }),
      token: Type.Optional(Type.String({ title: 'Access token', secret: true, maxLength: 200 })),
      user: Type.Optional(Type.String({ title: 'User, in place of a token', maxLength: 200 })),
      password: Type.Optional(Type.String({ title: 'Password', secret: true, maxLength: 200 })),
    },
    { additionalProperties: false },
  ),
  hosts: ({ server }) => [httpAddress(server)?.hostname ?? ''].filter(Boolean),
  problem({ server, topic, token, user, password }) {
    const wrong = addressProblem(server, 'The server')
    if (wrong) return wrong
    if (!new RegExp(TOPIC).test(topic)) return 'A topic has 1 to 64 letters, digits, - and _'
    if (token && !/^[\x21-\x7e]+$/.test(token)) return 'The token has letters that no token of ntfy has'
    if (user?.includes(':')) return 'The name of the user can have no colon in it'
    if (user && !password) return 'A user needs a password'
    return password && !user ? 'A password needs a user' : undefined
  },
  label: ({ server, topic }) => `${shortAddress(server)}/${topic}`,

  async send(target, delivery, tools) {
    const url = httpAddress(target.server)
    if (!url) throw new ChannelError('The address of the ntfy server is not valid', { retry: false })
    const answer = await post(tools, {
      url,
      headers: { 'content-type': 'application/json', ...authorization(target) },
      body: bodyOf(target.topic, delivery),
    })
    if (isDone(answer)) return
    if (answer.status === 401 || answer.status === 403) {
      const by = target.token ? 'the token' : target.user ? 'the user and password' : 'publishing without a token'
      throw new ChannelError(`${url.host} does not accept ${by} for this topic (${answer.status})`, { retry: false })
    }
    throw refusal(answer, url.host, fieldOf(answer, 'error'))
  },
}

function authorization({ token, user, password }: NtfyTarget): Record<string, string> {
  if (token) return { authorization: `Bearer ${token}` }
  if (!user) return {}
  return { authorization: `Basic ${Buffer.from(`${user}:${password ?? ''}`).toString('base64')}` }
}

function bodyOf(topic: string, { id, title, body, level, url }: Delivery): string {
  const heading = clip(lineOf(title), MAX_TITLE)
  // An empty message would be shown as "triggered".
  const text = clip(linesOf(body), MAX_MESSAGE)
  return fitJson(text || heading, MAX_JSON, (message) => ({
    topic,
    message,
    ...(text ? { title: heading } : {}),
    priority: PRIORITY[level],
    tags: [TAG[level]],
    ...(url === undefined ? {} : { click: url }),
    // The same again takes the place of what was shown before (since ntfy 2.16; older ones pass over it).
    sequence_id: sequenceOf(id),
  }))
}

/** Letters, digits, - and _; at most 64. */
function sequenceOf(id: string): string {
  return /^[-_A-Za-z0-9]{1,64}$/.test(id) ? id : createHash('sha256').update(id).digest('base64url')
}
