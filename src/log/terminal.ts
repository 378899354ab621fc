/** Where lines for people go, and one status line (a progress bar) that stays below them. */
export interface Terminal {
  readonly interactive: boolean
  readonly colour: boolean
  readonly columns: number
  /** Writes whole lines; the status line moves down. */
  print(text: string): void
  /** Shows or replaces the status line; undefined takes it away. Without a terminal: nothing. */
  status(text: string | undefined): void
}

interface TerminalStream {
  readonly isTTY?: boolean
  readonly columns?: number
  write(text: string): unknown
}

const CLEAR_LINE = '\r\u001b[2K'

export function createTerminal(stream: TerminalStream, env: Readonly<Record<string, string | undefined>>): Terminal {
  const interactive = stream.isTTY === true
  const plain = env.TERM === 'dumb'
  let status = ''
  return {
    interactive,
    colour: interactive && !plain && !env.NO_COLOR,
    get columns() {
      // Serial lines and some recorders say 0.
      return stream.columns || 80
    },
    print: (text) => {
      stream.write(status ? `${CLEAR_LINE}${text}\n${status}` : `${text}\n`)
    },
    status: (text) => {
      if (!interactive || plain || (text ?? '') === status) return
      status = text ?? ''
      stream.write(`${CLEAR_LINE}${status}`)
    },
  }
}
