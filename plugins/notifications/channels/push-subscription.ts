import { ECDH } from 'node:crypto'
import { Type } from 'tonearm/plugin'

/** What a browser gives as `JSON.stringify(subscription)`. Its address is a secret: whoever has it may send. */
export interface PushSubscription {
  readonly endpoint: string
  /** ms since 1970; browsers hardly ever say it. */
  readonly expirationTime?: number | null
  readonly keys: { readonly p256dh: string; readonly auth: string }
}

const MAX_ENDPOINT = 2000
const KEY_BYTES = 65
const AUTH_BYTES = 16

export const PushSubscriptionSchema = Type.Object(
  {
    endpoint: Type.String({
      title: 'Address of the push service',
      secret: true,
      minLength: 1,
      maxLength: MAX_ENDPOINT,
    }),
    expirationTime: Type.Optional(Type.Union([Type.Number(), Type.Null()])),
    keys: Type.Object(
      {
        p256dh: Type.String({ secret: true, pattern: '^[A-Za-z0-9_-]{87}=?$' }),
        auth: Type.String({ secret: true, pattern: '^[A-Za-z0-9_-]{22}(==)?$' }),
      },
      { additionalProperties: false },
    ),
  },
  { additionalProperties: false },
)

/** Undefined for what no browser gives: push services are reached by https only. */
export function endpointOf({ endpoint }: Pick<PushSubscription, 'endpoint'>): URL | undefined {
  const url = endpoint.length <= MAX_ENDPOINT && URL.canParse(endpoint) ? new URL(endpoint) : undefined
  const isPlain = url?.username === '' && url.password === '' && url.hash === ''
  return url?.protocol === 'https:' && isPlain ? url : undefined
}

/** Why nothing can be sent to it; undefined when it is whole. */
export function subscriptionProblem(subscription: PushSubscription): string | undefined {
  if (!endpointOf(subscription)) return 'The subscription has no https address'
  const { p256dh, auth } = subscription.keys
  if (!isPublicKey(Buffer.from(p256dh, 'base64url'))) return 'The subscription has no valid key (p256dh)'
  if (Buffer.from(auth, 'base64url').byteLength !== AUTH_BYTES) return 'The subscription has no valid secret (auth)'
  return undefined
}

/** What was sent by a browser, or is stored. Undefined when it is no subscription. */
export function parseSubscription(text: string): PushSubscription | undefined {
  try {
    const { endpoint, keys } = JSON.parse(text) as Partial<PushSubscription>
    if (typeof endpoint !== 'string' || typeof keys?.p256dh !== 'string' || typeof keys.auth !== 'string')
      return undefined
    const subscription = { endpoint, keys: { p256dh: keys.p256dh, auth: keys.auth } }
    return subscriptionProblem(subscription) === undefined ? subscription : undefined
  } catch {
    return undefined
  }
}

/** An uncompressed point that lies on P-256. */
function isPublicKey(key: Buffer): boolean {
  if (key.byteLength !== KEY_BYTES || key[0] !== 4) return false
  try {
    ECDH.convertKey(key, 'prime256v1')
    return true
  } catch {
    return false
  }
}

const SERVICES: readonly (readonly [RegExp, string])[] = [
  [/(^|\.)googleapis\.com$/, 'Chrome or Android'],
  [/(^|\.)mozilla\.com$/, 'Firefox'],
  [/(^|\.)apple\.com$/, 'Safari'],
  [/(^|\.)windows\.com$/, 'Edge'],
]

/** What people know a push service by. */
export function browserOf(subscription: Pick<PushSubscription, 'endpoint'>): string {
  const host = endpointOf(subscription)?.hostname ?? ''
  return SERVICES.find(([pattern]) => pattern.test(host))?.[1] ?? host
}
