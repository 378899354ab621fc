import { lstat, unlink } from 'node:fs/promises'
import { type AddressInfo, connect, createServer } from 'node:net'
import { AppError, systemErrorCode } from '../base/errors.ts'

/** Says in a sentence why an address can't be listened on. */
export function listenError(cause: unknown, where: string): AppError {
  switch (systemErrorCode(cause)) {
    case 'EADDRINUSE':
      return new AppError('ADDRESS_IN_USE', `${where} is in use by another program: stop it or choose another port`, {
        cause,
      })
    case 'EACCES':
    case 'EPERM':
      return new AppError('CONFIG_INVALID', `Listening on ${where} is not permitted: choose a port above 1023`, {
        cause,
      })
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
    case 'EAFNOSUPPORT':
    case 'EINVAL':
      return new AppError('CONFIG_INVALID', `${where} is no address of this machine`, { cause })
    default:
      return new AppError('ADDRESS_IN_USE', `Listening on ${where} failed`, { cause })
  }
}

/** `host:port`, IPv6 in brackets. */
export function hostPort(host: string, port: number): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`
}

/** Binds an address and lets it go again: uWS tells only that it failed, not why. @returns the port, a free one for 0. */
export function probeAddress(host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', (error) => reject(listenError(error, hostPort(host, port))))
    server.listen({ host, port, exclusive: true }, () => {
      const { port: bound } = server.address() as AddressInfo
      server.close(() => resolve(bound))
    })
  })
}

/** Clears the way for a Unix socket: a dead server's file goes, a live one's is ADDRESS_IN_USE, other files are left alone. */
export async function claimSocketPath(path: string): Promise<void> {
  const found = await lstat(path).catch((error: unknown) => {
    if (systemErrorCode(error) === 'ENOENT') return undefined
    throw new AppError(
      'CONFIG_INVALID',
      'The socket path can not be reached: its folder must exist, and this user may enter it',
      { cause: error },
    )
  })
  if (!found) return
  if (!found.isSocket()) {
    throw new AppError('ADDRESS_IN_USE', 'The socket path is taken by a file that is no socket: choose another')
  }
  if (await answers(path)) throw new AppError('ADDRESS_IN_USE', 'Another server listens on this socket: stop it first')
  await unlink(path)
}

/** Only a refused connection proves that nobody is there: a full backlog or a foreign owner is a life sign. */
function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path)
    socket.setTimeout(2000, () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', (error) => resolve(!['ECONNREFUSED', 'ENOENT'].includes(systemErrorCode(error) ?? '')))
  })
}

/** Runs `listen` so that a socket file is born with `mode`; a worker thread, which has no umask of its own, skips that. */
export function withSocketMode(mode: number, listen: () => void): void {
  let before: number | undefined
  try {
    before = process.umask(0o777 & ~mode)
  } catch {
    before = undefined
  }
  try {
    listen()
  } finally {
    if (before !== undefined) process.umask(before)
  }
}
