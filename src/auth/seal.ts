import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import type { KeyRing } from './secrets.ts'

/**
 * A sealed secret: version (1), key id (4), nonce (12), AES-256-GCM text, tag (16). `context` says whose it is and is
 * authenticated along: what was sealed for one user does not open for another.
 */
const VERSION = 1
const KEY_ID_AT = 1
const NONCE_AT = 5
const TEXT_AT = 17
const TAG_BYTES = 16

export function seal(ring: KeyRing, context: string, secret: Uint8Array): Uint8Array {
  const header = Buffer.alloc(NONCE_AT)
  header.writeUInt8(VERSION, 0)
  header.write(ring.current.id, KEY_ID_AT, 'hex')
  const nonce = randomBytes(TEXT_AT - NONCE_AT)
  const cipher = createCipheriv('aes-256-gcm', ring.current.bytes, nonce)
  cipher.setAAD(Buffer.concat([header, Buffer.from(context)]))
  const text = Buffer.concat([cipher.update(secret), cipher.final()])
  return Buffer.concat([header, nonce, text, cipher.getAuthTag()])
}

/** Undefined when no key of the ring opens it, or it was tampered with. */
export function unseal(ring: KeyRing, context: string, sealed: Uint8Array): Buffer | undefined {
  const id = sealedBy(sealed)
  const key = id === undefined ? undefined : ring.find(id)
  if (!key) return undefined
  const decipher = createDecipheriv('aes-256-gcm', key.bytes, sealed.subarray(NONCE_AT, TEXT_AT), {
    authTagLength: TAG_BYTES,
  })
  decipher.setAAD(Buffer.concat([sealed.subarray(0, NONCE_AT), Buffer.from(context)]))
  decipher.setAuthTag(sealed.subarray(sealed.length - TAG_BYTES))
  try {
    return Buffer.concat([decipher.update(sealed.subarray(TEXT_AT, sealed.length - TAG_BYTES)), decipher.final()])
  } catch {
    return undefined
  }
}

/** The id of the key that sealed it; undefined for what is no sealed secret of ours. */
export function sealedBy(sealed: Uint8Array): string | undefined {
  if (sealed.length < TEXT_AT + TAG_BYTES || sealed[0] !== VERSION) return undefined
  return Buffer.from(sealed.subarray(KEY_ID_AT, NONCE_AT)).toString('hex')
}
