import assert from 'node:assert/strict'
import { createDecipheriv, createECDH, type ECDH, hkdfSync, randomBytes } from 'node:crypto'
import type { PushSubscription } from '../../channels/push-subscription.ts'

/** A browser: the keys that it keeps, and what it gives away. */
export function browser(endpoint: string) {
  const key = createECDH('prime256v1')
  const p256dh = key.generateKeys().toString('base64url')
  const auth = randomBytes(16)
  const subscription: PushSubscription = { endpoint, keys: { p256dh, auth: auth.toString('base64url') } }
  return { subscription, open: (body: Buffer) => decrypted(body, { key, auth }) }
}

/** RFC 8188 and RFC 8291, section 3.4, from the receiver's side. */
function decrypted(body: Buffer, { key, auth }: { key: ECDH; auth: Buffer }): Record<string, unknown> {
  const salt = body.subarray(0, 16)
  assert.equal(body.readUInt32BE(16), 4096, 'record size')
  const keyLength = body.readUInt8(20)
  const sender = body.subarray(21, 21 + keyLength)
  const info = Buffer.concat([Buffer.from('WebPush: info\0'), key.getPublicKey(), sender])
  const secret = Buffer.from(hkdfSync('sha256', key.computeSecret(sender), auth, info, 32))
  const derive = (name: string, length: number) =>
    Buffer.from(hkdfSync('sha256', secret, salt, Buffer.from(`Content-Encoding: ${name}\0`), length))
  const decipher = createDecipheriv('aes-128-gcm', derive('aes128gcm', 16), derive('nonce', 12))
  decipher.setAuthTag(body.subarray(-16))
  const plain = Buffer.concat([decipher.update(body.subarray(21 + keyLength, -16)), decipher.final()])
  const end = plain.lastIndexOf(2)
  assert.equal(end, plain.byteLength - 1, 'delimiter of the last record')
  return JSON.parse(plain.subarray(0, end).toString()) as Record<string, unknown>
}
