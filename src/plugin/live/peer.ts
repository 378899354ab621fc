import { AppError } from '../../base/errors.ts'
import type { UserId } from '../../base/ids.ts'
import { CLOSE, type Line, type LineListener } from '../../http/line.ts'
import { LazyAbort } from '../../http/request-snapshot.ts'
import type { User as StoredUser } from '../../library/entities.ts'
import type { ClosablePeer, Generation } from '../host/generation.ts'

export interface PeerOptions {
  readonly generation: Generation
  /** `socket /live`: for the log. */
  readonly what: string
  readonly address: string
  /** The user as of now while the login counts; undefined where there is none to ask. */
  readonly login: { readonly user: StoredUser; current(): StoredUser | undefined } | undefined
  readonly adminOnly: boolean
  readonly maxBuffered: number
  readonly maxMessage: number
  /** Runs a plugin's listener, contained and counted; rejects when it failed, which has been reported then. */
  readonly call: (work: () => void | Promise<void>) => Promise<void>
  readonly onClosed: (peer: PeerCore) => void
}

type CloseListener = (code: number) => void | Promise<void>
type MessageListener = (text: string) => void | Promise<void>

/** Messages that wait until the plugin is through with those before. */
const MAX_INBOX = 64
/** Codes that a plugin may close with. */
const OWN_CODE = (code: number) => code === 1000 || (code >= 1008 && code <= 1013) || (code >= 3000 && code <= 4999)
const MAX_REASON_BYTES = 123

/** One client that a plugin keeps informed, from before its connection stands until after it has gone. */
export class PeerCore implements LineListener, ClosablePeer {
  readonly generation: Generation
  readonly address: string
  readonly login: PeerOptions['login']
  readonly maxBuffered: number
  readonly maxMessage: number
  readonly #options: PeerOptions
  #line: Line | undefined
  /** What is sent before the connection stands. */
  #early: string[] = []
  #earlyBytes = 0
  #closed: { readonly code: number; readonly reason: string } | undefined
  #onClose: CloseListener[] = []
  #onMessage: MessageListener | undefined
  #inbox: string[] = []
  #busy = false
  #abort: LazyAbort | undefined

  constructor(options: PeerOptions) {
    this.#options = options
    this.generation = options.generation
    this.address = options.address
    this.login = options.login
    this.maxBuffered = options.maxBuffered
    this.maxMessage = options.maxMessage
  }

  /** Undefined of those without a login. */
  get userId(): UserId | undefined {
    return this.#options.login?.user.id
  }

  get open(): boolean {
    return this.#closed === undefined
  }

  get bufferedAmount(): number {
    return this.#line?.bufferedAmount ?? this.#earlyBytes
  }

  get signal(): AbortSignal {
    if (!this.#abort) {
      this.#abort = new LazyAbort()
      if (this.#closed) this.#abort.abort()
    }
    return this.#abort.signal
  }

  /** False once the right or the login that it was opened with is gone. */
  isAllowed(): boolean {
    const { login, adminOnly } = this.#options
    if (!login) return true
    const user = login.current()
    return user !== undefined && (!adminOnly || user.isAdmin)
  }

  send(text: string): boolean {
    if (this.#closed) return false
    if (this.#line) return this.#line.send(text)
    this.#earlyBytes += Buffer.byteLength(text)
    if (this.#earlyBytes > this.maxBuffered && this.#early.length > 0) {
      this.close(CLOSE.TRY_LATER, 'too slow')
      return false
    }
    this.#early.push(text)
    return true
  }

  /** For plugins: codes that are the protocol's own are refused. */
  closeAs(code: number = CLOSE.NORMAL, reason = ''): void {
    if (!OWN_CODE(code))
      throw new AppError('BAD_REQUEST', 'a connection is closed with 1000, 1008 to 1013, or 3000 to 4999')
    this.close(code, cut(String(reason)))
  }

  close(code: number, reason: string): void {
    if (this.#closed) return
    if (this.#line) this.#line.close(code, reason)
    else this.#end(code, reason)
  }

  onClose(listener: CloseListener): void {
    if (this.#closed) this.#tell(listener, this.#closed.code)
    else this.#onClose.push(listener)
  }

  onMessage(listener: MessageListener): void {
    this.#onMessage = listener
    void this.#work()
  }

  // ---- the adapter's side ------------------------------------------------------------------------------------------------

  opened(line: Line): void {
    const early = this.#early
    this.#early = []
    if (this.#closed) {
      for (const text of early) line.send(text)
      line.close(this.#closed.code, this.#closed.reason)
      return
    }
    this.#line = line
    for (const text of early) this.send(text)
  }

  message(text: string): void {
    if (this.#closed) return
    if (this.#inbox.length >= MAX_INBOX) this.close(CLOSE.POLICY, 'too many messages')
    else {
      this.#inbox.push(text)
      void this.#work()
    }
  }

  closed(code: number): void {
    this.#early = []
    if (!this.#closed) this.#end(code, '')
  }

  #end(code: number, reason: string): void {
    this.#closed = { code, reason }
    this.#line = undefined
    this.#inbox = []
    this.#onMessage = undefined
    this.#options.onClosed(this)
    this.#abort?.abort()
    const listeners = this.#onClose
    this.#onClose = []
    for (const listener of listeners) this.#tell(listener, code)
  }

  #tell(listener: CloseListener, code: number): void {
    void this.#options.call(() => listener(code)).catch(() => {})
  }

  /** One message after the other; those that come before a listener is there wait for it. */
  async #work(): Promise<void> {
    if (this.#busy) return
    this.#busy = true
    try {
      for (;;) {
        const listener = this.#onMessage
        const text = listener && this.#inbox.shift()
        if (!listener || text === undefined) return
        await this.#options.call(() => listener(text))
      }
    } catch {
      // Reported by the call; the peer learns that its message had no effect.
      this.close(CLOSE.FAILED, 'failed')
    } finally {
      this.#busy = false
    }
  }
}

function cut(reason: string): string {
  let text = reason
  while (Buffer.byteLength(text) > MAX_REASON_BYTES) text = text.slice(0, -1)
  return text
}
