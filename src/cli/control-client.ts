import { connect, type Socket } from 'node:net'
import { AppError, systemErrorCode } from '../base/errors.ts'
import { controlSocketPath } from './control-path.ts'
import { type ControlLine, decodeError, encodeLine, onLines } from './control-protocol.ts'
import { rejectWhenHung } from './hang-probe.ts'

export interface ControlClient {
  /** One call a client. Rejects with the server's error, UNAVAILABLE when it goes away, or TIMEOUT when it hangs. */
  call(operation: string, input: unknown, onProgress: (value: unknown) => void): Promise<unknown>
  close(): void
}

const CONNECT_DEADLINE_MS = 3000

/** Undefined when no server listens for this data folder. */
export async function connectControl(dataFolder: string): Promise<ControlClient | undefined> {
  let socket: Socket
  try {
    socket = await open(dataFolder)
  } catch (error) {
    const code = systemErrorCode(error)
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'ECONNREFUSED') return undefined
    if (code === 'EACCES') {
      throw new AppError(
        'FORBIDDEN',
        "The server's data belongs to another user. Run the command as that user, such as by sudo -u.",
      )
    }
    throw error
  }
  return {
    call: async (operation, input, onProgress) => {
      const done = new AbortController()
      try {
        const hung = rejectWhenHung(dataFolder, operation, { signal: done.signal }).then(() => undefined)
        return await Promise.race([call(socket, { operation, input }, onProgress), hung])
      } finally {
        done.abort()
      }
    },
    close: () => socket.destroy(),
  }
}

function open(dataFolder: string): Promise<Socket> {
  const { path, release } = controlSocketPath(dataFolder)
  return new Promise<Socket>((resolve, reject) => {
    const socket = connect(path)
    socket.setTimeout(CONNECT_DEADLINE_MS, () => {
      socket.destroy(new AppError('TIMEOUT', 'The server does not answer. Try again, or restart it.'))
    })
    socket.once('error', reject)
    socket.once('connect', () => {
      socket.setTimeout(0)
      socket.off('error', reject)
      resolve(socket)
    })
  }).finally(release)
}

function call(
  socket: Socket,
  request: { readonly operation: string; readonly input: unknown },
  onProgress: (value: unknown) => void,
): Promise<unknown> {
  return new Promise((resolve, reject) => {
    onLines(socket, (text) => {
      const line = JSON.parse(text) as ControlLine
      if ('progress' in line) onProgress(line.progress)
      else if ('error' in line) reject(decodeError(line.error))
      else resolve(line.result)
    })
    socket.on('error', reject)
    socket.on('close', () => reject(new AppError('UNAVAILABLE', 'The server went away before it was done.')))
    socket.write(encodeLine(request))
  })
}
