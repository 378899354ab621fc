import { connect, type Socket } from 'node:net'
import { AppError } from '../../base/errors.ts'
import type { ConnectTarget } from '../api/network-api.ts'
import { admitHost, type NetworkGrant } from './granted-host.ts'
import { LinkedAbort } from './linked-abort.ts'

export interface GrantedConnectOptions extends NetworkGrant {
  /** Aborts when the generation ends; the connection ends with it. */
  readonly signal: AbortSignal
}

const TIMEOUT_MS = 10_000

/**
 * A TCP connection to a granted host, for protocols that are not HTTP; TLS is the caller's, over the socket. Its address is
 * checked as `grantedFetch` does. Whoever takes the socket listens to its errors. Rejects with BAD_REQUEST,
 * PERMISSION_DENIED, TIMEOUT, CANCELLED or UNAVAILABLE.
 */
export async function grantedConnect(options: GrantedConnectOptions, target: ConnectTarget): Promise<Socket> {
  const { port, timeoutMs = TIMEOUT_MS } = target
  if (typeof target.host !== 'string' || target.host === '' || target.host.length > 253)
    throw new AppError('BAD_REQUEST', 'connect needs the name or address of a host')
  if (!Number.isInteger(port) || port < 1 || port > 65_535)
    throw new AppError('BAD_REQUEST', 'connect needs a port from 1 to 65535')
  const { host, lookup } = admitHost(options, target.host)
  const caller = target.signal
  const link = new LinkedAbort(() => options.signal, ...(caller ? [() => caller] : []))
  const { signal } = link
  if (signal.aborted) throw cancelled(options)
  const socket = connect({ host, port, lookup })
  // Both ends of a plugin's life: that of its generation, and of what the caller does.
  const onAbort = () => void socket.destroy(cancelled(options))
  signal.addEventListener('abort', onAbort, { once: true })
  socket.once('close', () => {
    signal.removeEventListener('abort', onAbort)
    link.dispose()
  })
  return new Promise((resolve, reject) => {
    const late = setTimeout(
      () => socket.destroy(new AppError('TIMEOUT', `${host}:${port} did not answer in time`)),
      timeoutMs,
    )
    const onError = (cause: Error) => {
      clearTimeout(late)
      reject(
        cause instanceof AppError ? cause : new AppError('UNAVAILABLE', `${host}:${port} can't be reached`, { cause }),
      )
    }
    socket.once('error', onError)
    socket.once('connect', () => {
      clearTimeout(late)
      socket.off('error', onError)
      // Until the caller listens: nothing that happens meanwhile may end the server.
      socket.on('error', () => {})
      resolve(socket)
    })
  })
}

function cancelled({ signal }: GrantedConnectOptions): AppError {
  return new AppError('CANCELLED', signal.aborted ? 'the plugin has ended' : 'the connection was called off')
}
