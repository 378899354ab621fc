import { createECDH } from 'node:crypto'
import type { Settings } from 'tonearm/plugin'
import type { VapidKeys } from './channel.ts'

/** The server's keys for Web Push: made once, since every subscription of a browser is bound to them. */
export async function vapidKeys(settings: Settings): Promise<VapidKeys> {
  const known = await settings.get<VapidKeys | null>('vapid', null)
  if (known) return known
  const pair = createECDH('prime256v1')
  const publicKey = pair.generateKeys().toString('base64url')
  // Leading zeros are part of the key.
  const privateKey = Buffer.from(pair.getPrivateKey().toString('hex').padStart(64, '0'), 'hex').toString('base64url')
  const made = { publicKey, privateKey }
  await settings.set('vapid', made)
  return made
}
