import * as crypto from 'node:crypto'

/** A digest in one call: a third of what a Hash object costs, which is a stream. Node.js before 20.12 has only that. */
export function digestOf(algorithm: 'md5' | 'sha256', data: string | Uint8Array): Uint8Array {
  return crypto.hash === undefined
    ? crypto.createHash(algorithm).update(data).digest()
    : crypto.hash(algorithm, data, 'buffer')
}
