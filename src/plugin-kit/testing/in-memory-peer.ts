import type { Line, LineListener } from '../../http/line.ts'
import type { ReplyHead, ReplySink } from '../../http/reply-sink.ts'
import type { TestPeer } from './test-host.ts'

const NORMAL = 1000
const LOST = 1006

/** The far end of a connection that stays, without a socket: takes everything at once. */
export class InMemoryPeer implements ReplySink, TestPeer {
  readonly messages: string[] = []
  readonly #gone: () => void
  #head: ReplyHead = { status: 0, headers: {} }
  #text = ''
  #closed: number | undefined
  #listener: LineListener | undefined

  /** `gone`: tells the exchange that the client left. */
  constructor(gone: () => void) {
    this.#gone = gone
  }

  get status(): number {
    return this.#head.status
  }

  get headers(): TestPeer['headers'] {
    return this.#head.headers
  }

  get body(): string {
    return this.#text
  }

  get closed(): number | undefined {
    return this.#closed
  }

  get events(): TestPeer['events'] {
    const blocks = this.#text.split('\n\n').filter((block) => /^data:/m.test(block))
    return blocks.map((block) => {
      const lines = block.split('\n').map((line) => /^(\w+): ?(.*)$/.exec(line))
      const all = (name: string) => lines.flatMap((line) => (line?.[1] === name ? [line[2] ?? ''] : []))
      return { id: all('id').at(-1) ?? '', event: all('event').at(-1) ?? 'message', data: all('data').join('\n') }
    })
  }

  send(text: string): void {
    if (this.#closed === undefined) this.#listener?.message(text)
  }

  close(code = NORMAL): void {
    if (this.#closed !== undefined) return
    this.#closed = code
    if (this.#listener) this.#listener.closed(code)
    else this.#gone()
  }

  // ---- the server's side -------------------------------------------------------------------------------------------------

  whole(head: ReplyHead, body: string | Uint8Array | undefined): void {
    this.#head = head
    if (body !== undefined) this.#text = typeof body === 'string' ? body : new TextDecoder().decode(body)
    this.#closed ??= NORMAL
  }

  begin(head: ReplyHead): void {
    this.#head = head
  }

  write(chunk: Uint8Array): boolean {
    if (this.#closed !== undefined) return false
    this.#text += new TextDecoder().decode(chunk)
    return true
  }

  end(): boolean {
    this.#closed ??= NORMAL
    return true
  }

  destroy(): void {
    this.#closed ??= LOST
  }

  upgrade(listener: LineListener): void {
    const isOpen = () => this.#closed === undefined
    this.#head = { status: 101, headers: {} }
    this.#listener = listener
    const line: Line = {
      get open() {
        return isOpen()
      },
      bufferedAmount: 0,
      send: (text) => {
        if (isOpen()) this.messages.push(text)
        return isOpen()
      },
      close: (code) => this.close(code),
    }
    listener.opened(line)
  }
}
