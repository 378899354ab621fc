import { createHmac, randomBytes } from 'node:crypto'
import { Type } from 'tonearm/plugin'
import { ChannelError, type ChannelKind, type Delivery } from '../channel.ts'
import { addressProblem, httpAddress } from './http-address.ts'
import { isDone, post, refusal } from './peer.ts'
import { lineOf, linesOf } from './text.ts'

/**
 * A webhook as https://www.standardwebhooks.com has them: POST of JSON, with the headers `webhook-id` (the same for each
 * try), `webhook-timestamp` (seconds) and `webhook-signature` (`v1,` and base64 of HMAC-SHA256 over `id.timestamp.body`).
 * The receiver compares the signature, refuses old timestamps, and does nothing about an id that it has had. Libraries for
 * that exist in all languages.
 */
export interface WebhookTarget {
  readonly url: string
  /** `whsec_` and base64 of the key, or a text whose bytes are the key. */
  readonly secret: string
}

const PREFIX = 'whsec_'
const MIN_KEY_BYTES = 16

export const webhook: ChannelKind<WebhookTarget> = {
  kind: 'webhook',
  target: Type.Object(
    {
      url: Type.String({ title: 'Address', minLength: 1, maxLength: 2000 }),
      secret: Type.String({
        title: 'Secret that requests are signed with',
        secret: true,
        // The page offers to make one that begins so.
        made: PREFIX,
        minLength: 1,
        maxLength: 200,
      }),
    },
    { additionalProperties: false },
  ),
  hosts: ({ url }) => [httpAddress(url)?.hostname ?? ''].filter(Boolean),
  problem({ url, secret }) {
    const wrong = addressProblem(url, 'The address')
    if (wrong) return wrong
    if (secret.startsWith(PREFIX) && !/^[A-Za-z0-9+/]+={0,2}$/.test(secret.slice(PREFIX.length)))
      return `The secret begins with ${PREFIX}, so base64 must follow`
    return keyOf(secret).byteLength < MIN_KEY_BYTES ? `The secret must have at least ${MIN_KEY_BYTES} bytes` : undefined
  },
  // The path of such an address is often a secret of its own.
  label: ({ url }) => httpAddress(url)?.host ?? '',

  async send({ url, secret }, delivery, tools) {
    const address = httpAddress(url)
    if (!address) throw new ChannelError('The address of the webhook is not valid', { retry: false })
    const body = bodyOf(delivery)
    const timestamp = Math.floor(tools.now() / 1000)
    const answer = await post(tools, {
      url: address,
      headers: {
        'content-type': 'application/json',
        'webhook-id': delivery.id,
        'webhook-timestamp': String(timestamp),
        'webhook-signature': `v1,${signatureOf(secret, delivery.id, timestamp, body)}`,
      },
      body,
    })
    if (isDone(answer)) return
    // So the specification: the receiver wants no more.
    if (answer.status === 410) throw new ChannelError(`${address.host} is gone (410)`, { retry: false, gone: true })
    throw refusal(answer, address.host)
  },
}

/** A secret to offer to whoever makes a target. */
export function newWebhookSecret(): string {
  return PREFIX + randomBytes(32).toString('base64')
}

function bodyOf({ id, topic, title, body, level, at, url }: Delivery): string {
  return JSON.stringify({
    type: topic,
    timestamp: new Date(at).toISOString(),
    data: { id, title: lineOf(title), body: linesOf(body), level, ...(url === undefined ? {} : { url }) },
  })
}

function signatureOf(secret: string, id: string, timestamp: number, body: string): string {
  return createHmac('sha256', keyOf(secret)).update(`${id}.${timestamp}.${body}`).digest('base64')
}

function keyOf(secret: string): Buffer {
  return secret.startsWith(PREFIX) ? Buffer.from(secret.slice(PREFIX.length), 'base64') : Buffer.from(secret)
}
