import { AppError } from '../base/errors.ts'
import type { Headers } from './types.ts'

const NAME = /^[a-z0-9!#$%&'*+.^_`|~-]+$/
const UNSAFE_VALUE = /[\x00-\x08\x0a-\x1f\x7f]/
/** The adapters' own: framing follows from the reply. */
const FRAMING = new Set(['content-length', 'transfer-encoding', 'connection', 'keep-alive', 'upgrade', 'date'])

/** Frozen headers are used for many replies. */
const checked = new WeakSet<Headers>()

/** Refuses headers that would break out of their line (INTERNAL): a handler put a client's text there unchecked. */
export function checkHeaders(headers: Headers): void {
  if (checked.has(headers)) return
  for (const name in headers) {
    if (!NAME.test(name) || UNSAFE_VALUE.test(headers[name] as string) || FRAMING.has(name)) {
      throw new AppError('INTERNAL', 'The server made an unusable header', { details: { header: name } })
    }
  }
  if (Object.isFrozen(headers)) checked.add(headers)
}
