import { rmSync } from 'node:fs'
import { createServer, type Socket } from 'node:net'
import { AppError } from '../base/errors.ts'
import type { Logger } from '../log/logger.ts'
import { controlSocketPath } from './control-path.ts'
import { type ControlLine, encodeError, encodeLine, onLines } from './control-protocol.ts'

export type Answer = (
  request: { readonly operation: string; readonly input: unknown },
  call: { readonly progress: (value: unknown) => void; readonly signal: AbortSignal },
) => Promise<unknown>

export interface ControlServer {
  close(): Promise<void>
}

const MAX_CONNECTIONS = 16
/** How long a connection may stay silent before its request. */
const REQUEST_DEADLINE_MS = 5000

/** Listens in the data folder, whose lock the caller holds: a socket that lies there is left over. */
export async function startControlServer(options: {
  readonly dataFolder: string
  readonly answer: Answer
  readonly log: Logger
}): Promise<ControlServer> {
  const socketPath = controlSocketPath(options.dataFolder)
  rmSync(socketPath.path, { force: true })
  const connections = new Set<Socket>()
  const server = createServer((socket) => {
    connections.add(socket)
    socket.on('close', () => connections.delete(socket))
    serve(socket, options)
  })
  server.maxConnections = MAX_CONNECTIONS
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      // The socket appears inside `listen`, so nobody can open it in the moment before chmod.
      const before = process.umask(0o177)
      server.listen(socketPath.path, resolve)
      process.umask(before)
    })
  } catch (error) {
    socketPath.release()
    throw error
  }
  server.on('error', (error) => options.log.error('control socket failed', { error }))
  return {
    close: () =>
      new Promise((resolve) => {
        server.close(() => {
          socketPath.release()
          resolve()
        })
        for (const socket of connections) socket.destroy()
      }),
  }
}

function serve(socket: Socket, { answer, log }: { readonly answer: Answer; readonly log: Logger }): void {
  const gone = new AbortController()
  let asked = false
  socket.setTimeout(REQUEST_DEADLINE_MS, () => socket.destroy())
  socket.on('close', () => gone.abort())
  socket.on('error', () => {})
  const send = (line: ControlLine) => {
    if (socket.writable) socket.write(encodeLine(line))
  }
  onLines(socket, (line) => {
    if (asked) return
    asked = true
    socket.setTimeout(0)
    void Promise.resolve()
      .then(() => answer(readRequest(line), { progress: (value) => send({ progress: value }), signal: gone.signal }))
      .then(
        (result) => send({ result: result ?? null }),
        (error: unknown) => {
          log.debug('command failed', { error })
          send(encodeError(error))
        },
      )
      .finally(() => socket.end())
  })
}

function readRequest(line: string): { operation: string; input: unknown } {
  const request: unknown = JSON.parse(line)
  if (typeof request !== 'object' || request === null || !('operation' in request) || !('input' in request)) {
    throw new AppError('BAD_REQUEST', 'The server did not understand the command; is it of the same version?')
  }
  return { operation: String(request.operation), input: request.input }
}
