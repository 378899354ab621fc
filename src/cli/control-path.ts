import { closeSync, openSync } from 'node:fs'
import { join } from 'node:path'

const SOCKET = 'control.sock'

/** What a socket address holds on every system that we know, without its final zero byte. */
const MAX_PATH_BYTES = 103

/** A path that `connect` and `listen` take. `release` may be called when the socket is closed. */
export interface SocketPath {
  readonly path: string
  release(): void
}

/**
 * Where commands reach the server of a data folder. Socket addresses are short; a data folder may lie deep: then it is
 * named by an open descriptor, which Linux resolves for us.
 */
export function controlSocketPath(dataFolder: string): SocketPath {
  const path = join(dataFolder, SOCKET)
  if (Buffer.byteLength(path) <= MAX_PATH_BYTES) return { path, release: () => {} }
  const descriptor = openSync(dataFolder, 'r')
  let open = true
  return {
    path: `/proc/self/fd/${descriptor}/${SOCKET}`,
    release: () => {
      if (open) closeSync(descriptor)
      open = false
    },
  }
}
