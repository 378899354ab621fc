import { isAppError } from '../base/errors.ts'
import { AutoAdapter } from './adapter-auto.ts'
import type { AdapterOptions } from './adapter-options.ts'
import { createUwsAdapter } from './adapter-uws.ts'
import type { HttpAdapter } from './types.ts'

export type AdapterChoice = 'auto' | 'uws' | 'node'

/**
 * `auto`: uWebSockets.js, or node:http where the addon has no build, where a proxy speaks HTTP/1.0, and on a Unix socket,
 * behind which there is always a proxy. `uws` rejects with UNSUPPORTED where the addon has no build.
 */
export async function createAdapter(choice: AdapterChoice, options: AdapterOptions): Promise<HttpAdapter> {
  if (choice === 'node' || (choice === 'auto' && 'socket' in options.listen)) return createNode(options)
  try {
    const uws = await createUwsAdapter(options)
    if (choice === 'uws') return uws
    return new AutoAdapter(options, uws)
  } catch (error) {
    if (choice === 'uws' || !isAppError(error) || error.code !== 'UNSUPPORTED') throw error
    options.log.info('serving by node:http', { reason: error.message })
    return createNode(options)
  }
}

/** Loaded only where it serves: Node's HTTP and TLS modules take a megabyte. */
async function createNode(options: AdapterOptions): Promise<HttpAdapter> {
  const { createNodeAdapter } = await import('./adapter-node.ts')
  return createNodeAdapter(options)
}
