import { AppError } from '../../base/errors.ts'
import type { EventPeer, Peer, ServerEvent, SocketPeer } from '../api/live-api.ts'
import type { User } from '../api/reader-api.ts'
import type { PeerCore } from './peer.ts'

/** What plugins hold of a client; the core behind it is out of their reach. */
class Face implements Peer {
  readonly user: User | undefined
  readonly #core: PeerCore

  constructor(core: PeerCore, user: User | undefined) {
    this.#core = core
    this.user = user
  }

  get open(): boolean {
    return this.#core.open
  }

  get bufferedAmount(): number {
    return this.#core.bufferedAmount
  }

  get signal(): AbortSignal {
    return this.#core.signal
  }

  onClose(listener: Parameters<Peer['onClose']>[0]): void {
    this.#core.onClose(listener)
  }

  close(code?: number, reason?: string): void {
    this.#core.closeAs(code, reason)
  }
}

export class SocketFace extends Face implements SocketPeer {
  readonly #core: PeerCore

  constructor(core: PeerCore, user: User | undefined) {
    super(core, user)
    this.#core = core
  }

  send(text: string): boolean {
    return this.#core.send(String(text))
  }

  onMessage(listener: Parameters<SocketPeer['onMessage']>[0]): void {
    this.#core.onMessage(listener)
  }
}

export class EventFace extends Face implements EventPeer {
  readonly #core: PeerCore

  constructor(core: PeerCore, user: User | undefined) {
    super(core, user)
    this.#core = core
  }

  send(event: ServerEvent): boolean {
    return this.#core.open && this.#core.send(toEventText(event))
  }
}

const LINE_ENDS = /\r\n|\r|\n/
const UNSAFE = /[\r\n\0]/

/** Throws BAD_REQUEST for a name or id that would break out of its line. */
function toEventText({ id, event, data, retryMs }: ServerEvent): string {
  if ((id !== undefined && UNSAFE.test(id)) || (event !== undefined && UNSAFE.test(event)))
    throw new AppError('BAD_REQUEST', 'the id and the name of an event are one line each')
  const text = typeof data === 'string' ? data : (JSON.stringify(data) ?? 'null')
  const lines = LINE_ENDS.test(text) ? text.split(LINE_ENDS).join('\ndata: ') : text
  return `${retryMs === undefined ? '' : `retry: ${Math.max(0, Math.round(retryMs))}\n`}${
    id === undefined ? '' : `id: ${id}\n`
  }${event === undefined ? '' : `event: ${event}\n`}data: ${lines}\n\n`
}
