import type { Socket } from 'node:net'
import { AppError, ERROR_CODES, type ErrorCode, isAppError } from '../base/errors.ts'

/**
 * Commands talk to the running server by lines of JSON over a Unix socket that only the server's user may open: one
 * request a connection, any number of progress lines, one result or error.
 */
export interface ControlRequest {
  readonly operation: string
  readonly input: unknown
}

export type ControlLine =
  | { readonly progress: unknown }
  | { readonly result: unknown }
  | { readonly error: { readonly code: string; readonly message: string } }

/** Characters of one line: lists of users are the longest. */
const MAX_LINE = 4 << 20

/** Hands on each whole line; a line beyond the bound ends the connection. */
export function onLines(socket: Socket, handle: (line: string) => void): void {
  let rest = ''
  socket.setEncoding('utf8')
  socket.on('data', (chunk: string) => {
    const lines = (rest + chunk).split('\n')
    rest = lines.pop() ?? ''
    if (rest.length > MAX_LINE) socket.destroy()
    for (const line of lines) handle(line)
  })
}

export function encodeLine(line: ControlLine | ControlRequest): string {
  return `${JSON.stringify(line)}\n`
}

export function encodeError(error: unknown): ControlLine {
  if (isAppError(error)) return { error: { code: error.code, message: error.message } }
  return { error: { code: 'INTERNAL', message: 'Something went wrong in the server; its log tells what.' } }
}

export function decodeError(error: { readonly code: string; readonly message: string }): AppError {
  const code = (error.code in ERROR_CODES ? error.code : 'INTERNAL') as ErrorCode
  return new AppError(code, error.message)
}
