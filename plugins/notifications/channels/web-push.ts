import { createHash } from 'node:crypto'
import { ChannelError, type ChannelKind, type Delivery } from '../channel.ts'
import { addressOf } from './mail-address.ts'
import { isDone, post, refusal } from './peer.ts'
import {
  browserOf,
  endpointOf,
  type PushSubscription,
  PushSubscriptionSchema,
  subscriptionProblem,
} from './push-subscription.ts'
import { clip, fitJson, lineOf, linesOf } from './text.ts'

/** Web Push: RFC 8030 (request), RFC 8291 (aes128gcm), RFC 8292 (VAPID). What arrives is for assets/push-worker.js. */

/** A push service takes 4,096 bytes; encryption adds 86 of head, 16 of tag, and one. */
const MAX_PAYLOAD = 4096 - 86 - 16 - 1
const MAX_TITLE = 400
const MAX_URL = 1500

/** For how long a device that is away gets it, in seconds. */
const TTL = { info: 24 * 3600, warn: 3 * 24 * 3600, error: 7 * 24 * 3600 } as const
/** `high` wakes a sleeping phone. */
const URGENCY = { info: 'normal', warn: 'normal', error: 'high' } as const

/** Where nothing is set and the server knows no address of its own. Reserved: nobody gets mail there. */
const NOBODY = 'mailto:tonearm@example.org'

export const webPush: ChannelKind<PushSubscription> = {
  kind: 'webpush',
  target: PushSubscriptionSchema,
  hosts: (subscription) => [endpointOf(subscription)?.hostname ?? ''].filter(Boolean),
  problem: (subscription) => subscriptionProblem(subscription),
  label: (subscription) => browserOf(subscription),

  async send(subscription, delivery, tools) {
    const url = endpointOf(subscription)
    if (!url || subscriptionProblem(subscription) !== undefined)
      throw new ChannelError('The push subscription is not valid', { retry: false, gone: true })
    const { encrypt, getVapidHeaders } = await loadWebPush()
    const { p256dh, auth } = subscription.keys
    const { cipherText } = encrypt(p256dh, auth, Buffer.from(payloadOf(delivery)), 'aes128gcm')
    const { publicKey, privateKey } = tools.vapid
    const contact = contactOf(tools.config, delivery)
    const { Authorization } = getVapidHeaders(url.origin, contact, publicKey, privateKey, 'aes128gcm')
    const answer = await post(tools, {
      url,
      headers: {
        authorization: Authorization,
        'content-encoding': 'aes128gcm',
        'content-type': 'application/octet-stream',
        ttl: String(TTL[delivery.level]),
        urgency: URGENCY[delivery.level],
        topic: topicOf(delivery.id),
      },
      body: cipherText,
    })
    if (isDone(answer)) return
    const who = `The push service of ${browserOf(subscription)}`
    if (answer.status === 404 || answer.status === 410)
      throw new ChannelError(`${who} no longer knows this browser (${answer.status})`, { retry: false, gone: true })
    throw refusal(answer, who)
  },
}

/** When the first note goes out this way: most servers never send one. */
async function loadWebPush() {
  const [vapid, encryption] = await Promise.all([
    import('web-push/src/vapid-helper.js'),
    import('web-push/src/encryption-helper.js'),
  ])
  return { ...vapid, ...encryption }
}

/** What the service worker reads. */
function payloadOf({ id, topic, title, body, level, at, url }: Delivery): string {
  const link = url !== undefined && url.length <= MAX_URL ? { url } : {}
  const fixed = { id, topic, title: clip(lineOf(title), MAX_TITLE), level, at, ...link }
  return fitJson(linesOf(body), MAX_PAYLOAD, (text) => ({ ...fixed, body: text }))
}

/** A second try takes the place of the first, where that still waits at the push service. At most 32 of base64url. */
function topicOf(id: string): string {
  return createHash('sha256').update(id).digest('base64url').slice(0, 32)
}

/** Push services want to know whom to ask about trouble. Apple refuses what is neither `mailto:` nor `https:`. */
function contactOf(
  { pushContact, mailFrom }: { readonly pushContact: string; readonly mailFrom: string },
  { url }: Delivery,
): string {
  if (/^(mailto:[^\s<>]+@[^\s<>]+|https:\/\/\S+)$/.test(pushContact)) return pushContact
  const mail = addressOf(mailFrom)
  if (mail && /^[\x21-\x7e]+$/.test(mail.address)) return `mailto:${mail.address}`
  return url?.startsWith('https://') ? new URL(url).origin : NOBODY
}
