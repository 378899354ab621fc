import type { HttpReply } from '../http/types.ts'
import type { Role } from '../library/entities.ts'
import type { Call, PublicCall } from './call.ts'
import type { Tree } from './tree.ts'

interface Named {
  /** As the specification spells it; requests may spell it in any case. */
  readonly name: string
}

interface ForUsers extends Named {
  readonly auth: 'user'
  /** The right that is needed beyond a login; error 50 without it. */
  readonly needs?: 'admin' | Role
  /** Changes accounts: error 50 for logins by API key. */
  readonly apiKeys?: false
  /** The only method that it answers to; absent = GET, HEAD and POST. */
  readonly method?: 'POST'
  /** The body is its own, whatever type it names: no form. */
  readonly ownBody?: true
  /** Fails with the status of HTTP and a line of text, not with an envelope. */
  readonly plainFailures?: true
  /** The core has only a stand-in here, which a plugin may replace. */
  readonly standIn?: true
  /** Keeps what the endpoint needs from going away until the request is answered. */
  readonly hold?: () => () => void
}

/** The payload's one key is the element of the answer; {} when the answer is only 'ok'. */
export interface TreeEndpoint extends ForUsers {
  readonly answers: 'tree'
  handle(call: Call): Tree | Promise<Tree>
}

/** Data on success, an envelope on failure. */
export interface BytesEndpoint extends ForUsers {
  readonly answers: 'bytes'
  handle(call: Call): HttpReply | Promise<HttpReply>
}

/** Works without and with any credentials. */
export interface PublicEndpoint extends Named {
  readonly auth: 'none'
  readonly answers: 'tree'
  handle(call: PublicCall): Tree | Promise<Tree>
}

/** A feature that only a plugin can bring: HTTP 501 with an envelope, which clients take for 'not supported'. */
export interface AbsentEndpoint extends ForUsers {
  readonly answers: 'absent'
  readonly standIn: true
  readonly reason: string
}

export type Endpoint = TreeEndpoint | BytesEndpoint | PublicEndpoint | AbsentEndpoint

type Options = Pick<ForUsers, 'needs' | 'apiKeys' | 'standIn' | 'hold' | 'method' | 'ownBody' | 'plainFailures'>

export function tree(name: string, handle: TreeEndpoint['handle'], options: Options = {}): TreeEndpoint {
  return { name, auth: 'user', answers: 'tree', handle, ...options }
}

export function bytes(name: string, handle: BytesEndpoint['handle'], options: Options = {}): BytesEndpoint {
  return { name, auth: 'user', answers: 'bytes', handle, ...options }
}

export function absent(name: string, reason: string): AbsentEndpoint {
  return { name, auth: 'user', answers: 'absent', standIn: true, reason }
}
